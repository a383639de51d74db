"""Where the time of one event goes: `python -m benchmarks.parts`.

Microseconds of processor time on the Python threads, the least of many rounds and their median:
what the machine does besides can only add to it. The mock cluster takes what is delivered.
"""

from __future__ import annotations

import gc
import statistics
import threading
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from benchmarks import targets
from benchmarks.arrived import prove
from benchmarks.events import BenchReading
from benchmarks.from_c import LIMIT
from benchmarks.measure import Row, connected, ready
from benchmarks.peers import PEERS
from benchmarks.report import chart, machine, write
from benchmarks.ways import COMPILED, CONFLUENT, OURS, READY, producer_to
from benchmarks.workload import events
from freezer_events.avro.fast import encoder
from freezer_events.send.fast import unusable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmarks.way import BenchTarget, Way

_COUNT: Final = 100_000
_ROUNDS: Final = 9
_SLOW: Final = 5  # peers get a fifth of the events


def python_s() -> float:
    """Return the processor time of all Python threads: the pump's too, librdkafka's not."""
    clocks = [time.pthread_getcpuclockid(each.ident or 0) for each in threading.enumerate()]
    return sum(map(time.clock_gettime, clocks))


def took_us(act: Callable[[], Any], count: int = _COUNT) -> float:
    """Do it once; returns microseconds for each event."""
    gc.collect()
    started = python_s()
    act()
    return (python_s() - started) / count * 1e6


def whole(way: Way, target: BenchTarget, given: Sequence[Any]) -> float:
    """Deliver all events, fewer of them the way of a peer."""
    some = given[: _COUNT // _SLOW] if way in PEERS else given
    made = ready(way, target, some)

    def deliver() -> None:
        assert run(made) == len(some), way.name

    with connected(way, target) as run:
        return took_us(deliver, len(some))


def encoding(given: Sequence[Any], *, compiled: bool) -> float:
    """Encode all events."""
    encode = encoder(BenchReading.__event__, compiled=compiled)
    return took_us(lambda: [None for event in given if not encode(event)])


def sending(target: BenchTarget, given: Sequence[Any]) -> float:
    """Send all events to a line that forgets them."""
    with producer_to(target, compiled=False) as producer:
        route = producer._by_class[BenchReading]
        route.take = lambda *_: True
        producer.tally.unsent = _COUNT  # as far as the counts are concerned
        return took_us(lambda: [None for event in given if not producer.send(event)])


def main() -> None:
    """Measure all in turn, print, and draw the chart."""
    given = list(events(_COUNT))
    own = [OURS, *(() if unusable() else (*COMPILED[:2], LIMIT)), READY, CONFLUENT]
    ways = [*own, *(peer for peer in PEERS if not peer.real_only)]
    with targets.mock() as target:
        parts: dict[str, Callable[[], float]] = {
            "encode": lambda: encoding(given, compiled=False),
            "send, encode included": lambda: sending(target, given),
        }
        if not unusable():
            parts["compiled: encode"] = lambda: encoding(given, compiled=True)
        for way in ways:
            prove(way, target)
            parts[way.name] = partial(whole, way, target, given)
        took: dict[str, list[float]] = {name: [] for name in parts}
        for _ in range(_ROUNDS):  # in turn: what the machine does meets all alike
            for name, part in parts.items():
                took[name].append(part())
    base = min(took[CONFLUENT.name])
    print(f"| {machine()} | least | median | {CONFLUENT.name} ÷ it |\n|---|--:|--:|--:|")
    for name, found in sorted(took.items(), key=lambda each: min(each[1])):
        least = min(found)
        print(
            f"| {name} | {least:.2f} µs | {statistics.median(found):.2f} µs | {base / least:.1f} |"
        )
    rows = [Row(way.name, [1e6 / each for each in took[way.name]]) for way in ways]
    best = [Row(row.name, [max(row.rates)]) for row in rows]
    title = "Events per second of processor time in Python's threads"
    write(Path(__file__).parent, "chart.svg", chart(title, best, "freezer"))


if __name__ == "__main__":
    main()
