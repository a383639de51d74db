"""Run the benchmarks: `python -m benchmarks`, with `--quick` in a minute."""

from __future__ import annotations

import argparse
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from benchmarks import spooled, targets
from benchmarks.arrived import prove
from benchmarks.from_c import LIMIT
from benchmarks.measure import Row, deliver, interleaved
from benchmarks.peers import MISSING, PEERS, avro_serializer
from benchmarks.report import as_json, machine, table, write
from benchmarks.ways import COMPILED, CONFLUENT, OURS, PIPELINE, READY
from benchmarks.workload import events
from freezer_events.avro.fast import encoder
from freezer_events.send.fast import unusable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmarks.way import BenchTarget, Way

_HERE: Final = Path(__file__).parent
_SLOW: Final = 5  # peers get a fifth of the events: the slowest need minutes otherwise


def encoding(rounds: int, count: int) -> Sequence[Row]:
    """Measure encoding alone, ours and AvroSerializer's."""
    from benchmarks.events import BenchReading  # noqa: PLC0415

    given = list(events(count))

    def rate(encode: Callable[[Any], Any]) -> float:
        started = time.perf_counter()
        for event in given:
            encode(event)
        return count / (time.perf_counter() - started)

    with targets.mock() as target:
        event_type = BenchReading.__event__
        ways = {
            "freezer-events": event_type.encode,
            "AvroSerializer": avro_serializer(target),
        }
        if not unusable():
            ways["freezer-events compiled"] = encoder(event_type)
        return interleaved({name: partial(rate, encode) for name, encode in ways.items()}, rounds)


def delivering(
    target: BenchTarget, ways: Sequence[Way], rounds: int, count: int, *, built: bool
) -> Sequence[Row]:
    """Measure rows end to end, once each has shown that its events arrive; peers with fewer."""
    for way in ways:
        prove(way, target)
    actions = {
        way.name: partial(
            deliver, way, target, count // _SLOW if way in PEERS else count, built=built
        )
        for way in ways
    }
    return interleaved(actions, rounds)


def main(rounds: int, count: int, *, quick: bool) -> None:
    """Measure, print, and keep the results."""
    own = [OURS, PIPELINE, *(() if unusable() else (*COMPILED, LIMIT)), CONFLUENT, READY]
    groups: dict[str, Sequence[Row]] = {"encode only": encoding(rounds, count // 5)}
    mock_peers = [way for way in PEERS if not way.real_only]
    with targets.mock() as target:
        groups["mock cluster, events built before"] = delivering(
            target, [*own, *([] if quick else mock_peers)], rounds, count, built=True
        )
        groups["mock cluster, events built inside"] = delivering(
            target, own, rounds, count, built=False
        )
    if not quick:
        with targets.real() as real:
            if real is None:
                print("Kafka in the container: skipped, it does not run (make up)")
            else:
                groups["Kafka in a container, events built before"] = delivering(
                    real, [*own, *PEERS], rounds, count, built=True
                )
    if unusable():
        print(f"compiled: skipped, {unusable()}")
    if MISSING:
        print(f"skipped, not installed (pip install -e '.[bench]'): {', '.join(MISSING)}")
    print(f"{machine()}; medians of {rounds} interleaved rounds of {count:,} events\n")
    for title, rows in groups.items():
        alone = title == "encode only"
        base = "AvroSerializer" if alone else CONFLUENT.name
        print(table(title, rows, base, READY.name, LIMIT.name), end="\n\n")
    if not quick:
        groups |= spooled.show(spooled.ROUNDS, spooled.COUNT)
    write(_HERE / "results", f"{time.strftime('%Y%m%d-%H%M%S')}.json", as_json(groups))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="no peers, a minute")
    parser.add_argument("--rounds", type=int, help="how often each row is measured")
    parser.add_argument("--events", type=int, help="how many events a round has")
    given = parser.parse_args()
    default = (3, 50_000) if given.quick else (7, 200_000)
    main(given.rounds or default[0], given.events or default[1], quick=given.quick)
