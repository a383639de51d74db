"""Quick ways beside exact ones: rows that are split, UUIDs put together, objects by their twins."""

from __future__ import annotations

import csv
import io
from dataclasses import FrozenInstanceError
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freezer_events.avro.forms import BadValue, from_text
from freezer_events.event import twin
from freezer_events.sources import Format, Rejected, open_source
from tests.support.generated import module_of, record

if TYPE_CHECKING:
    from pathlib import Path

UUID_TEXT = {"type": "string", "logicalType": "uuid"}
PLAIN = module_of(record(("name", "string"), ("note", ["null", "string"], None)))
DOOR = module_of(
    record(
        ("name", "string"),
        ("note", ["null", "string"], None),
        ("class", ["null", "int"], None),
        ("state", {"type": "enum", "name": "S", "symbols": ["UNKNOWN", "A"], "default": "UNKNOWN"}),
    )
)
text = st.text(st.sampled_from(['"', ",", "\r", "\n", " ", "a", "\v", "\0", "\u2028"]))


@given(text)
def test_rows_are_those_of_the_csv_module_and_begin_where_they_do(
    tmp_path_factory: pytest.TempPathFactory, body: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "rows.csv"
    path.write_bytes(f"name,note\n{body}".encode())
    found: list[Any] = []
    source = open_source(str(path), PLAIN.EVENT, found.append, wait=lambda: True, written=Format())
    found.extend((source.place, each.name, each.note) for each in source)
    source.close()

    expected: list[Any] = []
    rows = csv.reader(io.StringIO(body, newline=""))
    line = 2
    for row in rows:
        if row:
            expected.append((f"{path}:{line}", row))
        line = rows.line_num + 2
    good = [(place, row[0], row[1] or None) for place, row in expected if len(row) == 2]
    assert [each for each in found if not isinstance(each, Rejected)] == good
    bad = [place for place, row in expected if len(row) != 2]
    assert [each.place for each in found if isinstance(each, Rejected)] == bad


def test_a_cell_that_is_longer_than_the_csv_module_takes_is_refused(tmp_path: Path) -> None:
    path, rejected = tmp_path / "r.csv", list[Rejected]()
    longest = csv.field_size_limit()
    path.write_text(f"name,note\n{'x' * longest},\n{'x' * (longest + 1)},\nb,\n")
    source = open_source(
        str(path), PLAIN.EVENT, rejected.append, wait=lambda: True, written=Format()
    )
    assert [each.name for each in source] == ["x" * longest, "b"]
    assert rejected == [Rejected(f"{path}:3", f"field larger than field limit ({longest})", "")]
    source.close()


letters = st.text("0123456789abcdefABCDEF-_ {}g\u0661\udcff", min_size=30, max_size=40)


@given(st.uuids().map(str) | st.uuids().map(lambda each: str(each).upper()) | letters)
@pytest.mark.parametrize("cut", [slice(None), slice(1, None), slice(None, None, -1)])
def test_a_uuid_is_taken_if_python_writes_it_the_same(cut: slice, value: str) -> None:
    value = value[cut].strip()
    parse = from_text(module_of(record(("part", UUID_TEXT))).EVENT)["part"].parse
    try:
        expected = UUID(value) if str(UUID(value)) == value.lower() else None
    except ValueError:
        expected = None
    if expected is None:
        with pytest.raises(BadValue, match="is not a UUID"):
            parse(value)
    else:
        assert parse(value) == expected
        assert parse(value).is_safe is expected.is_safe


def test_a_twin_makes_objects_that_differ_in_nothing() -> None:
    made = twin(DOOR.EVENT.record, ["state", "name"])("A", "a")
    made.__class__ = DOOR.EVENT.record
    assert made == DOOR.EVENT.record(name="a", state="A")
    assert repr(made) == repr(DOOR.EVENT.record(name="a", state="A"))
    assert hash(made) == hash(DOOR.EVENT.record(name="a", state="A"))
    with pytest.raises(FrozenInstanceError):
        made.name = "b"


@pytest.mark.parametrize("schema", [record(), record(("__x", "int"), ("self", "int"))])
def test_a_twin_fits_any_class(schema: Any) -> None:
    made = module_of(schema).EVENT.record
    values = dict.fromkeys(made.__slots__, 1)
    found = twin(made, list(values))(*values.values())
    found.__class__ = made
    assert found == made(**values)
