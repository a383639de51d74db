"""The events that every row produces: the same ones, in the same order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from benchmarks.events import BenchReading, State

if TYPE_CHECKING:
    from collections.abc import Iterator

SCHEMA: Final = BenchReading.__event__.schema
_START: Final = datetime(2026, 1, 31, 12, tzinfo=UTC)
_STATES: Final = tuple(State)
_SENSORS: Final = 50


def event(number: int) -> BenchReading:
    """Return the event with this number."""
    return BenchReading(
        reading_id=UUID(int=(number * 0x9E3779B97F4A7C15F39CC0605CEDC835) & (1 << 128) - 1),
        sensor_id=f"sensor{number % _SENSORS}",
        temperature=number % 997 / 7 - 70.0,
        state=_STATES[number % 3],
        recorded_at=_START + timedelta(milliseconds=number * 37),
        note=None if number % 2 else "door was open",
    )


def events(count: int) -> Iterator[BenchReading]:
    """Yield the first events."""
    return map(event, range(count))


def as_dict(reading: BenchReading, _: object = None) -> dict[str, Any]:
    """Return what AvroSerializer wants of `to_dict`, as Confluent's example writes it."""
    return {
        "reading_id": reading.reading_id,
        "sensor_id": reading.sensor_id,
        "temperature": reading.temperature,
        "state": reading.state,
        "recorded_at": reading.recorded_at,
        "note": reading.note,
    }
