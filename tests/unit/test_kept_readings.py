"""`freezer produce --undelivered`: what is left can be fed in again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from freezer_events.cli.kept_readings import KeptReadings, next_place
from freezer_events.errors import UsageError
from freezer_events.events import FreezerReading
from freezer_events.kafka.codes import Outcome
from freezer_events.send.pipeline import Undelivered
from freezer_events.sources import Profile, open_source

if TYPE_CHECKING:
    from pathlib import Path

EVENT = FreezerReading.__event__
OUTCOMES = [Outcome.UNCONFIRMED, Outcome.FAILED, None, Outcome.FAILED]


def test_rows_go_back_in_their_order_with_header_and_encoding_and_what_may_be_there_apart(
    tmp_path: Path,
) -> None:
    text = 'sensor_id;temperature\ncafé;1,5\n"a;b";2,5\nc;3,5\nd;4,5\n'
    (tmp_path / "in.csv").write_bytes(text.encode("latin-1"))
    path = str(tmp_path / "in.csv")
    profile = Profile(form="csv", delimiter=";", decimal=",", encoding="latin-1")
    source = open_source(path, EVENT, lambda _: None, wait=lambda: True, profile=profile)
    read = [(event, source.last) for event in source]
    lost = [
        Undelivered(event, place, outcome)
        for (event, place), outcome in zip(read, OUTCOMES, strict=True)
    ]
    kept = KeptReadings(str(tmp_path / "left.csv"), [path])
    counts = {path.name: count for path, count in kept.write(lost[::-1], source)}
    source.close()
    assert counts == {"left.csv": 3, "left.unconfirmed.csv": 1}
    header, first, *rest = text.splitlines(keepends=True)
    assert (tmp_path / "left.csv").read_bytes() == "".join([header, *rest]).encode("latin-1")
    assert (tmp_path / "left.unconfirmed.csv").read_bytes() == f"{header}{first}".encode("latin-1")
    with pytest.raises(UsageError, match="is there already"):
        KeptReadings(str(tmp_path / "left.csv"), [path])
    (tmp_path / "left.2.unconfirmed.csv").write_text("another's")
    assert kept.another() == str(tmp_path / "left.3.csv")
    assert KeptReadings(str(tmp_path / "left.3.csv"), [path]).another() is None


def test_simulated_readings_are_kept_as_json_lines(tmp_path: Path) -> None:
    events = [FreezerReading(sensor_id="é", temperature=float(n)) for n in range(2)]
    kept = KeptReadings(str(tmp_path / "left.jsonl"))
    list(kept.write([Undelivered(event, None, Outcome.FAILED) for event in events], None))
    lines = (tmp_path / "left.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line) for line in lines] == [
        {"sensor_id": "é", "temperature": float(n)} for n in range(2)
    ]


def test_where_the_input_goes_on(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("sensor_id,temperature\na,1\nb,2\nc,3\n")
    name = str(tmp_path / "in.csv")
    source = open_source(name, EVENT, lambda _: None, wait=lambda: True)
    read = [Undelivered(event, source.last, Outcome.FAILED) for event in source]
    source.close()
    assert next_place(source, read[1:], kept=False, ended=True) == (name, 3)
    assert next_place(source, read[1:], kept=True, ended=False) == (name, 5)
    assert next_place(source, read[1:], kept=True, ended=True) is None
    assert next_place(source, [], kept=False, ended=False) == (name, 5)
    assert next_place(source, [], kept=False, ended=True) is None
    assert next_place(None, read, kept=False, ended=False) is None
