"""Row by row: what the source had, what was counted, and what an independent consumer reads."""

from __future__ import annotations

import csv
import struct
import time
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any, Final

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, TopicPartition

from freezer_events.avro.wire import PREFIX_BYTES

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.trio import Trio

ROWS: Final = 6_000
KEYS: Final = 20


def write_rows(path: Path, rows: int = ROWS) -> None:
    """Write a file whose row numbers are its temperatures."""
    with path.open("w") as file:
        file.write("sensor_id,temperature\n")
        file.writelines(f"key{n % KEYS},{n}\n" for n in range(rows))


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
    """Read the wire format by hand: length, text, a double."""
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


def check(
    rows: list[tuple[str, int]], tally: dict[str, Any], holes: frozenset[int] = frozenset()
) -> None:
    """Compare what is there with what was counted: nothing unexplained, order per key kept.

    `holes` are the rows that were named as refused.
    """
    numbers = Counter(number for _, number in rows)
    assert not [number for number, count in numbers.items() if count > 1]
    assert tally["delivered"] <= len(rows) <= tally["delivered"] + tally["unconfirmed"]
    by_key: dict[str, list[int]] = defaultdict(list)
    for key, number in rows:
        by_key[key].append(number)
    for key, found in by_key.items():
        # Without a hole, too: what is there of a key is a beginning of what there was.
        expected = [n for n in range(int(key[3:]), found[-1] + 1, KEYS) if n not in holes]
        assert found == expected, key


def underway(trio: Trio, topic: str) -> None:
    """Wait until a run has delivered something."""
    consumer = Consumer({"bootstrap.servers": trio.bootstrap, "group.id": "watcher"})
    deadline = time.monotonic() + 60
    while not any(consumer.get_watermark_offsets(TopicPartition(topic, n))[1] for n in range(3)):
        assert time.monotonic() < deadline, "nothing is delivered"
    consumer.close()
