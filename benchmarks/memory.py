"""Peak memory of one and of ten million events: `python -m benchmarks.memory`.

Each run has a process of its own; events are made as they are sent, on the mock cluster.
"""

from __future__ import annotations

import resource
import subprocess
import sys
from typing import Final

from benchmarks import targets
from benchmarks.ways import COMPILED, PIPELINE
from benchmarks.workload import events
from freezer_events.send.fast import unusable

_COUNTS: Final = (1_000_000, 10_000_000)


def peak_mb(count: int) -> float:
    """Produce in this process; returns its largest resident set in MB."""
    way = PIPELINE if unusable() else COMPILED[-1]
    with targets.mock() as target, way.open(target) as run:
        assert run(events(count)) == count
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main(counts: list[str]) -> None:
    """Measure one count here, or all of them, each in a new process."""
    if counts:
        print(f"{peak_mb(int(counts[0])):.0f}")
        return
    peaks = []
    for count in _COUNTS:
        command = [sys.executable, "-m", "benchmarks.memory", str(count)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        peaks.append(int(done.stdout))
        print(f"{count:>12,} events: peak {peaks[-1]} MB resident", flush=True)
    print(f"ratio {peaks[-1] / peaks[0]:.2f}")


if __name__ == "__main__":
    main(sys.argv[1:])
