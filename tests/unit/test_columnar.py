"""Parquet, Feather and Arrow files as a source: each value as it was, or refused by name."""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import sys
import tracemalloc
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote
from uuid import UUID
from zipfile import ZipFile

import pyarrow as pa
import pytest
from pyarrow import feather
from pyarrow import parquet as pq

from freezer_events.avro.forms import to_json
from freezer_events.cli.kept_rows import KeptRows
from freezer_events.errors import EventError, UsageError
from freezer_events.sources import FieldFrom, Profile, expanded, open_source
from freezer_events.sources.columnar import ColumnarSource
from tests.support.cli import Freezer
from tests.support.generated import module_of
from tests.support.readings import Taken, outcome, version_3

if TYPE_CHECKING:
    from freezer_events.sources import Rejected

NOON = datetime(2026, 1, 31, 12, 0, 0, 123_000, tzinfo=UTC)
ID = UUID("12345678-1234-5678-1234-567812345678")


def written(path: Path, columns: dict[str, Any]) -> Path:
    table = pa.table(columns)
    if path.suffix == ".parquet":
        pq.write_table(table, path, row_group_size=2, write_page_checksum=True)
    else:
        feather.write_feather(table, path)
    return path


def readings(**more: Any) -> dict[str, Any]:
    return {"sensor_id": ["sensor0", "sensor1", "sensor2"], "temperature": [-18.1, -17, 2]} | more


def one(avro: Any, column: Any, path: Path, said: Profile = Profile()) -> Taken:  # noqa: B008
    """Read one column into one field."""
    schema = {"type": "record", "name": "One", "fields": [{"name": "value", "type": avro}]}
    kind = module_of(schema, key="", event="one", version=1, topic="one").EVENT
    own = isinstance(column, pa.Array) and column.type in _NOT_IN_PARQUET
    return outcome(
        written(path / f"one.{'feather' if own else 'parquet'}", {"value": column}), said, kind
    )


# Parquet has no such type, or keeps its values as those of another one.
_NOT_IN_PARQUET = (pa.date64(), pa.run_end_encoded(pa.int64(), pa.int64()))


def logical(base: str, name: str, **more: int) -> dict[str, Any]:
    return {"type": base, "logicalType": name, **more}


FIXED = {"type": "fixed", "name": "Id", "size": 16, "logicalType": "uuid"}
ENUM = {"type": "enum", "name": "Door", "symbols": ["OPEN", "SHUT"]}
INNER = {"type": "record", "name": "In", "fields": [{"name": "n", "type": "long"}]}
STAMP = pa.timestamp("ns", "UTC")


@pytest.mark.parametrize(
    ("avro", "column", "value"),
    [
        ("string", pa.array(["é"], pa.large_string()), "é"),
        ("string", pa.array(["é"], pa.string_view()), "é"),
        ("string", pa.array(["é".encode()], pa.binary()), "é"),
        ("string", pa.array(["a"]).dictionary_encode(), "a"),
        ("bytes", pa.array([b"\0\xff"], pa.large_binary()), b"\0\xff"),
        ("long", pa.array([2**63 - 1], pa.uint64()), 2**63 - 1),
        ("double", pa.array([0.1], pa.float64()), 0.1),
        ("boolean", pa.array([True]), True),
        (logical("bytes", "decimal", precision=6, scale=2), [Decimal("-18.10")], Decimal("-18.10")),
        (logical("long", "timestamp-millis"), pa.array([NOON], STAMP), NOON),
        (logical("long", "timestamp-nanos"), pa.array([1_000_000_001], STAMP), 1_000_000_001),
        (logical("int", "date"), [date(2026, 1, 31)], date(2026, 1, 31)),
        (logical("int", "time-millis"), [time(1, 2, 3, 4000)], time(1, 2, 3, 4000)),
        (logical("string", "uuid"), [str(ID)], ID),
        (FIXED, pa.array([ID.bytes], pa.binary(16)), ID),
        (ENUM, pa.array(["SHUT"]).dictionary_encode(), "SHUT"),
        ({"type": "array", "items": "long"}, [[1, 2]], [1, 2]),
        ({"type": "map", "values": "long"}, pa.array([[("a", 1)]], pa.map_("string", "int64")),
         {"a": 1}),
        (["null", "string"], pa.array([None], pa.string()), None),
        (["null", "string", "long"], [7], 7),
        ("double", [Decimal("-18.10")], -18.1),
        ("double", pa.array([Decimal(2**53)], pa.decimal128(38, 0)), 2.0**53),
        ("long", pa.RunEndEncodedArray.from_arrays([1], [7]), 7),
        (logical("int", "date"), pa.array([86_400_000], pa.date64()), date(1970, 1, 2)),
    ],
)  # fmt: skip
def test_a_value_of_a_column_is_the_value_of_the_event(
    tmp_path: Path, avro: Any, column: Any, value: Any
) -> None:
    found = one(avro, column, tmp_path)
    assert [each.value for each in found.events] == [value], found.rejected


