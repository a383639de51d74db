"""From a message's value to a typed event: `python -m benchmarks.reading`.

Ours, compiled and in Python, beside Confluent's AvroDeserializer that makes the same class, on the
same values; microseconds of processor time, rounds in turn.
"""

from __future__ import annotations

import statistics
import time
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from confluent_kafka.schema_registry.avro import AvroDeserializer
from confluent_kafka.serialization import MessageField, SerializationContext

from benchmarks import targets
from benchmarks.events import BenchReading, State
from benchmarks.workload import SCHEMA, events
from freezer_events.avro import fast
from freezer_events.avro.model import model_of
from freezer_events.avro.wire import encode, prefix, unframe
from freezer_events.registry.client import subject_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.way import BenchTarget

_COUNT: Final = 20_000
_ROUNDS: Final = 9


def _made(found: dict[str, Any], _: object) -> BenchReading:
    return BenchReading(**(found | {"state": State(found["state"])}))


def _read(decode: Callable[[bytes], Any], value: bytes) -> Any:
    return decode(unframe(value)[1])


def ways(target: BenchTarget) -> dict[str, Callable[[bytes], Any]]:
    """Return the functions from a value to an event."""
    event_type = BenchReading.__event__
    deserializer: Any = AvroDeserializer(target.registry.client, SCHEMA, _made)
    context = SerializationContext(target.topic, MessageField.VALUE)
    found = {"AvroDeserializer": lambda value: deserializer(value, context)}
    for compiled in (False, True):
        decode = fast.decoder(model_of(event_type).schema, event_type, compiled=compiled)
        name = "freezer-events compiled" if compiled else "freezer-events"
        found[name] = partial(_read, decode)
    return found


def main() -> None:
    """Measure all in turn and print."""
    given = list(events(_COUNT))
    with targets.mock() as target:
        framing = prefix(target.registry.schema_id(subject_name(target.topic), SCHEMA))
        values = [framing + encode(each) for each in given]
        took: dict[str, list[float]] = {}
        for _ in range(_ROUNDS):
            for name, read in ways(target).items():
                assert [read(value) for value in values[:500]] == given[:500]
                started = time.thread_time()
                for value in values:
                    read(value)
                spent = (time.thread_time() - started) / _COUNT * 1e6
                took.setdefault(name, []).append(spent)
    base = min(took["AvroDeserializer"])
    for name, found in took.items():
        least, median = min(found), statistics.median(found)
        print(f"{name:<24} {least:6.2f} µs, median {median:6.2f}: {base / least:.1f} times as fast")


if __name__ == "__main__":
    main()
