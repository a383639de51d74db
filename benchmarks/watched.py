"""What metrics cost a producer: `python -m benchmarks.watched`.

The same events through the same line, with a server of metrics that is asked once in a round and
without; microseconds of processor time of the Python threads, in turn.
"""

from __future__ import annotations

import urllib.request
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, Final

from benchmarks import targets
from benchmarks.parts import took_us
from benchmarks.ways import COMPILED, OURS
from benchmarks.workload import events
from freezer_events import MetricsServer, serve_metrics
from freezer_events.send.fast import unusable

if TYPE_CHECKING:
    from benchmarks.way import BenchTarget, Way

_COUNT: Final = 400_000
_ROUNDS: Final = 9


def deliver(way: Way, target: BenchTarget, given: list[Any], *, watched: bool) -> float:
    """Deliver all events; returns microseconds for each."""
    with (
        serve_metrics("127.0.0.1:0") if watched else nullcontext() as server,
        way.open(target) as run,
    ):

        def act() -> None:
            assert run(given) == len(given)
            if isinstance(server, MetricsServer):
                with urllib.request.urlopen(
                    f"http://{server.address}/metrics", timeout=10
                ) as answer:
                    answer.read()

        return took_us(act, len(given))


def main() -> None:
    """Measure in turn and print what metrics add."""
    given = list(events(_COUNT))
    print("| processor time of an event | without | with metrics | more |\n|---|--:|--:|--:|")
    with targets.mock() as target:
        for way in (OURS, *(() if unusable() else COMPILED[:1])):
            took: dict[bool, list[float]] = {False: [], True: []}
            for _ in range(_ROUNDS):
                for watched, found in took.items():
                    found.append(deliver(way, target, given, watched=watched))
            without, with_metrics = min(took[False]), min(took[True])
            more = (with_metrics / without - 1) * 100
            print(f"| {way.name} | {without:.3f} µs | {with_metrics:.3f} µs | {more:+.1f} % |")


if __name__ == "__main__":
    main()
