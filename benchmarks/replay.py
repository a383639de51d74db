"""A CSV of five million rows, from file to broker: `python -m benchmarks.replay [ROWS]`.

Rows are read, checked, encoded, delivered and counted as `freezer produce --from` does it. On the
Kafka of the container where that runs, else on the mock cluster.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks import targets
from benchmarks.events import BenchReading
from benchmarks.way import FLUSH_S
from benchmarks.ways import producer_to
from benchmarks.workload import events
from freezer_events.console.stop import Stop
from freezer_events.send.pipeline import Pipeline
from freezer_events.sources import open_source

if TYPE_CHECKING:
    from benchmarks.way import BenchTarget
    from freezer_events.sources import Rejected

_ROWS: Final = 5_000_000


def written(path: Path, rows: int) -> None:
    """Write the file; not part of what is measured."""
    with path.open("w", encoding="utf-8") as out:
        out.write("reading_id,sensor_id,temperature,state,recorded_at,note\n")
        for each in events(rows):
            values = (each.reading_id, each.sensor_id, each.temperature, each.state)
            out.write(f"{','.join(map(str, values))},{each.recorded_at.isoformat()},")
            out.write(f"{each.note or ''}\n")


def refuse(found: Rejected) -> None:
    """Every row of ours is good."""
    raise AssertionError(found)


def replay(path: Path, target: BenchTarget) -> tuple[int, float]:
    """Produce the file; returns how many rows were delivered, and the seconds it took."""
    with producer_to(target) as producer:
        pipeline = Pipeline(producer, Stop(), flush_s=FLUSH_S)
        started = time.perf_counter()
        source = open_source(str(path), BenchReading.__event__, refuse, wait=pipeline.wait)
        tally = pipeline.run(source)
        source.close()
    return tally.delivered, time.perf_counter() - started


def main(rows: int) -> None:
    """Measure once and print."""
    with tempfile.TemporaryDirectory() as folder, targets.real() as real:
        path = Path(folder) / "readings.csv"
        written(path, rows)
        if real is not None:
            delivered, took = replay(path, real)
        else:
            with targets.mock() as target:
                delivered, took = replay(path, target)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    where = "Kafka in a container" if real else "mock cluster"
    print(f"{delivered:,} rows in {took:.1f} s, {delivered / took:,.0f} rows/s, {where}")
    print(f"peak {peak:.0f} MB resident")


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else _ROWS)
