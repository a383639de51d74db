"""Whether a row's events are on the topic: each once, equal, under its key, in its key's order.

What the topic holds is compared with what fastavro makes of the events, byte by byte.
"""

from __future__ import annotations

import io
import json
import time
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

from confluent_kafka import Consumer, TopicPartition
from fastavro import parse_schema, schemaless_writer

from benchmarks.measure import ready
from benchmarks.way import FLUSH_S
from benchmarks.workload import SCHEMA, as_dict, events
from freezer_events.avro.wire import prefix
from freezer_events.registry.client import subject_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from benchmarks.way import BenchTarget, Way

_COUNT: Final = 1500
_PARTITIONS: Final = 3
_ANSWER_S: Final = 10.0


def prove(way: Way, target: BenchTarget) -> None:
    """Deliver some events as the row does, and compare what the topic then holds of it.

    Raises:
        AssertionError: an event is missing, another one, there twice or out of order.

    """
    with _reader(target) as reader:
        since = [reader.get_watermark_offsets(each, _ANSWER_S)[1] for each in _starts(target)]
    with way.open(target) as run:
        delivered = run(ready(way, target, events(_COUNT)))
    assert delivered == _COUNT, f"{way.name}: {delivered} of {_COUNT} delivered"
    compare(target, events(_COUNT), since)


def compare(
    target: BenchTarget, sent: Iterable[Any], since: Sequence[int] = (0,) * _PARTITIONS
) -> None:
    """Make sure that the topic holds these events from the given offsets on, and nothing else.

    Raises:
        AssertionError: as for `prove`.

    """
    encode = serialized(target)
    expected, found = defaultdict(list), defaultdict(list)
    for each in sent:
        expected[each.sensor_id.encode()].append(encode(each))
    left = sum(map(len, expected.values()))
    deadline = time.monotonic() + FLUSH_S
    with _reader(target) as reader:
        reader.assign(_starts(target, since))
        ended = 0
        while ended < _PARTITIONS:
            assert time.monotonic() < deadline, f"{left} not on the topic"
            for message in reader.consume(10_000, timeout=0.2):  # it waits for that many
                if message.error() is not None:
                    ended += 1
                    continue
                found[message.key()].append(message.value())
                left -= 1
    assert found == expected, f"{left} missing, or changed, or out of order"


def serialized(target: BenchTarget) -> Callable[[Any], bytes]:
    """Return what makes the value of an event's message with fastavro."""
    schema_id = target.registry.schema_id(subject_name(target.topic), SCHEMA)
    head, schema = prefix(schema_id), parse_schema(json.loads(SCHEMA))

    def encode(event: Any) -> bytes:
        out = io.BytesIO(head)
        out.seek(0, io.SEEK_END)
        schemaless_writer(out, schema, as_dict(event))
        return out.getvalue()

    return encode


def _starts(target: BenchTarget, offsets: Sequence[int] = (0,) * _PARTITIONS) -> list[Any]:
    return [TopicPartition(target.topic, *each) for each in enumerate(offsets)]


def _reader(target: BenchTarget) -> Consumer:
    return Consumer(
        {
            "bootstrap.servers": target.servers,
            "group.id": "benchmarks",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "isolation.level": "read_committed",
        }
    )
