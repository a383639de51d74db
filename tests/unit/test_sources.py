"""Sources: readings the way people have them, and what is said of those that are none."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freezer_events.cli.mapping_options import MappingOptions
from freezer_events.errors import InvalidEvent, UsageError
from freezer_events.events import FreezerReading
from freezer_events.sources import FieldFrom, Profile, ReadingPlace, Rejected, Rows, open_source
from freezer_events.sources.simulator import Simulator
from tests.support.effort import thorough
from tests.support.generated import module_of, record

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

EVENT = FreezerReading.__event__
A, B = (
    FreezerReading(sensor_id="a", temperature=-3.5),
    FreezerReading(sensor_id="b", temperature=4.0),
)


def read(
    path: Path, data: bytes | str, event_type: Any = EVENT, **said: Any
) -> tuple[list[Any], list[Rejected]]:
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    rejected: list[Rejected] = []
    profile = Profile(**said)
    source = open_source(str(path), event_type, rejected.append, wait=lambda: True, profile=profile)
    try:
        return list(source), rejected
    finally:
        source.close()


def renamed(**columns: str) -> dict[str, FieldFrom]:
    return {field: FieldFrom((column,)) for field, column in columns.items()}


@pytest.mark.parametrize(
    ("data", "written"),
    [
        ("sensor_id,temperature\na,-3.5\nb,4\n", {}),
        ("\ufeffsensor_id,temperature\r\na,-3.5\r\nb,4\r\n", {}),
        ('"temperature","note","sensor_id"\n-3.5,"x, ""y""\nz","a"\n4,,b', {}),
        ("sensor_id;temperature\na;-3,5\nb;4,0\n", {"delimiter": ";", "decimal": ","}),
        ("sensor_id\ttemperature\na\t-3.5\nb\t4\n", {"delimiter": "\t"}),
        (" sensor_id , temperature \n\na, -3.5\n\nb,4e0\n\n", {}),
        ("sensor,temp\na,-3.5\nb,4\n", {"fields": renamed(sensor_id="sensor", temperature="temp")}),
        ("sensor_id,temperature\na,-3.5\nb,4\n".encode("utf-16"), {"encoding": "utf-16"}),
    ],
    ids=["plain", "bom crlf", "quotes", "german", "tabs", "blanks", "renamed", "utf-16"],
)
def test_csv_as_people_have_it(tmp_path: Path, data: Any, written: Any) -> None:
    assert read(tmp_path / "r.csv", data, **written) == ([A, B], [])


@pytest.mark.parametrize("name", ["r.jsonl", "r.ndjson", "r.json", "r", "r.log"])
def test_json_lines_by_suffix_or_by_the_first_character(tmp_path: Path, name: str) -> None:
    data = '\n{"sensor_id": "a", "temperature": -3.5}\r\n\n{"temperature": 4, "sensor_id": "b"}'
    assert read(tmp_path / name, data) == ([A, B], [])


def test_json_keys_can_be_renamed_like_columns(tmp_path: Path) -> None:
    data = '{"sensor_id": "a", "temp_c": -3.5}'
    assert read(tmp_path / "r", data, fields=renamed(temperature="temp_c")) == ([A], [])


def test_an_empty_input_holds_no_readings(tmp_path: Path) -> None:
    assert read(tmp_path / "r", "") == ([], [])


@pytest.mark.parametrize(
    ("cells", "why"),
    [
        ("a,n/a", "temperature: 'n/a' is not a number"),
        ("a,", "temperature: is empty"),
        ("a,nan", "temperature: nan is not a finite number"),
        ("a,1_0", "temperature: '1_0' is not a number with the decimal mark '.'"),
        ('a,"1,5"', "temperature: '1,5' is not a number with the decimal mark '.'"),
        ("a", "1 cell where the header has 2"),
        ("a,1,2", "3 cells where the header has 2"),
    ],
)
def test_a_bad_row_is_named_with_line_field_and_reason(
    tmp_path: Path, cells: str, why: str
) -> None:
    path = tmp_path / "r.csv"
    events, rejected = read(path, f"sensor_id,temperature\nb,4\n\n{cells}\nb,4\n")
    assert events == [B, B]
    assert [(each.place.shown, each.why) for each in rejected] == [(f"{path}:4", why)]
    assert rejected[0].raw == f"{cells}\n".encode()


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ('{"sensor_id": "a", "temperature": "1 m"}', "temperature: '1 m' is not a number"),
        ('{"sensor_id": "a", "temperature": true}', "temperature: True is not a number"),
        ('{"sensor_id": "a", "temperature": NaN}', "temperature: nan is not a finite number"),
        ('{"sensor_id": "a", "temperature": 1e999}', "temperature: inf is not a finite number"),
        ('{"sensor_id": "a"}', "temperature: is missing"),
        ('{"sensor_id": 1.5, "temperature": 1}', "sensor_id: 1.5 is not a string"),
        ('{"sensor_id": "a", "sensor_id": "b", "temperature": 1}', "sensor_id: appears twice"),
        ("[1]", "an array is not an object"),
        ('{"sensor_id"', "invalid JSON: Expecting ':' delimiter at column 13"),
        ("[" * 100_000, "invalid JSON: nested too deeply"),
    ],
)
def test_a_bad_line_is_named_with_line_field_and_reason(
    tmp_path: Path, line: str, why: str
) -> None:
    path = tmp_path / "r.jsonl"
    good = '{"sensor_id": "b", "temperature": 4}'
    events, rejected = read(path, f"{good}\n{line}\n{good}\n")
    assert events == [B, B]
    assert [(each.place.shown, each.why) for each in rejected] == [(f"{path}:2", why)]
    assert rejected[0].raw == f"{line}\n".encode()


def test_an_unknown_key_is_left_out_and_named_once_or_an_error_where_strict(
    tmp_path: Path,
) -> None:
    line = '{"sensor_id": "a", "temperature": -3.5, "battery": 87}\n'
    told: list[str] = []
    (tmp_path / "r.jsonl").write_text(line * 3)
    source = open_source(
        str(tmp_path / "r.jsonl"), EVENT, print, wait=lambda: True, tell=told.append
    )
    assert list(source) == [A, A, A]
    source.close()
    assert told == ["unused keys: battery"]
    _, rejected = read(tmp_path / "r.jsonl", line, strict=True)
    assert rejected[0].why == "battery: no field takes it"


def test_bytes_that_are_not_in_the_encoding_reject_their_row_alone(tmp_path: Path) -> None:
    data = b"sensor_id,temperature\nk\xfchl,1\nb,4\n"
    (bad, good), _ = read(tmp_path / "r.csv", data)
    assert good == B
    with pytest.raises(UnicodeEncodeError):
        bad.sensor_id.encode()  # no field takes it: the encoder refuses this event
    assert read(tmp_path / "r.csv", data, encoding="cp1252")[0][0].sensor_id == "kühl"


@pytest.mark.parametrize(
    ("data", "written", "error", "why"),
    [
        ("sensor_id\na\n", {}, UsageError, "no column holds temperature"),
        ("", {}, InvalidEvent, "is empty: a CSV file begins with a header row"),
        ("sensor_id,temperature,sensor_id\n", {}, UsageError, "more than one column holds"),
        ("sensor_id,temperature\n", {"fields": renamed(temperature="x")}, UsageError, "no such"),
        ("a\n", {"delimiter": ";;"}, UsageError, "is not one character"),
        ("a\n", {"encoding": "klingon"}, UsageError, "no text encoding that Python knows"),
    ],
)
def test_a_file_that_cannot_be_read_at_all_says_why(
    tmp_path: Path, data: str, written: Any, error: type[Exception], why: str
) -> None:
    with pytest.raises(error, match=why):
        read(tmp_path / "r.csv", data, **written)


@pytest.mark.parametrize("name", ["missing.csv", "."])
def test_a_file_that_is_none_is_a_usage_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=f"read {name}"):
        open_source(name, EVENT, print, wait=lambda: True)


def test_columns_that_no_field_takes_are_told(tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_text("note,sensor_id,temperature,x\n")
    told: list[str] = []
    source = open_source(str(tmp_path / "r.csv"), EVENT, print, wait=lambda: True, tell=told.append)
    assert told == ["unused columns: note, x"]
    source.close()


@pytest.mark.parametrize("pair", ["temp", "=temperature", "a=b"])
def test_a_column_option_names_a_column_and_a_field(pair: str) -> None:
    with pytest.raises(UsageError, match="--column"):
        MappingOptions(columns=(pair,)).over(Profile(), EVENT)
    found = MappingOptions(columns=("a=b=temperature",)).over(Profile(), EVENT)
    assert found.fields == renamed(temperature="a=b")


cell = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"])).filter(str.strip)


@thorough(100)
@given(st.lists(st.tuples(cell, st.floats(allow_nan=False, allow_infinity=False)), max_size=20))
def test_json_lines_give_back_what_was_written(
    tmp_path_factory: pytest.TempPathFactory, values: list[tuple[str, float]]
) -> None:
    events = [FreezerReading(sensor_id=name, temperature=number) for name, number in values]
    lines = (json.dumps({"sensor_id": e.sensor_id, "temperature": e.temperature}) for e in events)
    path = tmp_path_factory.getbasetemp() / "lines.jsonl"
    assert read(path, "\n".join(lines)) == (events, [])


def simulated(count: int = 10, **more: Any) -> Iterator[Any]:
    return iter(Simulator(EVENT, count=count, **more))


def test_the_simulator_does_as_the_tutorials_sensors() -> None:
    readings = list(simulated(300))
    assert [r.sensor_id for r in readings] == [f"sensor{n % 3}" for n in range(300)]
    temperatures = [r.temperature for r in readings]
    assert -5 <= min(temperatures) < -4 < 4 < max(temperatures) <= 5


def test_a_seed_gives_the_same_values_again() -> None:
    assert list(simulated(seed=7)) == list(simulated(seed=7)) != list(simulated(seed=8))


def test_the_simulator_makes_what_any_schema_asks_for() -> None:
    kinds: list[Any] = [
        "boolean", "int", "long", "float", "double", "bytes", "string", ["null", "long"],
        {"type": "array", "items": "int"}, {"type": "map", "values": "int"},
        {"type": "fixed", "name": "F", "size": 3},
        {"type": "enum", "name": "E", "symbols": ["X", "Y"]},
        {"type": "string", "logicalType": "uuid"},
        {"type": "long", "logicalType": "timestamp-millis"},
        {"type": "int", "logicalType": "date"},
        {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2},
        record(("inner", "string"), name="Inner"),
    ]  # fmt: skip
    module = module_of(record(*((f"f{n}", kind) for n, kind in enumerate(kinds))))
    events = list(Simulator(module.EVENT, count=5))
    assert len(events) == 5
    for event in events:
        assert module.encode(event)


@thorough(100)
@given(st.lists(st.text("a;\"\r\n '", max_size=5), min_size=1, max_size=3))
def test_what_is_kept_of_a_rejected_row_reads_as_the_same_row(
    tmp_path_factory: pytest.TempPathFactory, cells: list[str]
) -> None:
    path = tmp_path_factory.mktemp("kept") / "r.csv"
    out = io.StringIO(newline="")
    csv.writer(out).writerow(["bad", *cells])
    _, (rejected,) = read(path, "sensor_id,temperature,a,b,c\n" + out.getvalue())
    assert rejected.raw == out.getvalue().encode()


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+05:00", "9999-12-31T23:00:00-05:00"])
def test_a_time_that_utc_has_no_year_for_is_rejected(tmp_path: Path, at: str) -> None:
    kind = {"type": "long", "logicalType": "timestamp-millis"}
    event_type = module_of(record(("at", kind))).EVENT
    events, (rejected,) = read(tmp_path / "r.csv", f"at\n{at}\n", event_type)
    assert events == []
    assert rejected.why == f"at: {at} is outside the years 1 to 9999 in UTC"


def test_a_number_too_long_for_python_is_rejected(tmp_path: Path) -> None:
    line = '{"sensor_id": "a", "temperature": ' + "1" * 5000 + "}\n"
    events, (rejected,) = read(tmp_path / "r.jsonl", line + '{"sensor_id": "b", "temperature": 4}')
    assert events == [B]
    assert rejected.why.startswith("JSON that cannot be read: Exceeds the limit")


CSV = 'sensor_id,temperature,note\na,1,\n\nb,2,"x\nx"\nc,n/a,\nd,4,5,6\ne,5,\n'
JSONL = '{"sensor_id":"a","temperature":1}\n\n{}\n[]\n{"sensor_id":"e","temperature":5}\n'


@pytest.mark.parametrize(
    ("form", "text", "start_at", "rows", "lines"),
    [
        ("csv", CSV, 1, Rows(6, 1, 2, 3), [2, 4, 8]),
        ("csv", CSV, 6, Rows(3, 0, 2, 1), [8]),
        ("jsonl", JSONL, 1, Rows(5, 1, 2, 2), [1, 5]),
        ("jsonl", JSONL, 3, Rows(3, 0, 2, 1), [5]),
    ],
)
def test_every_row_is_counted_once_also_where_reading_begins_later(
    tmp_path: Path, form: str, text: str, start_at: int, rows: Rows, lines: list[int]
) -> None:
    path = tmp_path / "rows"
    path.write_text(text)
    profile = Profile(form="json" if form == "jsonl" else form)
    source = open_source(
        str(path), EVENT, lambda _: None, wait=lambda: True, profile=profile, start=(start_at, 0)
    )
    places = [source.last for _ in source]
    source.close()
    assert source.rows == rows
    assert source.rows.astray == 0
    assert [place.line for place in places] == lines
    assert places[-1].raw.decode() == text.splitlines(keepends=True)[-1]
    whole = text.encode()
    assert [place.raw for place in places] == [whole[p.begin : p.end] for p in places]
    for place in places:  # to go on behind a reading, wherever that was
        assert ReadingPlace.from_json(place.as_json()).end == place.end
        later = open_source(
            str(path), EVENT, lambda _: None, wait=lambda: True, profile=profile,
            start=(1, place.end),
        )  # fmt: skip
        assert [later.last.line for _ in later] == [n for n in lines if n > place.line]
        later.close()
