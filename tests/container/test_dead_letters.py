"""What schema or cluster refuse goes to a topic of its own, as events that can be fed in again."""

from __future__ import annotations

import json
import secrets
import signal
import time
from typing import TYPE_CHECKING

import pytest

from freezer_events import EventConsumer, Settings
from freezer_events.events import DeadReading
from freezer_events.registry.client import Registry
from tests.support.cli import tally_of
from tests.support.largest_message import limit

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from confluent_kafka.admin import AdminClient

    from freezer_infra.local.stack import Stack
    from tests.support.cli import Freezer


@pytest.fixture
def dead(
    stack: Stack, make_topic: Callable[..., str], forget_subject: Callable[[str], None]
) -> str:
    """Give a topic for dead readings, whose schema is registered."""
    topic = make_topic(1)
    forget_subject(f"{topic}-value")
    with Registry.connect(Settings(schema_registry_url=stack.registry_url)) as registry:
        registry.register(f"{topic}-value", DeadReading.__event__.schema)
    return topic


def letters(stack: Stack, topic: str) -> list[DeadReading]:
    settings = Settings(bootstrap_servers=stack.bootstrap, schema_registry_url=stack.registry_url)
    with EventConsumer(settings, DeadReading, topic=topic) as consumer:
        return [r.event for r in consumer.records(until_end=True) if r.event is not None]


def test_what_is_no_event_is_on_the_rejects_topic_with_place_reason_and_text(
    freezer: Freezer, stack: Stack, dead: str, tmp_path: Path
) -> None:
    (tmp_path / "rows.csv").write_bytes(
        b"sensor_id,temperature\na,1\nb,warm\n\xe4,much too warm\nc,3\n"
    )
    options = ("--on-bad", "skip", "--rejects-topic", dead, "--encoding", "latin-1")
    done = freezer("produce", "--from", "rows.csv", *options)
    assert done.returncode == 0, done.stderr
    assert "4 readings read, 2 rejected, 2 delivered" in done.stdout
    found = letters(stack, dead)
    assert [each.payload for each in found] == [b"b,warm", b"\xe4,much too warm"]
    assert {each.heading for each in found} == {b"sensor_id,temperature"}
    first = found[0]
    assert (first.event, first.topic) == ("freezer-reading", freezer.settings["TOPIC"])
    assert (first.source, first.line, first.refused_by) == ("rows.csv", 3, "SCHEMA")
    assert first.reason == "temperature: 'warm' is not a number"
    assert first.refused_at is not None


def test_what_the_cluster_never_takes_is_on_the_undelivered_topic_and_its_key_goes_on(
    freezer: Freezer, stack: Stack, admin: AdminClient, dead: str, tmp_path: Path
) -> None:
    topic, large = freezer.settings["TOPIC"], secrets.token_hex(1_000)  # nothing to compress
    limit(admin, topic, 1000)
    lines = [f'{{"sensor_id": "a{large if n == 5 else ""}", "temperature": {n}}}' for n in range(9)]
    (tmp_path / "rows.jsonl").write_text("\n".join(lines) + "\n")
    options = ("--undelivered-topic", dead, "--undelivered", "left.jsonl", "--output", "json")
    done = freezer("produce", "--from", "rows.jsonl", *options)
    assert done.returncode == 1, done.stderr
    tally = tally_of(done.stdout.splitlines())
    assert (tally["delivered"], tally["failed"]) == (8, 1)
    (found,) = letters(stack, dead)
    assert found.payload == lines[5].encode()
    assert (found.source, found.line, found.refused_by) == ("rows.jsonl", 6, "KAFKA")
    assert "too large" in found.reason
    assert not (tmp_path / "left.jsonl").exists()


@pytest.mark.parametrize("rows", [("f1,1", "f1,bad", "f1,2"), ("f1,bad", "f1,worse", "f1,1")])
def test_a_rejected_row_that_the_place_in_the_spool_has_passed_is_on_its_topic(
    freezer: Freezer, stack: Stack, dead: str, rows: tuple[str, ...]
) -> None:
    log = freezer.folder / "log.csv"
    log.write_text("\n".join(("sensor_id,temperature", *rows, "")))
    options = ("--from", "log.csv", "--spool", "sp", "--on-bad", "skip", "--rejects-topic", dead)
    bad = {row.encode() for row in rows if not row[-1].isdigit()}
    lingering = ("--follow", "--quiet", "-X", "linger.ms=30000")
    with freezer.start("produce", *options, *lingering) as running:
        time.sleep(4)  # the readings are in the spool by then, or on the topic
        running.signal(signal.SIGKILL)
    assert freezer("produce", *options).returncode == 0
    assert {each.payload for each in letters(stack, dead)} == bad


def test_a_run_with_a_spool_ends_before_a_rejected_row_that_cannot_be_kept(
    freezer: Freezer, stack: Stack, admin: AdminClient, dead: str
) -> None:
    limit(admin, dead, 1000)
    bad = f"f1,{secrets.token_hex(1_000)}"
    rows = ("f1,1", "f1,bad", "f1,2", bad, "f1,3", "f1,worse")
    log = freezer.folder / "log.csv"
    log.write_text("\n".join(("sensor_id,temperature", *rows, "")))
    options = ("--from", "log.csv", "--spool", "sp", "--on-bad", "skip", "--rejects-topic", dead)
    for code in (1, 5):  # the second one meets nothing else
        done = freezer("produce", *options)
        assert done.returncode == code, done.stderr
        assert f"--rejects-topic {dead}: 1 refused reading not delivered" in done.stderr
        assert "to go on: the same command" in done.stderr
    limit(admin, dead, 1_000_000)
    assert freezer("produce", *options).returncode == 0
    assert [each.payload.decode() for each in letters(stack, dead)] == ["f1,bad", bad, "f1,worse"]
    done = freezer("consume", "--from-beginning", "--until-end", "--output", "json")
    there = [json.loads(line)["temperature"] for line in done.stdout.splitlines()]
    assert there == [1, 2, 3]


@pytest.mark.parametrize("option", ["--rejects-topic", "--undelivered-topic"])
def test_a_topic_that_is_missing_is_said_before_anything_is_sent(
    freezer: Freezer, tmp_path: Path, option: str
) -> None:
    (tmp_path / "rows.csv").write_text("sensor_id,temperature\na,1\n")
    done = freezer("produce", "--from", "rows.csv", option, "nowhere-to-be-found")
    assert done.returncode == 3
    assert "nothing was sent" in done.stderr
    assert f"{option}: topic 'nowhere-to-be-found'" in done.stderr
    assert "freezer topics apply" in done.stderr


def test_a_dead_letter_that_is_refused_too_stays_in_the_file(
    freezer: Freezer, admin: AdminClient, dead: str, tmp_path: Path
) -> None:
    limit(admin, freezer.settings["TOPIC"], 1000)
    limit(admin, dead, 1000)
    row = f'{{"sensor_id": "{secrets.token_hex(1_000)}", "temperature": 1}}'
    (tmp_path / "rows.jsonl").write_text(row + "\n")
    options = ("--undelivered-topic", dead, "--undelivered", "left.jsonl")
    done = freezer("produce", "--from", "rows.jsonl", *options)
    assert done.returncode == 1, done.stderr
    assert (tmp_path / "left.jsonl").read_text() == row + "\n"
