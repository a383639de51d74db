"""What a rule costs where an event is encoded: `python -m benchmarks.rules`.

The same record with three rules and without, in Python and compiled, in turn; microseconds of
processor time.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from benchmarks.parts import took_us
from benchmarks.workload import SCHEMA, as_dict, event
from freezer_events.avro import fast
from freezer_events.avro.loaded_text import load_text
from freezer_events.avro.parse import parse
from freezer_events.schema.generate import module_source

if TYPE_CHECKING:
    from freezer_events.event import EventType

_COUNT: Final = 50_000
_ROUNDS: Final = 11
_RULES: Final = {
    "temperature": "this > -100.0 && this < 80.0",
    "sensor_id": "this.startsWith('sensor') && size(this) < 100",
    "note": "size(this) < 1000",
}


def made(schema: dict[str, Any]) -> EventType:
    """Return the type of a schema, as it is generated."""
    text = module_source(
        event="bench-reading",
        version=1,
        topic="bench-reading",
        key="sensor_id",
        fill={},
        default=False,
        schema=parse(json.dumps(schema), "v1.avsc"),
        source_name="v1.avsc",
    ).text
    found: EventType = load_text(text).EVENT
    return found


def alike(kind: EventType, count: int) -> list[Any]:
    """Return the benchmarks' events as instances of another class."""
    states: Any = kind.types["freezer.bench.State"]
    return [
        kind.record(**(as_dict(each) | {"state": states[each.state.name]}))
        for each in map(event, range(count))
    ]


def encode_all(kind: EventType, given: list[Any], *, compiled: bool) -> float:
    """Encode all events; returns microseconds for each."""
    encode = fast.encoder(kind, compiled=compiled)
    return took_us(lambda: [None for each in given if not encode(each)], len(given))


def main() -> None:
    """Measure all in turn and print what a rule adds."""
    plain, ruled = json.loads(SCHEMA), json.loads(SCHEMA)
    for field in ruled["fields"]:
        if rule := _RULES.get(field["name"]):
            field["confluent:rules"] = [{"name": "plausible", "expr": rule}]
    kinds = [made(plain), made(ruled)]
    given = [alike(kind, _COUNT) for kind in kinds]
    print("| encode | without | with three rules | each rule |\n|---|--:|--:|--:|")
    for compiled in (False, *(() if fast.unusable() else (True,))):
        took: list[list[float]] = [[], []]
        for _ in range(_ROUNDS):  # in turn: what the machine does meets both alike
            for kind, those, found in zip(kinds, given, took, strict=True):
                found.append(encode_all(kind, those, compiled=compiled))
        without, with_rules = map(min, took)
        each_us = (with_rules - without) / len(_RULES)
        name = "compiled" if compiled else "Python"
        print(f"| {name} | {without:.2f} µs | {with_rules:.2f} µs | {each_us:.2f} µs |")


if __name__ == "__main__":
    main()
