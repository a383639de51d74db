"""What happens to a topic while it is written to is noticed, named, and in the summary."""

from __future__ import annotations

import contextlib
import re
import time
from typing import TYPE_CHECKING

import pytest
from confluent_kafka import Consumer, KafkaException, TopicPartition
from confluent_kafka.admin import NewPartitions  # type: ignore[attr-defined]
from confluent_kafka.cimpl import NewTopic

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from confluent_kafka.admin import AdminClient

    from tests.support.cli import Freezer

ROWS = 1_600
PACED = ("--from", "rows.csv", "--interval", "0.005", "--no-lines")  # 8 seconds


@pytest.fixture
def run(freezer: Freezer, tmp_path: Path) -> Freezer:
    with (tmp_path / "rows.csv").open("w") as file:
        file.write("sensor_id,temperature\n")
        file.writelines(f"key{n % 40},{n}\n" for n in range(ROWS))
    return freezer


def grown(admin: AdminClient, topic: str) -> None:
    admin.create_partitions([NewPartitions(topic, 6)])[topic].result(30)


def made_anew(admin: AdminClient, topic: str) -> None:
    deleted(admin, topic)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:  # the name is free a moment later
        with contextlib.suppress(KafkaException):
            admin.create_topics([NewTopic(topic, 3, 1)])[topic].result(30)
            return
    raise AssertionError(topic)


def deleted(admin: AdminClient, topic: str) -> None:
    admin.delete_topics([topic])[topic].result(30)


def written_to(run: Freezer, topic: str) -> None:
    consumer = Consumer(
        {"bootstrap.servers": run.settings["BOOTSTRAP_SERVERS"], "group.id": "watcher"}
    )
    deadline = time.monotonic() + 30
    while not any(consumer.get_watermark_offsets(TopicPartition(topic, n))[1] for n in range(3)):
        assert time.monotonic() < deadline, "nothing is delivered"
    consumer.close()


@pytest.mark.parametrize(
    ("happens", "said", "counts"),
    [
        (grown, "has 6 partitions now, 3 before", r"\d+ on 5"),
        (made_anew, r"was deleted and made anew, with 3 partitions: some or all of", r"\d+ on 2"),
    ],
)
def test_a_change_under_way_is_named_at_once_and_in_the_summary(
    run: Freezer,
    admin: AdminClient,
    happens: Callable[[AdminClient, str], None],
    said: str,
    counts: str,
) -> None:
    topic = run.settings["TOPIC"]
    with run.start("produce", *PACED) as running:
        written_to(run, topic)
        happens(admin, topic)
        lines, errors = running.rest()
    assert running.code == 0, errors
    assert re.search(f"topic '{topic}' {said}", errors)
    told = " ".join(lines)
    assert f"{ROWS:,} readings read, {ROWS:,} delivered" in told
    assert re.search(f"under way: topic '{topic}' {said}", told)
    assert re.search(counts, told)
    (shares,) = re.findall(r"readings per partition: ((?:[\d,]+ on \d(?:, )?)+)", told)
    numbers = [int(each.replace(",", "")) for each in re.findall(r"([\d,]+) on \d", shares)]
    assert sum(numbers) == ROWS


def test_a_topic_that_is_deleted_ends_the_run_with_its_name(
    run: Freezer, admin: AdminClient
) -> None:
    topic = run.settings["TOPIC"]
    # librdkafka waits for a topic that is gone: it may only be new to the broker that was asked.
    patient = ("-X", "topic.metadata.propagation.max.ms=3000")
    with run.start("produce", *PACED, *patient) as running:
        written_to(run, topic)
        deleted(admin, topic)
        _, errors = running.rest()
    assert running.code == 1, errors
    assert f"topic '{topic}' was deleted: some or all of" in errors
    assert f"topic '{topic}' on {run.settings['BOOTSTRAP_SERVERS']}" in errors
    assert "does not exist" in errors