def test_a_struct_is_a_record_and_a_null_in_it_is_none(tmp_path: Path) -> None:
    found = one(["null", INNER], [{"n": 3}, None], tmp_path)
    assert [to_json(each) for each in found.events] == [{"value": {"n": 3}}, {"value": None}]


@pytest.mark.parametrize(
    ("avro", "column", "why"),
    [
        ("long", pa.array([2**63], pa.uint64()), "9223372036854775808"),
        ("long", [1.5], "1.5"),
        ("double", [float("nan")], "nan"),
        ("string", pa.array([b"\xff"], pa.binary()), "is not a string"),
        (logical("long", "timestamp-micros"), pa.array([1], STAMP), "00.000000001Z"),
        (logical("long", "timestamp-millis"), pa.array([NOON.replace(tzinfo=None)]), "zone"),
        (logical("bytes", "decimal", precision=6, scale=1), [Decimal("-18.15")], "after the point"),
        (logical("int", "time-millis"), pa.array([1], pa.time64("ns")), "00:00:00.000000001"),
        ({"type": "map", "values": "long"},
         pa.array([[("a", 1), ("a", 2)]], pa.map_("string", "int64")), "is not an object"),
        ("long", pa.array([5], pa.duration("s")), "duration"),
        ("double", pa.array([Decimal(2**53 + 1)], pa.decimal128(38, 0)), "too many digits"),
        ("double", [Decimal("0.12345678901234567890123")], "too many digits"),
        (logical("int", "date"),
         pa.array([86_400_001], pa.int64()).view(pa.date64()), "within a day"),
    ],
)  # fmt: skip
def test_a_value_that_does_not_fit_is_refused_not_changed(
    tmp_path: Path, avro: Any, column: Any, why: str
) -> None:
    found = one(avro, column, tmp_path)
    assert not found.events
    assert [why in each.why for each in found.rejected] == [True], found.rejected


def test_a_time_without_a_zone_is_taken_once_the_zone_is_said(tmp_path: Path) -> None:
    said = Profile(time_zone=FieldFrom(constant="+02:00"))
    times = pa.array([datetime(2026, 1, 31, 14)], pa.timestamp("us"))  # noqa: DTZ001 - it has none
    found = one(logical("long", "timestamp-millis"), times, tmp_path, said)
    assert [each.value for each in found.events] == [datetime(2026, 1, 31, 12, tzinfo=UTC)]


def test_a_rejected_row_is_a_line_that_goes_in_again_once_it_is_corrected(tmp_path: Path) -> None:
    columns = readings(recorded_at=pa.array([NOON] * 3, pa.timestamp("us", "UTC")))
    columns["temperature"] = pa.array([-18.1, None, 2.0])
    found = outcome(written(tmp_path / "in.parquet", columns))
    assert [(each.place.line, each.why) for each in found.rejected] == [
        (2, "temperature: None is not a number")
    ]
    row = json.loads(found.rejected[0].raw)
    assert row == {"sensor_id": "sensor1", "temperature": None, "recorded_at": NOON_TEXT}
    (tmp_path / "again.jsonl").write_text(json.dumps(row | {"temperature": -17.5}))
    (again,) = outcome(tmp_path / "again.jsonl").events
    assert (again.temperature, again.recorded_at) == (-17.5, NOON)


NOON_TEXT = "2026-01-31T12:00:00.123Z"


def test_folders_of_a_data_lake_give_columns_and_what_holds_no_rows_is_left_out(
    tmp_path: Path,
) -> None:
    for number in range(2):
        folder = tmp_path / f"sensor_id=F{number}" / "site=a%2Fb"
        folder.mkdir(parents=True)
        written(folder / "part-0.parquet", {"temperature": [float(number)]})
        written(folder / "empty.parquet", {"temperature": pa.array([], "float64")})
    (tmp_path / "_SUCCESS").touch()
    names = expanded([str(tmp_path)])
    assert len(names) == 4
    found = [(each.sensor_id, each.temperature) for n in names for each in outcome(Path(n)).events]
    assert found == [("F0", 0.0), ("F1", 1.0)]


@pytest.mark.parametrize("suffix", [".parquet", ".feather"])
def test_a_file_that_is_cut_off_is_refused_at_once(tmp_path: Path, suffix: str) -> None:
    path = written(tmp_path / f"in{suffix}", readings())
    path.write_bytes(path.read_bytes()[:-20])
    error = outcome(path).error
    assert isinstance(error, UsageError)
    assert "get the file whole" in str(error)


