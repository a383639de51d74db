"""What is wrong with an event, in plain words, and that encoder and checker agree on it."""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

import freezer_events
from freezer_events.avro.explain import first_problem
from freezer_events.avro.values import DEEPEST
from freezer_events.avro.wire import encode
from freezer_events.errors import InvalidEvent
from tests.support.effort import thorough
from tests.support.generated import PandasLike, module_of, read, record, samples, spoiled

ENUM = {"type": "enum", "name": "Quality", "symbols": ["UNKNOWN", "GOOD"]}
NESTED = record(("model", "string"), ("level", ["null", "double"], None), name="Device")
NAIVE = datetime(2026, 1, 1)  # noqa: DTZ001
AWARE = datetime(2026, 1, 1, tzinfo=UTC)


def logical(base: str, kind: str, **more: Any) -> Any:
    return {"type": base, "logicalType": kind, **more}


class Moment:
    """Subtracts like a time, as numpy's does, and is none."""

    def __sub__(self, _: object) -> timedelta:
        return timedelta(days=20_000)

    def __repr__(self) -> str:
        return "Moment()"


class Other(enum.StrEnum):
    GOOD = "GOOD"


@pytest.mark.parametrize(
    ("kind", "value", "why"),
    [
        ("double", float("nan"), "nan is not a finite number"),
        ("double", float("-inf"), "-inf is not a finite number"),
        ("double", "n/a", "'n/a' is not a number"),
        ("double", True, "True is not a number"),
        ("double", None, "None is not a number"),
        ("double", 2**53 + 1, "9007199254740993 has too many digits for an Avro double"),
        ("float", 1e39, "1e+39 does not fit an Avro float"),
        ("int", 3000000000, "3000000000 does not fit an Avro int (-2147483648 to 2147483647)"),
        ("int", -(2**31) - 1, "-2147483649 does not fit an Avro int (-2147483648 to 2147483647)"),
        ("int", True, "True is not a whole number"),
        ("long", 21.0, "21.0 is not a whole number"),
        (
            "long",
            2**63,
            f"{2**63} does not fit an Avro long ({-(2**63)} to {2**63 - 1})",
        ),
        ("string", 5, "5 is not a string"),
        ("string", "\ud800", "'\\ud800' has half a surrogate pair, which UTF-8 cannot hold"),
        ("boolean", 1, "1 is not True or False"),
        ("bytes", "abc", "'abc' is not bytes"),
        ({"type": "fixed", "name": "F", "size": 3}, b"ab", "2 bytes are not 3"),
        (logical("long", "timestamp-millis"), NAIVE, "2026-01-01T00:00:00 has no time zone"),
        (
            logical("long", "timestamp-millis"),
            AWARE.replace(microsecond=1001),
            "2026-01-01T00:00:00.001001+00:00 has more digits of a second than milliseconds",
        ),
        (
            logical("long", "local-timestamp-millis"),
            NAIVE.replace(microsecond=999),
            "2026-01-01T00:00:00.000999 has more digits of a second than milliseconds",
        ),
        (
            logical("int", "time-millis"),
            time(12, 0, 0, 1),
            "12:00:00.000001 has more digits of a second than milliseconds",
        ),
        (
            logical("long", "timestamp-micros"),
            PandasLike(2026, 1, 1, tzinfo=UTC),
            "2026-01-01T00:00:00+00:00 has more digits of a second than microseconds",
        ),
        (logical("long", "timestamp-micros"), 0, "0 is not a datetime"),
        (logical("long", "timestamp-millis"), Moment(), "Moment() is not a datetime"),
        (logical("long", "timestamp-micros"), Moment(), "Moment() is not a datetime"),
        (logical("long", "local-timestamp-millis"), Moment(), "Moment() is not a datetime"),
        (
            logical("long", "local-timestamp-millis"),
            AWARE,
            "2026-01-01T00:00:00+00:00 has a time zone, a local time has none",
        ),
        (logical("int", "date"), AWARE, "2026-01-01T00:00:00+00:00 is not a date"),
        (logical("int", "time-millis"), time(1, tzinfo=UTC), "01:00:00+00:00 has a time zone"),
        (logical("string", "uuid"), "0" * 32, f"{'0' * 32!r} is not a UUID"),
        (
            logical("bytes", "decimal", precision=4, scale=1),
            Decimal("1.25"),
            "1.25 has more than 1 digits after the point",
        ),
        (
            logical("bytes", "decimal", precision=4, scale=1),
            Decimal(1000),
            "1000 does not fit 4 digits of which 1 are after the point",
        ),
        (ENUM, "GOOD", "'GOOD' is not a Quality (UNKNOWN, GOOD)"),
        (ENUM, Other.GOOD, "<Other.GOOD: 'GOOD'> is not a Quality (UNKNOWN, GOOD)"),
        (NESTED, {"model": "x"}, "{'model': 'x'} is not a Device"),
        ({"type": "array", "items": "int"}, (1,), "(1,) is not a list"),
        ({"type": "map", "values": "int"}, {1: 1}, "key 1 is not a string"),
        (["null", "long"], "5", "'5' is not a whole number"),
        (["null", "long", "string"], 2.5, "2.5 is not a whole number; 2.5 is not a string"),
    ],
)
def test_a_value_that_does_not_fit_is_named_with_the_reason(
    kind: Any, value: Any, why: str
) -> None:
    module = module_of(record(("part", kind)))
    event = module.Event(part=value)
    assert first_problem(event) == ("part", why)
    with pytest.raises((TypeError, ValueError, OverflowError, AttributeError)):
        module.encode(event)


