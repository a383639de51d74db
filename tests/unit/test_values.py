"""Values in JSON and in CSV cells: what an event prints is what makes it again."""

from __future__ import annotations

import json
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
    # In a union of a string and a decimal the two look alike: the first that fits is taken.
    if not has_choice(sample.schema):
        assert encode(again) == encode(sample.event)
    assert encode(parse(to_json(again))) == encode(again)


def has_choice(schema: Any) -> bool:
    """Tell whether there may be a union of several types: fields and symbols look like one."""
    if isinstance(schema, dict):
        inside = [each["type"] for each in schema.get("fields", ())]
        return any(
            map(has_choice, [*inside, *(schema.get(k) for k in ("items", "values", "type"))])
        )
    if isinstance(schema, list):
        return len(schema) - ("null" in schema) > 1 or any(map(has_choice, schema))
    return False


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
    parse = from_text(module_of(record(("part", kind))).EVENT)["part"]
    found = parse(cell)
    if value is not None or cell == "":
        assert found == value
        assert type(found) is type(value)
    else:
        assert to_json(found).lower() == cell.lower()


@pytest.mark.parametrize(
    ("kind", "cell", "why"),
    [
        ("long", "1.0", "'1.0' is not a whole number"),
        ("long", "1_000", "'1_000' is not a whole number"),
        ("int", "3000000000", "does not fit an Avro int"),
        ("boolean", "maybe", "'maybe' is not true or false"),
        ("double", "", "is empty"),
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
