"""Values in JSON and in CSV cells: what an event prints is what makes it again."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given

from freezer_events.avro.forms import BadValue, from_json, from_text, to_json
from tests.support.effort import thorough
from tests.support.generated import module_of, record, samples


@thorough(150)
@given(samples())
def test_the_json_of_any_event_makes_the_event_again(sample: Any) -> None:
    parse, encode = from_json(sample.module.EVENT), sample.module.encode
    again = parse(json.loads(json.dumps(to_json(sample.event))))
    assert encode(again) == encode(sample.event)


def logical(base: str, kind: str, **more: Any) -> Any:
    return {"type": base, "logicalType": kind, **more}


@pytest.mark.parametrize(
    ("kind", "cell", "value"),
    [
        ("string", "", ""),
        ("string", " a ", " a "),
        ("double", "1e3", 1000.0),
        ("long", " 42 ", 42),
        ("boolean", "TRUE", True),
        ("boolean", "no", False),
        (["null", "double"], "", None),
        (["null", "string"], "", None),
        (["null", "string"], "x", "x"),
        ({"type": "array", "items": "int"}, "[1, 2]", [1, 2]),
        (["null", "int", "string"], '"x"', "x"),
        (logical("string", "uuid"), "6F9619FF-8B86-D011-B42D-00C04FC964FF", None),
        (logical("long", "timestamp-millis"), "2026-01-31T12:00:00Z", None),
    ],
)
def test_a_cell_holds_a_value_as_spreadsheets_write_it(kind: Any, cell: str, value: Any) -> None:
    module = module_of(record(("part", kind)))
    found = from_text(module.EVENT)["part"](cell)
    if value is not None or cell == "":
        assert found == value
        assert type(found) is type(value)
    else:
        assert to_json(module.Event(part=found))["part"].lower() == cell.lower()


@pytest.mark.parametrize(
    ("kind", "cell", "why"),
    [
        ("long", "1.0", "'1.0' is not a whole number"),
        ("long", "1_000", "'1_000' is not a whole number"),
        ("int", "3000000000", "does not fit an Avro int"),
        ("boolean", "maybe", "'maybe' is not true or false"),
        ("double", "", "is empty"),
        ("double", "9" * 400, "too many digits"),
        ("float", "-" + "9" * 400, "too many digits"),
        ("bytes", "%%", "'%%' is not base64"),
        (logical("string", "uuid"), "0" * 32, "is not a UUID"),
        (logical("long", "timestamp-millis"), "2026-01-31T12:00:00", "has no time zone"),
        (logical("long", "local-timestamp-millis"), "2026-01-31T12:00Z", "has a time zone"),
        (logical("int", "date"), "31.1.2026", "is not a date"),
        (logical("bytes", "decimal", precision=4, scale=2), "a", "is not a decimal number"),
        (logical("bytes", "decimal", precision=4, scale=2), "NaN", "is not a finite number"),
        ({"type": "array", "items": "int"}, "[1, x]", "is not JSON"),
        ({"type": "enum", "name": "E", "symbols": ["A", "B"]}, "C", "'C' is none of A, B"),
        ({"type": "fixed", "name": "F", "size": 2}, "AAAA", "3 bytes are not 2"),
    ],
)
def test_a_cell_that_does_not_fit_is_refused_with_the_reason(
    kind: Any, cell: str, why: str
) -> None:
    parse = from_text(module_of(record(("part", kind))).EVENT)["part"]
    with pytest.raises(BadValue, match=f".*{why}"):
        parse(cell)


DIGITS = [
    (logical("long", "timestamp-millis"), "2026-01-31T12:00:00.{}Z", 3, "milliseconds"),
    (logical("long", "timestamp-micros"), "2026-01-31T12:00:00.{}Z", 6, "microseconds"),
    (logical("long", "local-timestamp-millis"), "2026-01-31T12:00:00.{}", 3, "milliseconds"),
    (logical("int", "time-millis"), "12:00:00.{}", 3, "milliseconds"),
    (logical("long", "time-micros"), "12:00:00,{}", 6, "microseconds"),
]


@pytest.mark.parametrize(("kind", "text", "most", "unit"), DIGITS)
@pytest.mark.parametrize("nullable", [False, True])
def test_digits_that_a_time_does_not_keep_are_refused_and_not_cut(
    kind: Any, text: str, most: int, unit: str, *, nullable: bool
) -> None:
    event_type = module_of(record(("part", ["null", kind] if nullable else kind))).EVENT
    cell, whole = from_text(event_type)["part"], from_json(event_type)
    kept = [text.format("1234567"[:most] + "0" * zeros) for zeros in range(4)]
    for each in kept:
        assert cell(each) == cell(kept[0]) == whole({"part": each}).part
    for digits in range(most + 1, 10):
        more = text.format("0" * (digits - 1) + "1")
        with pytest.raises(BadValue, match=f"has more digits of a second than {unit}"):
            cell(more)
        with pytest.raises(BadValue, match=f"part: .* has more digits of a second than {unit}"):
            whole({"part": more})


def test_the_path_leads_to_the_value_inside() -> None:
    inner = record(("model", "string"), name="Device")
    module = module_of(
        record(("parts", {"type": "array", "items": {"type": "map", "values": inner}}))
    )
    with pytest.raises(BadValue) as caught:
        from_json(module.EVENT)({"parts": [{}, {"a": {"model": 5}}]})
    assert str(caught.value) == "parts[1]['a'].model: 5 is not a string"


@pytest.mark.parametrize("value", [None, 5, "x", []])
def test_something_that_is_no_object_is_no_event(value: Any) -> None:
    module = module_of(record(("part", "string")))
    with pytest.raises(BadValue, match="is not an object"):
        from_json(module.EVENT)(value)


BARE_AND_DRESSED = [
    ("int", {"type": "int", "connect.type": "int16"}, " 42 "),
    ("int", {"type": "int", "doc": "a count"}, "42"),
    ("string", {"type": "string", "avro.java.string": "String"}, " a "),
    ("string", {"type": "string", "avro.java.string": "String"}, ""),
    ("double", {"type": "double", "unit": "degC"}, "-18,4"),
    ("boolean", {"type": "boolean", "doc": "open?"}, "yes"),
    (
        logical("bytes", "decimal", precision=9, scale=2),
        logical("bytes", "decimal", precision=9, scale=2, doc="euro"),
        "12,50",
    ),
]


@pytest.mark.parametrize("nullable", [False, True])
@pytest.mark.parametrize(("bare", "dressed", "cell"), BARE_AND_DRESSED)
def test_a_cell_follows_the_type_and_not_how_the_schema_spells_it(
    bare: Any, dressed: Any, cell: str, *, nullable: bool
) -> None:
    found = []
    for kind in (bare, dressed):
        module = module_of(record(("part", ["null", kind] if nullable else kind)))
        found.append(from_text(module.EVENT, ",")["part"](cell))
    assert found[0] == found[1]
    assert type(found[0]) is type(found[1])


def test_a_decimal_in_a_cell_has_the_decimal_mark_of_the_others() -> None:
    kind = logical("bytes", "decimal", precision=9, scale=2)
    event_type = module_of(record(("part", kind), ("some", ["null", kind]))).EVENT
    for name in ("part", "some"):
        assert from_text(event_type, ",")[name]("12,50") == Decimal("12.50")
        with pytest.raises(BadValue, match="with the decimal mark ','"):
            from_text(event_type, ",")[name]("12.50")


def test_a_record_referred_to_by_its_name_is_a_cell_of_json() -> None:
    inner = record(("model", "string"), name="Device")
    module = module_of(record(("first", inner), ("second", "test.Device")))
    for name in ("first", "second"):
        found = from_text(module.EVENT)[name]('{"model": "x"}')
        assert found == module.Device(model="x")


@pytest.mark.parametrize("kind", ["double", "float", ["null", "double"]])
def test_a_whole_number_with_more_digits_than_a_float_has_is_refused(kind: Any) -> None:
    module = module_of(record(("part", kind)))
    most = 2**24 if kind == "float" else 2**53
    assert from_json(module.EVENT)({"part": most}).part == most
    with pytest.raises(BadValue, match="has too many digits for an Avro"):
        from_json(module.EVENT)({"part": most + 1})