def test_the_path_leads_through_records_arrays_maps_and_unions() -> None:
    inside = {"type": "array", "items": ["null", {"type": "map", "values": ["null", NESTED]}]}
    module = module_of(record(("class", inside)))
    good = module.Device(model="x", level=0.5)
    bad = module.Device(model="x", level="high")
    event = module.Event(class_=[None, {"a": good, "b": bad}])
    assert first_problem(event) == ("class[1]['b'].level", "'high' is not a number")


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("double", 2**53),
        ("float", 2**24),
        ("long", -(2**63)),
        ("string", Other.GOOD),
        (["int", "double"], 2**40),
        (["null", "string"], None),
        (logical("int", "date"), date(1, 1, 1)),
        (logical("string", "uuid"), UUID(int=0)),
        (logical("bytes", "decimal", precision=2, scale=1), Decimal("0E+50")),
    ],
)
def test_a_value_that_fits_is_no_problem(kind: Any, value: Any) -> None:
    module = module_of(record(("part", kind)))
    event = module.Event(part=value)
    assert first_problem(event) is None
    assert module.encode(event)


def test_a_subclass_of_an_event_is_refused_by_name() -> None:
    module = module_of(record(("part", "long")))
    child: Any = dataclass(frozen=True)(type("Child", (module.Event,), {}))
    problem = first_problem(child(part=1))
    assert problem is not None
    assert problem[0] == "door-event"
    with pytest.raises(TypeError):
        module.encode(child(part=1))


def test_an_event_made_without_its_constructor_has_no_value() -> None:
    module = module_of(record(("part", "long")))
    assert first_problem(object.__new__(module.Event)) == ("part", "has no value")


def test_an_event_that_is_nested_without_end_is_refused() -> None:
    module = module_of(record(("again", ["null", "Event"])))
    event = None
    for _ in range(100_000):
        event = module.Event(again=event)
    assert event is not None
    assert first_problem(event) == ("door-event", "is nested too deeply")
    with pytest.raises(RecursionError):
        module.encode(event)


def test_a_long_chain_of_types_is_sent_as_deep_as_it_is_read_and_no_deeper() -> None:
    """No type contains itself: each uses the one before by its name."""
    chain: list[Any] = [("f0", record(("x", "int"), name="A0"))]
    chain += [
        (f"f{n}", ["null", record(("a", f"A{n - 1}"), name=f"A{n}")], None) for n in range(1, 140)
    ]
    schema = record(*chain)
    module = module_of(schema)
    first = made = module.EVENT.types["test.A0"](x=1)
    for number in range(1, 140):
        made = module.EVENT.types[f"test.A{number}"](a=made)
        event = module.Event(**{"f0": first, f"f{number}": made})
        if number <= DEEPEST - 2:  # the event itself, and as many as A0 to this one
            assert read(encode(event), schema, module.EVENT) == event
        else:
            assert first_problem(event) == ("door-event", "is nested too deeply")
            with pytest.raises(InvalidEvent, match="is nested too deeply"):
                encode(event)


def test_a_program_is_told_how_to_say_that_digits_may_go() -> None:
    module = module_of(record(("at", logical("long", "timestamp-millis"))))
    event = module.Event(at=datetime.now(UTC).replace(microsecond=1_001))
    with pytest.raises(InvalidEvent, match=r"at: .* has more digits of a second") as caught:
        encode(event)
    assert caught.value.fix == "if they may go: freezer_events.truncate_to_ms(time)"
    at = freezer_events.truncate_to_ms(event.at)
    assert event.at - at == timedelta(microseconds=1)
    assert encode(replace(event, at=at))


@thorough(200)
@given(samples(), st.data())
def test_the_encoder_refuses_exactly_the_events_with_a_problem(sample: Any, data: Any) -> None:
    assert first_problem(sample.event) is None
    event = data.draw(st.composite(spoiled)(sample.event))
    problem = first_problem(event)
    if problem is None:
        sample.module.encode(event)
    else:
        with pytest.raises((TypeError, ValueError, OverflowError, AttributeError)):
            sample.module.encode(event)
