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
from freezer_events.sources import Rejected, open_source
from freezer_events.sources.reading import LONGEST_ROW_BYTES
from tests.support.effort import thorough
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


def taken(path: Path, body: str) -> tuple[list[Any], list[bytes]]:
    """Read a table; returns its good rows with their lines, and the bytes of all rows in order."""
    path.write_bytes(f"name,note\n{body}".encode())
    raws: list[tuple[int, bytes]] = []
    source = open_source(
        str(path),
        PLAIN.EVENT,
        lambda found: raws.append((found.place.begin, found.raw)),
        wait=lambda: True,
    )
    good = []
    for each in source:
        place = source.last
        good.append((place.line, each.name, each.note))
        raws.append((place.begin, place.raw))
    source.close()
    assert source.rows.astray == 0
    return good, [raw for _, raw in sorted(raws)]


@thorough(100)
@given(st.lists(st.tuples(text, text), max_size=6), st.sampled_from(["\n", "\r\n"]))
def test_rows_that_were_written_are_read_as_the_csv_module_reads_them(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]], end: str
) -> None:
    # A line break and a comma in one cell may look like a missing quote; that is told, not read.
    rows = [row for row in rows if not any("," in each and {"\r", "\n"} & {*each} for each in row)]
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator=end, quoting=csv.QUOTE_ALL).writerows(rows)
    good, _ = taken(tmp_path_factory.getbasetemp() / "rows.csv", out.getvalue())
    lines, line = [], 2
    reader = csv.reader(io.StringIO(out.getvalue(), newline=""))
    for name, note in reader:
        lines.append((line, name, note or None))
        line = reader.line_num + 2
    assert good == lines


@thorough(100)
@given(text)
def test_whatever_a_table_holds_no_byte_of_it_vanishes(
    tmp_path_factory: pytest.TempPathFactory, body: str
) -> None:
    _, raws = taken(tmp_path_factory.getbasetemp() / "rows.csv", body)
    blank = {'"', "\r", "\n", ",", " ", "\v", "\0", "\u2028"}
    kept = "".join(raw.decode() for raw in raws)
    assert [each for each in kept if each not in blank] == [
        each for each in body if each not in blank
    ]


def test_a_row_is_as_long_as_a_row_may_be_and_a_longer_one_is_rejected_whole(
    tmp_path: Path,
) -> None:
    path, rejected = tmp_path / "r.csv", list[Any]()

    def keep(found: Rejected) -> None:
        rejected.append((found.place.line, found.why, found.raw + b"".join(found.rest)))

    long = "x" * (LONGEST_ROW_BYTES - 2)
    rows = [f"{long},\n", f"{'y' * 5 * LONGEST_ROW_BYTES},\n", "b,\n", f'"{long}\n",\n', "c,\n"]
    path.write_text("name,note\n" + "".join(rows))
    source = open_source(str(path), PLAIN.EVENT, keep, wait=lambda: True)
    assert [each.name for each in source] == [long, "b", "c"]
    source.close()
    why = "is longer than 1,048,576 bytes"
    assert rejected[0] == (3, why, rows[1].encode())
    assert rejected[1][0] == 5
    assert source.rows.astray == 0


letters = st.text("0123456789abcdefABCDEF-_ {}g\u0661\udcff", min_size=30, max_size=40)


@thorough(100)
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
