"""Where Java's reader and fastavro's part: each case was read by both, and what they made is named.

`tests/container/test_compare_java.py` tries the same against Java itself, with random pairs.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from freezer_events.avro.parse import Schema, parse
from freezer_events.errors import SchemaError
from freezer_events.schema.compare import Direction, Kind, compare

SENSOR = {"name": "sensor_id", "type": "string"}
TEMPERATURE = {"name": "temperature", "type": "double"}
TEMP_C = {"name": "temp_c", "type": "double", "default": 0.0, "aliases": ["temperature"]}
DEVICE = {"type": "record", "name": "Device", "fields": [SENSOR]}
E, F = ({"type": "enum", "name": "E", "symbols": ["A"]}, {"type": "fixed", "name": "F", "size": 1})


def reading(*fields: Any, **more: Any) -> Schema:
    made = {"type": "record", "name": "Reading", **more, "fields": list(fields)}
    return parse(json.dumps(made), "reading.avsc")


def breaks(old: Schema, new: Schema) -> set[Kind]:
    """Return the kinds of what breaks a new reader of old data."""
    found = (each for each in compare(old, new) if each.direction is Direction.NEW_READS_OLD)
    return {each.kind for each in found} - {Kind.WARNING}


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        # Java: missing required field temperature. fastavro: reads both.
        (
            reading(SENSOR, TEMPERATURE),
            reading(SENSOR, TEMPERATURE, TEMP_C),
            Kind.DECODE,
        ),
        # Java: temperature is -99, temp_c the old temperature. fastavro: the other way round.
        (
            reading(SENSOR, TEMPERATURE),
            reading(SENSOR, TEMPERATURE | {"default": -99.0}, TEMP_C),
            Kind.MEANING,
        ),
        # Java: temp_c is 0.0, for the record has another full name.
        (
            reading(SENSOR, TEMPERATURE, namespace="a"),
            reading(SENSOR, TEMP_C, namespace="b"),
            Kind.MEANING,
        ),
        # Java: Found b.E, expecting a.E. An enum matches by its full name.
        (
            reading({"name": "e", "type": {**E, "namespace": "a"}}),
            reading({"name": "e", "type": {**E, "namespace": "b"}}),
            Kind.DECODE,
        ),
        # Java: Found a.F, expecting union.
        (
            reading({"name": "f", "type": ["null", {**F, "namespace": "a"}]}),
            reading({"name": "f", "type": ["null", {**F, "namespace": "b"}]}),
            Kind.DECODE,
        ),
        # Java: Duplicate field c in record Reading. It renames twice: a to b, and on to c.
        (
            reading({"name": "a", "type": "int"}, {"name": "c", "type": "int"}),
            reading(
                {"name": "b", "type": "int", "aliases": ["a"]},
                {"name": "c", "type": "int", "aliases": ["b"]},
            ),
            Kind.DECODE,
        ),
        # Java: Found Reading, expecting NewE. Of two that claim a name the one used last has
        # it, and that is the record, which holds itself.
        (
            reading({"name": "e", "type": E}),
            reading(
                {"name": "e", "type": {**E, "name": "NewE", "aliases": ["E"]}},
                {"name": "self", "type": {"type": "array", "items": "Reading"}, "default": []},
                aliases=["E"],
            ),
            Kind.DECODE,
        ),
        # Java: Duplicate field b in record Reading.
        (
            reading({"name": "a", "type": "int"}, {"name": "b", "type": "int"}),
            reading({"name": "b", "type": "int", "aliases": ["a"]}),
            Kind.DECODE,
        ),
    ],
)
def test_what_the_two_readers_read_otherwise_is_a_break(
    old: Schema, new: Schema, kind: Kind
) -> None:
    assert kind in breaks(old, new)


@pytest.mark.parametrize(
    ("kind", "default", "found"),
    [
        (["long", "double"], 1.5, {Kind.MEANING}),  # Java reads 1
        ([DEVICE, "null"], None, {Kind.DECODE}),  # Java: No default value for: sensor_id
        ([E, "null"], None, {Kind.DECODE}),  # Java: enum value 'null' is not in the symbol set
        ([{"type": "map", "values": "int"}, "null"], None, {Kind.MEANING}),  # Java reads {}
        (["null", {"type": "array", "items": "int"}], [], {Kind.DECODE}),  # Java: Not an array
        ([{"type": "array", "items": "int"}, "null"], [], {Kind.DECODE}),  # Java: Not an array
        # What both read as it is written.
        (["null", "int"], 5, set()),
        (["string", F], "x", set()),
        ([{"type": "array", "items": "int"}, "null"], [1], set()),
        ({"type": "array", "items": "int"}, [], set()),
        ({"type": "int", "logicalType": "date"}, -719162, set()),
        ({"type": "string", "logicalType": "uuid"}, "6f1b1b1e-8f7c-4a55-9c1f-000000000000", set()),
        ({"type": "bytes", "logicalType": "decimal", "precision": 4}, "\u0001", set()),
    ],
)  # fmt: skip
def test_a_default_that_some_reader_cannot_read_is_a_break(
    kind: Any, default: Any, found: set[Kind]
) -> None:
    added = {"name": "d", "type": kind, "default": default}
    assert breaks(reading(SENSOR), reading(SENSOR, added)) == found


@pytest.mark.parametrize(
    ("kind", "default"),
    [
        ({"type": "string", "logicalType": "uuid"}, ""),
        ({"type": "int", "logicalType": "date"}, 2147483647),
        ({"type": "int", "logicalType": "time-millis"}, -1),
        ({"type": "long", "logicalType": "timestamp-millis"}, 2**62),
        ({"type": "long", "logicalType": "local-timestamp-micros"}, -(2**62)),
        ({"type": "bytes", "logicalType": "decimal", "precision": 4}, ""),
        ({"type": "array", "items": {"type": "int", "logicalType": "date"}}, [2**31 - 1]),
    ],
)
def test_a_default_that_no_reader_can_build_is_refused(kind: Any, default: Any) -> None:
    with pytest.raises(SchemaError, match="no reader"):
        reading(SENSOR, {"name": "d", "type": kind, "default": default})


@pytest.mark.parametrize(
    ("field", "why"),
    [
        # Schema fields not set yet: Java checks a default before the record around it is complete.
        (
            {"name": "self", "type": ["null", "Reading"], "default": {"self": None}},
            "is a 'Reading' inside of 'Reading' itself",
        ),
        (
            {"name": "below", "type": {"type": "array", "items": "Reading"}, "default": [{}]},
            "inside of 'Reading' itself",
        ),
        # Cannot read arrays longer than 2147483639 bytes in Java library.
        ({"name": "f", "type": F | {"size": 2**31 - 1}}, "is no number of bytes"),
        # Number value length (1200) exceeds the maximum allowed.
        ({"name": "i", "type": "double", "default": int("1" * 1200)}, "a number of 1200 digits"),
        ({"name": "i", "type": "double", "default": int("1" * 400)}, "is no double"),
    ],
)
def test_what_java_cannot_parse_is_refused(field: Any, why: str) -> None:
    with pytest.raises(SchemaError, match=why):
        reading(field)


def test_a_recursive_type_with_the_default_null_is_well() -> None:
    made = reading({"name": "self", "type": ["null", "Reading"], "default": None})
    assert list(made.names) == ["Reading"]