def test_a_damaged_page_ends_the_run_with_what_came_before_it(tmp_path: Path) -> None:
    columns = {"sensor_id": [f"s{n}" for n in range(20_000)], "temperature": [1.5] * 20_000}
    path = tmp_path / "in.parquet"
    pq.write_table(
        pa.table(columns), path, row_group_size=5000, compression="none",
        use_dictionary=False, write_page_checksum=True,
    )  # fmt: skip
    data = bytearray(path.read_bytes())
    at = data.index(b"s12345")
    data[at + 1] ^= 1  # a digit that is another one now
    path.write_bytes(data)
    found = outcome(path)
    assert isinstance(found.error, EventError)
    assert "CRC" in str(found.error)
    assert len(found.events) <= 12_345
    assert all(each.sensor_id == f"s{n}" for n, each in enumerate(found.events))


def test_two_columns_of_one_name_are_refused(tmp_path: Path) -> None:
    table = pa.table([pa.array(["a"]), pa.array([1.0]), pa.array([2.0])],
                     names=["sensor_id", "temperature", "temperature"])  # fmt: skip
    pq.write_table(table, tmp_path / "in.parquet")
    assert "is there twice" in str(outcome(tmp_path / "in.parquet").error)


def test_without_pyarrow_the_command_that_installs_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path / "in.parquet", readings())
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert "pip install 'freezer-events[arrow]'" in str(outcome(path).error)


def test_options_and_rejects_work_as_for_other_files(tmp_path: Path) -> None:
    columns = {"id": ["a", "b", "c"], "temp_c": ["1", "warm", "3.5"], "door": ["x"] * 3}
    written(tmp_path / "in.parquet", columns)
    given = ("produce", "--from", "in.parquet", "--path", "id=sensor_id",
             "--column", "temp_c=temperature", "--where", "sensor_id != 'c'",
             "--dry-run")  # fmt: skip
    done = Freezer(tmp_path)(*given, "--on-bad", "skip")
    assert done.stdout.startswith("dry run: 2 readings read, 1 rejected, 1 good"), done.stderr
    assert "skipped in.parquet:2: temperature: 'warm' is not a number" in done.stderr
    assert "unused keys: door" in done.stderr
    with pytest.raises(UsageError, match=r"--rejects bad\.jsonl"):
        KeptRows("--rejects", "bad.parquet", ["in.parquet"], named=False)


def test_inputs_of_one_name_in_several_folders_keep_their_rows_apart(tmp_path: Path) -> None:
    names = ["a/part-0.parquet", "b/part-0.parquet", "c/other.csv"]
    kept = KeptRows("--rejects", f"{tmp_path}/bad/", names, named=False)
    paths = [kept.path_of(each) for each in names]
    assert len(set(paths)) == 3
    assert [each.suffix for each in paths] == [".jsonl", ".jsonl", ".csv"]
    assert paths[2].name == "other.csv"


def test_names_that_a_uri_has_to_quote_are_those_of_the_local_folder(tmp_path: Path) -> None:
    """Spark writes such names for the values of partitions."""
    names = ["a b", "50%25", "F%2F2", "x#y", "é", "q?a=1&b", "+1"]
    for number, name in enumerate(names):
        folder = tmp_path / "the lake" / f"sensor_id={name}"
        folder.mkdir(parents=True)
        written(folder / "part.parquet", {"temperature": [float(number)]})
    here = [*map(str, expanded([str(tmp_path / "the lake")]))]
    for uri in ((tmp_path / "the lake").as_uri(), f"file://{tmp_path}/the lake"):
        there = expanded([uri])
        assert len(there) == len(names)
        found = {(e.sensor_id, e.temperature) for each in there for e in _events(each)}
        assert found == {(e.sensor_id, e.temperature) for each in here for e in _events(each)}
    assert {key for key, _ in found} == {unquote(name) for name in names}


def _events(name: str) -> list[Any]:
    source = open_source(name, version_3(), _refuse, wait=lambda: True)
    found = list(source)
    source.close()
    return found


def _refuse(found: Rejected) -> None:
    raise AssertionError(found)


def test_a_columnar_file_that_is_packed_is_named_for_what_it_is(tmp_path: Path) -> None:
    for suffix in ("parquet", "feather"):
        path = written(tmp_path / f"rows.{suffix}", readings())
        packed = tmp_path / f"rows.{suffix}.gz"
        packed.write_bytes(gzip.compress(path.read_bytes()))
        zipped = tmp_path / f"{suffix}.zip"
        with ZipFile(zipped, "w") as archive:
            archive.write(path, path.name)
        for name in (packed, *expanded([str(zipped)])):
            found = outcome(Path(str(name))).error
            assert found is not None
            assert "what is packed in it is a" in found.why
            assert found.fix.startswith("unpack it, and name the file")


