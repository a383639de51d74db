"""From file to mock cluster, CSV beside Parquet: `python -m benchmarks.files [ROWS]`.

Rows are read, checked, encoded, delivered and counted as `freezer produce --from` does it. The mock
cluster is a process of its own, which has the machine's other core.
"""

from __future__ import annotations

import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
from pyarrow import parquet

from benchmarks import targets
from benchmarks.events import BenchReading
from benchmarks.measure import interleaved
from benchmarks.replay import refuse, written
from benchmarks.report import machine, table
from benchmarks.way import FLUSH_S
from benchmarks.ways import producer_to
from benchmarks.workload import events
from freezer_events.avro.forms import to_json
from freezer_events.console.stop import Stop
from freezer_events.send.fast import unusable
from freezer_events.send.pipeline import Pipeline
from freezer_events.sources import open_source
from freezer_events.sources.columnar import ColumnarSource

if TYPE_CHECKING:
    from collections.abc import Iterable

    from benchmarks.way import BenchTarget

ROWS: Final = 1_000_000
ROUNDS: Final = 3
_SHOWN: Final = 10  # the first ones, which `freezer produce` shows
_AT_ONCE: Final = 100_000


def written_as_parquet(path: Path, rows: int) -> None:
    """Write the same rows as `written` does, in the types of the event."""
    schema = pa.schema(
        [
            ("reading_id", pa.string()),
            ("sensor_id", pa.string()),
            ("temperature", pa.float64()),
            ("state", pa.dictionary(pa.int8(), pa.string())),
            ("recorded_at", pa.timestamp("ms", "UTC")),
            ("note", pa.string()),
        ]
    )
    with parquet.ParquetWriter(path, schema) as writer:
        part: list[Any] = []
        for each in events(rows):
            part.append(to_json(each) | {"recorded_at": each.recorded_at})
            if len(part) == _AT_ONCE:
                writer.write_table(pa.Table.from_pylist(part, schema))
                part.clear()
        writer.write_table(pa.Table.from_pylist(part, schema))


def produced(path: Path, target: BenchTarget, rows: int, *, compiled: bool) -> float:
    """Produce a file; returns rows per second."""
    with producer_to(target, compiled=compiled) as producer:
        pipeline = Pipeline(
            producer, Stop(), flush_s=FLUSH_S, on_report=lambda *_: None, reports=_SHOWN
        )
        started = time.perf_counter()
        source = open_source(str(path), BenchReading.__event__, refuse, wait=pipeline.wait)
        found: Iterable[Any] = source
        if isinstance(source, ColumnarSource):
            found = source.in_runs(_SHOWN, compiled=compiled)
        tally = pipeline.run(found, source=source)
        source.close()
        took = time.perf_counter() - started
    assert tally.delivered == rows, tally
    return rows / took


def main(rows: int) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder, targets.mock() as target:
        csv, columns = Path(folder) / "readings.csv", Path(folder) / "readings.parquet"
        written(csv, rows)
        written_as_parquet(columns, rows)
        ways = {
            "CSV, Python alone": partial(produced, csv, target, rows, compiled=False),
            "Parquet, Python alone": partial(produced, columns, target, rows, compiled=False),
        }
        if not unusable():
            ways["CSV, compiled"] = partial(produced, csv, target, rows, compiled=True)
            ways["Parquet, compiled"] = partial(produced, columns, target, rows, compiled=True)
        found = interleaved(ways, ROUNDS)
    print(f"{machine()}; medians of {ROUNDS} interleaved rounds of {rows:,} rows\n")
    print(table("from file to mock cluster", found, "CSV, Python alone"))


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else ROWS)
