"""Faults under way, on three brokers: row by row, what the source had, was counted and is there."""

from __future__ import annotations

import csv
import json
import signal
import time
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

import pytest
from confluent_kafka import (
    OFFSET_BEGINNING,
    Consumer,
    KafkaError,
    KafkaException,
    TopicPartition,
)
from confluent_kafka.admin import (  # type: ignore[attr-defined]
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    ResourceType,
)

from freezer_events.avro.wire import PREFIX_BYTES
from freezer_events.send import fast
from tests.support.cli import Freezer, tally_of
from tests.support.trio import Trio

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from confluent_kafka.admin import AdminClient

ROWS = 6_000
KEYS = 20
PACED = ("--interval", "0.001", "--output", "json", "--no-lines")


@pytest.fixture(scope="module")
def trio(stack: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trio]:
    """Give three brokers; the stack's own image is there once the stack is."""
    assert stack
    folder = tmp_path_factory.mktemp("trio")
    folder.chmod(0o755)
    with Trio(folder) as cluster:
        yield cluster


@pytest.fixture(params=("compiled", "python"))
def line(request: pytest.FixtureRequest) -> str:
    """Give the line that hands messages over."""
    if request.param == "compiled" and (missing := fast.unusable()):
        pytest.skip(f"the compiled line is {missing}")
    return str(request.param)


@pytest.fixture
def run(trio: Trio, freezer: Freezer, line: str, tmp_path: Path) -> Freezer:
    """Give `freezer` for a topic on the three brokers, and rows.csv beside it."""
    trio.create(freezer.settings["TOPIC"])
    with (tmp_path / "rows.csv").open("w") as file:
        file.write("sensor_id,temperature\n")
        file.writelines(f"key{n % KEYS},{n}\n" for n in range(ROWS))
    return freezer.having(BOOTSTRAP_SERVERS=trio.bootstrap, FREEZER_LINE=line).within(120)


def there(trio: Trio, topic: str, least: int = 0) -> list[tuple[str, int]]:
    """Read a topic with an independent consumer, as key and number.

    Brokers that were all killed at once show what they hold only when their replicas have caught
    up: a partition ends at its high watermark. So it is read again, within a minute, until there
    are `least`.
    """
    deadline = time.monotonic() + 60
    while len(found := _there(trio, topic)) < least and time.monotonic() < deadline:
        time.sleep(0.5)
    return found


def _there(trio: Trio, topic: str) -> list[tuple[str, int]]:
    consumer = Consumer(
        {
            "bootstrap.servers": trio.bootstrap,
            "group.id": "checker",
            "enable.partition.eof": True,
            "isolation.level": "read_uncommitted",
        }
    )
    consumer.assign([TopicPartition(topic, n, OFFSET_BEGINNING) for n in range(3)])
    found, ended = [], 0
    deadline = time.monotonic() + 60
    while ended < 3:
        assert time.monotonic() < deadline, "the brokers do not answer"
        message = consumer.poll(1.0)
        error = None if message is None else message.error()
        if error is not None and error.code() == KafkaError._PARTITION_EOF:
            ended += 1
        elif message is not None and error is None:
            found.append(_row(message.value() or b""))
    consumer.close()
    return found


def _row(value: bytes) -> tuple[str, int]:
    import struct  # noqa: PLC0415 - the wire format by hand: length, text, a double

    body = value[PREFIX_BYTES:]
    length = body[0] >> 1
    (number,) = struct.unpack("<d", body[1 + length : 9 + length])
    return body[1 : 1 + length].decode(), int(number)


def kept(path: Path) -> list[int]:
    """Return the numbers in a file of what was not delivered."""
    if not path.exists():
        return []
    with path.open() as file:
        return [int(float(row["temperature"])) for row in csv.DictReader(file)]


def check(rows: list[tuple[str, int]], tally: dict[str, Any]) -> None:
    """Compare what is there with what was counted: nothing unexplained, order per key kept."""
    numbers = Counter(number for _, number in rows)
    assert not [number for number, count in numbers.items() if count > 1]
    assert tally["delivered"] <= len(rows) <= tally["delivered"] + tally["unconfirmed"]
    by_key: dict[str, list[int]] = defaultdict(list)
    for key, number in rows:
        by_key[key].append(number)
    for key, found in by_key.items():
        # Without a hole, too: what is there of a key is a beginning of what there was.
        assert found == list(range(int(key[3:]), found[-1] + 1, KEYS)), key


def _end(consumer: Consumer, topic: str, number: int) -> int:
    try:
        return int(consumer.get_watermark_offsets(TopicPartition(topic, number), timeout=10)[1])
    except KafkaException as error:
        if error.args[0].code() == KafkaError._UNKNOWN_PARTITION:
            return 0  # not every broker knows of the topic yet
        raise