def test_a_store_is_read_by_its_uri_and_a_spool_knows_its_files(tmp_path: Path) -> None:
    for day in (1, 2):
        folder = tmp_path / "lake" / f"day={day}"
        folder.mkdir(parents=True)
        written(folder / "part.parquet", readings())
    (tmp_path / "lake" / "_SUCCESS").touch()
    uri = (tmp_path / "lake").as_uri()
    freezer = Freezer(
        tmp_path, {"BOOTSTRAP_SERVERS": "localhost:1", "SCHEMA_REGISTRY_URL": "http://localhost:1"}
    )
    into = ("produce", "--from", uri, "--spool", "spool", "--give-up-after", "1", "--quiet")
    first = freezer(*into)
    assert first.returncode == 6, first.stderr
    assert "6 readings read, 0 delivered, 6 spooled" in first.stdout
    assert "nothing to do" in freezer(*into).stderr
    written(tmp_path / "lake" / "day=2" / "part.parquet", readings())  # written anew
    assert "holds other readings than when it was read" in freezer(*into).stderr

    shard = ("--dry-run", "--output", "json", "--quiet", "--shard")
    for number in range(2):
        done = freezer("produce", "--from", uri, *shard, f"{number}/2")
        (tmp_path / f"{number}.json").write_text(done.stdout)
    assert "6 rows, 6 read" in freezer("tally", "0.json", "1.json").stdout


@pytest.mark.parametrize(
    ("uri", "why"),
    [
        ("s3://key:geheim@bucket/year", "read s3://…@bucket/year: has credentials in its name"),
        ("file:///nowhere/at/all", "there is no such file or folder"),
        ("gopher://bucket/year", "gopher"),
        ("file://{}/rows.csv", "is in a store, from which Parquet, Arrow and Feather files are"),
        ("file://{}/empty", "the folder holds no file"),
    ],
)
def test_what_a_store_does_not_have_is_named(tmp_path: Path, uri: str, why: str) -> None:
    (tmp_path / "rows.csv").write_text("sensor_id,temperature\na,1\n")
    (tmp_path / "empty").mkdir()
    done = Freezer(tmp_path, {})("produce", "--from", uri.format(tmp_path), "--dry-run")
    assert done.returncode == 2
    assert why in done.stderr
    assert "geheim" not in done.stderr


def test_a_dry_run_refuses_a_time_that_the_run_would_refuse(tmp_path: Path) -> None:
    written(tmp_path / "rows.parquet", readings())
    done = Freezer(tmp_path, {})(
        "produce", "--from", "rows.parquet", "--dry-run", "--timestamp", "recorded_at"
    )
    assert done.returncode == 2
    assert "has no such field" in done.stderr


def test_a_file_in_the_format_of_streams_is_read_to_its_end(tmp_path: Path) -> None:
    table = pa.table(readings(sensor_id=["a", "b", "c"], temperature=[1.0, 2.0, 3.0]))
    path, ends = tmp_path / "rows.arrows", []
    with path.open("wb") as file, pa.ipc.new_stream(file, table.schema) as writer:
        for _ in range(3):
            writer.write_table(table)
            ends.append(file.tell())
    whole = path.read_bytes()
    assert (len(outcome(path).events), outcome(path).error) == (9, None)
    for wrong, count in (
        *((whole[:end], 3 * n) for n, end in enumerate(ends, 1)),
        *((whole[: end - 8], 3 * n) for n, end in enumerate(ends)),
        (whole + whole, 9),
        (whole + b"more", 9),
    ):
        path.write_bytes(wrong)
        found = outcome(path)
        assert len(found.events) == count
        assert found.error
        assert "get the file whole" in found.error.fix


@pytest.mark.parametrize("suffix", [".parquet", ".feather", ".arrows"])
def test_memory_holds_a_part_of_a_file_however_long_it_is(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"rows{suffix}"
    part = pa.table({"sensor_id": [os.urandom(500).hex()] * 10_000, "temperature": [1.0] * 10_000})
    with contextlib.ExitStack() as stack:
        if suffix == ".parquet":
            plain: dict[str, Any] = {"use_dictionary": False, "compression": "none"}
            to: Any = stack.enter_context(pq.ParquetWriter(path, part.schema, **plain))
        else:
            make = pa.ipc.new_file if suffix == ".feather" else pa.ipc.new_stream
            to = stack.enter_context(make(str(path), part.schema))
        for _ in range(20):
            to.write_table(part)
    rejected: list[Any] = []
    source = open_source(str(path), version_3(), rejected.append, wait=lambda: True)
    assert isinstance(source, ColumnarSource)
    tracemalloc.start()  # what Arrow reads with a file of Python's is memory of Python's
    try:
        before = pa.total_allocated_bytes()
        peak = max(pa.total_allocated_bytes() - before for _ in source.in_runs(1))
        peak += tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
        source.close()
    assert (source.rows.used, rejected) == (200_000, [])
    assert peak < path.stat().st_size / 3
