"""CSV cells of every kind that an event with identity, state and time has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.events import BenchReading
from benchmarks.replay import written
from benchmarks.workload import events
from freezer_events.sources import open_source

if TYPE_CHECKING:
    from pathlib import Path

    from freezer_events.sources import Rejected


def _none() -> list[Rejected]:
    return []


def test_a_file_of_uuids_enums_times_and_missing_notes_comes_back_as_the_events(
    tmp_path: Path,
) -> None:
    path, rejected = tmp_path / "readings.csv", _none()
    written(path, 100)
    source = open_source(str(path), BenchReading.__event__, rejected.append, wait=lambda: True)
    assert list(source) == list(events(100))
    assert rejected == []
    source.close()