def underway(trio: Trio, topic: str) -> None:
    """Wait until a run has delivered something."""
    consumer = Consumer({"bootstrap.servers": trio.bootstrap, "group.id": "watcher"})
    deadline = time.monotonic() + 60
    while not any(_end(consumer, topic, number) for number in range(3)):
        assert time.monotonic() < deadline, "nothing is delivered"
    consumer.close()


def killed(trio: Trio, leader: int) -> Callable[[], None]:
    trio.kill(leader)

    def undo() -> None:
        trio.restart(leader)
        trio.wait_for(3)

    return undo


def paused(trio: Trio, leader: int) -> Callable[[], None]:
    trio.pause(leader)

    def undo() -> None:
        trio.go_on(leader)
        trio.wait_for(3)

    return undo


@pytest.mark.parametrize("fault", [killed, paused])
def test_a_leader_that_is_killed_or_stopped_loses_nothing(
    run: Freezer, trio: Trio, fault: Callable[..., Callable[[], None]]
) -> None:
    topic = run.settings["TOPIC"]
    with run.start("produce", "--from", "rows.csv", *PACED) as running:
        underway(trio, topic)
        undo = fault(trio, trio.leader(topic, 0))
        try:
            lines, errors = running.rest()
        finally:
            undo()
    assert running.code == 0, errors
    tally = tally_of(lines)
    assert tally["delivered"] == ROWS
    check(there(trio, topic), tally)


def test_an_outage_that_is_too_long_leaves_every_row_accounted_for_and_can_be_made_good(
    run: Freezer, trio: Trio, tmp_path: Path
) -> None:
    topic = run.settings["TOPIC"]
    options = ("--give-up-after", "6", "--undelivered", "left.csv")
    with run.start("produce", "--from", "rows.csv", *PACED, *options) as running:
        underway(trio, topic)
        trio.kill(1, 2, 3)
        try:
            lines, errors = running.rest()
        finally:
            trio.restart(1, 2, 3)
            trio.wait_for(3)
    assert running.code == 6, errors
    assert "nothing delivered for 6 s" in errors
    tally = tally_of(lines)
    rows = there(trio, topic, tally["delivered"])
    check(rows, tally)
    certain, unsure = kept(tmp_path / "left.csv"), kept(tmp_path / "left.unconfirmed.csv")
    assert len(certain) == tally["failed"] + tally["unsent"]
    assert len(unsure) == tally["unconfirmed"]
    arrived = {number for _, number in rows}
    assert not arrived & set(certain)
    assert arrived | set(certain) | set(unsure) == set(range(tally["read"]))

    ahead = [word for line in errors.splitlines() if "--start-at" in line for word in line.split()]
    again = [*unsure, *certain]
    if again:
        (tmp_path / "again.csv").write_text(
            "sensor_id,temperature\n"
            + "".join(f"key{n % KEYS},{n}\n" for n in sorted(set(again) - arrived))
        )
        assert run("produce", "--from", "again.csv").returncode == 0
    if tally["read"] < ROWS:
        done = run("produce", "--from", "rows.csv", "--start-at", ahead[-1])
        assert done.returncode == 0, done.stderr
    rows = there(trio, topic)
    assert sorted(number for _, number in rows) == list(range(ROWS))
    check(rows, {"delivered": ROWS, "unconfirmed": 0})


def test_a_signal_under_way_says_from_where_to_go_on(run: Freezer, trio: Trio) -> None:
    topic = run.settings["TOPIC"]
    with run.start("produce", "--from", "rows.csv", *PACED) as running:
        underway(trio, topic)
        running.signal(signal.SIGTERM)
        lines, errors = running.rest()
    assert running.code == 143
    tally = tally_of(lines)
    assert tally["read"] == tally["delivered"] < ROWS
    line = errors.rpartition("--start-at ")[2].split()[0]
    assert run("produce", "--from", "rows.csv", "--start-at", line).returncode == 0
    rows = there(trio, topic)
    assert sorted(number for _, number in rows) == list(range(ROWS))
    check(rows, {"delivered": ROWS, "unconfirmed": 0})


def test_a_topic_that_takes_less_than_a_batch_gets_smaller_ones(
    run: Freezer, admin: AdminClient, stack: Any
) -> None:
    topic = run.settings["TOPIC"]
    entry = ConfigEntry("max.message.bytes", "900", incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=[entry])
    admin.incremental_alter_configs([resource])[resource].result(30)
    here = run.having(BOOTSTRAP_SERVERS=stack.bootstrap)
    done = here("produce", "--from", "rows.csv", "--output", "json", "--no-lines")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["tally"]["delivered"] == ROWS
