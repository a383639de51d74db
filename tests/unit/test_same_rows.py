"""The same rows as CSV, as lines of JSON and as Parquet: the same readings, the same rejects."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from freezer_events.errors import UsageError
from freezer_events.sources import FieldFrom, Profile
from tests.support.readings import Taken, outcome

if TYPE_CHECKING:
    from pathlib import Path

    Row = dict[str, Any]

FORMS = ("csv", "jsonl", "parquet")
WIDE = 2**53 + 1


def written(folder: Path, form: str, rows: list[Row]) -> Path:
    path = folder / f"rows.{form}"
    if form == "parquet":
        parquet.write_table(pa.Table.from_pylist(rows), path)
    elif form == "jsonl":
        path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    else:
        with path.open("w", newline="") as file:
            to = csv.DictWriter(file, rows[0])
            to.writeheader()
            to.writerows({name: _cell(value) for name, value in row.items()} for row in rows)
    return path


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def taken(folder: Path, rows: list[Row], said: Profile) -> dict[str, Taken]:
    return {form: outcome(written(folder, form, rows), said) for form in FORMS}


def joined(*columns: str, field: str) -> Profile:
    return Profile(fields={field: FieldFrom(columns=columns)})


@pytest.mark.parametrize(
    ("rows", "said", "keys", "rejected"),
    [
        (
            [("A", 1), (None, 2), ("B", None), (None, None), ("C", 3)],
            joined("room", "number", field="sensor_id"),
            ["A 1", "2", "B", "C 3"],
            [3],
        ),
        (
            [(True, 1), (False, 2)],
            joined("room", "number", field="sensor_id"),
            ["true 1", "false 2"],
            [],
        ),
        (
            [("A", 1), ("B", 2), (None, 3)],
            Profile(fields={"sensor_id": FieldFrom(columns=("room",))}, where="sensor_id != 'B'"),
            ["A"],
            [2],
        ),
        (
            [("A", str(WIDE)), ("B", str(WIDE - 1)), ("C", "0." + "12345" * 5)],
            Profile(fields={k: FieldFrom(columns=(c,)) for k, c in
                            (("sensor_id", "room"), ("temperature", "number"))}),
            ["B", "C"],
            [0],
        ),
        (
            [("é" * 200_000, 1), ("B", 2)],
            Profile(fields={"sensor_id": FieldFrom(columns=("room",))}),
            ["é" * 200_000, "B"],
            [],
        ),
    ],
    ids=["join", "join words", "where", "digits", "long"],
)  # fmt: skip
def test_they_end_alike(
    tmp_path: Path, rows: list[tuple[Any, Any]], said: Profile, keys: list[str], rejected: list[int]
) -> None:
    of_time = "temperature" in said.fields
    given = [
        {"room": room, "number": number} | ({} if of_time else {"temperature": 1.5})
        for room, number in rows
    ]
    for form, found in taken(tmp_path, given, said).items():
        assert [each.sensor_id for each in found.events] == keys, form
        lines = [each.place.line - (2 if form == "csv" else 1) for each in found.rejected]
        assert lines == rejected, (form, found.rejected)


@pytest.mark.parametrize("time", [None, "12:00:00"])
def test_half_of_a_joined_time_is_no_time(tmp_path: Path, time: str | None) -> None:
    rows = [{"sensor_id": "a", "temperature": 1.5, "day": "2026-01-31", "time": time}]
    said = Profile(
        fields={"recorded_at": FieldFrom(columns=("day", "time"))},
        time_zone=FieldFrom(constant="UTC"),
    )
    for form, found in taken(tmp_path, rows, said).items():
        assert (len(found.events), len(found.rejected)) == ((1, 0) if time else (0, 1)), form
        assert all("the time of day is missing" in each.fix for each in found.rejected)


def test_a_condition_on_what_is_not_there_is_refused_or_told(tmp_path: Path) -> None:
    rows = [{"sensor_id": "a", "temperature": 1.5}]
    found = taken(tmp_path, rows, Profile(where="temprature > 1"))
    for form in ("csv", "parquet"):
        assert isinstance(found[form].error, UsageError)
        assert "--where temprature: there is neither such a field nor a column" in str(
            found[form].error
        )
    assert found["jsonl"].error is None  # another object may have it
    assert found["jsonl"].rows.unanswered == 1
