"""Peak memory of a million and of ten million: `python -m benchmarks.memory`.

Events are made as they are sent; rows come from a Parquet file. Each run has a process of its own,
and delivers to the mock cluster.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from benchmarks import targets
from benchmarks.ways import COMPILED, PIPELINE
from benchmarks.workload import events
from freezer_events.send.fast import unusable

_COUNTS: Final = (1_000_000, 10_000_000)
_EVENTS: Final = "events"


def deliver_events(count: int) -> None:
    """Deliver events that are made as they are sent."""
    way = PIPELINE if unusable() else COMPILED[-1]
    with targets.mock() as target, way.open(target) as run:
        assert run(events(count)) == count


def deliver_file(path: Path, count: int) -> None:
    """Deliver the rows of a Parquet file."""
    from benchmarks.files import produced  # noqa: PLC0415 - so that events are without pyarrow

    with targets.mock() as target:
        produced(path, target, count, compiled=not unusable())


def written(folder: str, count: int) -> Path:
    """Write a file of so many rows in a process of its own, whose memory is not counted."""
    path = Path(folder) / f"{count}.parquet"
    write = "import sys; from pathlib import Path; from benchmarks.files import written_as_parquet"
    write += "; written_as_parquet(Path(sys.argv[1]), int(sys.argv[2]))"
    subprocess.run([sys.executable, "-c", write, str(path), str(count)], check=True)
    return path


def peak_mb(what: str, count: int) -> int:
    """Deliver in a new process; returns its largest resident set in MB."""
    command = [sys.executable, "-m", "benchmarks.memory", what, str(count)]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def main(given: list[str]) -> None:
    """Measure one here, or all of them, each in a new process."""
    if given:
        what, count = given[0], int(given[1])
        deliver_events(count) if what == _EVENTS else deliver_file(Path(what), count)
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
        return
    with tempfile.TemporaryDirectory() as folder:
        for name in (_EVENTS, "rows of Parquet"):
            peaks = []
            for count in _COUNTS:
                what = name if name == _EVENTS else str(written(folder, count))
                peaks.append(peak_mb(what, count))
                print(f"{count:>12,} {name}: peak {peaks[-1]} MB resident", flush=True)
            print(f"ratio {peaks[-1] / peaks[0]:.2f}")


if __name__ == "__main__":
    main(sys.argv[1:])
