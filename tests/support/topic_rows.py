"""Numbered rows in a file, and on a topic as key and number, read with none of our code."""

from __future__ import annotations

import struct
import time
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, TopicPartition

if TYPE_CHECKING:
    from pathlib import Path

KEYS = 20
_PREFIX_BYTES = 5


def write_rows(path: Path, first: int, count: int) -> None:
    """Append rows, numbered in order, to a CSV file."""
    is_new = not path.exists()
    with path.open("a") as file:
        if is_new:
            file.write("sensor_id,temperature\n")
        file.writelines(f"key{n % KEYS},{n}\n" for n in range(first, first + count))


def there(bootstrap: str, topic: str, isolation: str = "read_uncommitted") -> list[tuple[str, int]]:
    """Read a topic of three partitions to its end."""
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": "checker",
            "enable.partition.eof": True,
            "isolation.level": isolation,
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


def check_spooled(found: list[tuple[str, int]], count: int) -> int:
    """Every row is there, each key's in order where they come first; returns how many came twice.

    What a killed process had on its way comes again: behind what it follows, never before it.
    """
    assert {number for _, number in found} == set(range(count))
    by_key: dict[str, list[int]] = defaultdict(list)
    seen: set[int] = set()
    for key, number in found:
        if number not in seen:
            seen.add(number)
            by_key[key].append(number)
    for key, ordered in by_key.items():
        assert ordered == sorted(ordered), key
    return sum(count - 1 for count in Counter(number for _, number in found).values())


def _row(value: bytes) -> tuple[str, int]:
    """Take a value apart by hand: prefix, length, text, a double."""
    body = value[_PREFIX_BYTES:]
    length = body[0] >> 1
    (number,) = struct.unpack("<d", body[1 + length : 9 + length])
    return body[1 : 1 + length].decode(), int(number)
