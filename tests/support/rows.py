"""Rows of the benchmarks: what one delivers, read back."""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from typing import TYPE_CHECKING, Any

from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition

from benchmarks.events import BenchReading
from benchmarks.measure import deliver
from benchmarks.workload import SCHEMA, events
from freezer_events.avro.wire import decode, unframe

if TYPE_CHECKING:
    from benchmarks.way import BenchTarget, Way

_COUNT = 1500


def delivers_all(way: Way, target: BenchTarget) -> None:
    """Assert that a row delivers every event once, equal, under its key, and each key in order."""
    assert deliver(way, target, _COUNT, built=False) > 0
    found = _consumed(target, _COUNT)
    assert Counter(event for _, event in found) == Counter(events(_COUNT))
    assert all(key == event.sensor_id.encode() for key, event in found)
    for sensor in {event.sensor_id for _, event in found}:
        of_key = [event for _, event in found if event.sensor_id == sensor]
        assert of_key == [event for event in events(_COUNT) if event.sensor_id == sensor]


def _consumed(target: BenchTarget, count: int) -> list[tuple[Any, BenchReading]]:
    found: list[tuple[Any, BenchReading]] = []
    conf = {"bootstrap.servers": target.servers, "group.id": "none"}
    with closing(Consumer(conf)) as consumer:
        consumer.assign([TopicPartition(target.topic, n, OFFSET_BEGINNING) for n in range(3)])
        while len(found) < count and (message := consumer.poll(15.0)) is not None:
            schema_id, body = unframe(message.value() or b"")
            assert schema_id == target.registry.schema_id(f"{target.topic}-value", SCHEMA)
            event = decode(body, SCHEMA, BenchReading.__event__)
            found.append((message.key(), event))
        assert consumer.poll(0.5) is None
    return found
