"""Measuring: interleaved rounds, so that what the machine does else meets every row alike."""

from __future__ import annotations

import gc
import statistics
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from benchmarks.workload import events

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from benchmarks.way import BenchTarget, Way


@dataclass(slots=True)
class Row:
    """What was measured of one way.

    Attributes:
        name: the way's.
        rates: events per second, one per round.

    """

    name: str
    rates: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        """The median rate."""
        return statistics.median(self.rates)

    @property
    def spread(self) -> float:
        """Half the distance of slowest and fastest round, as a part of the median."""
        return (max(self.rates) - min(self.rates)) / 2 / self.median


def ready(way: Way, target: BenchTarget, given: Iterable[Any]) -> Any:
    """Return events as the row takes them, made before the clock."""
    return way.ready(target, given) if way.ready is not None else list(given)


@contextmanager
def connected(way: Way, target: BenchTarget) -> Iterator[Callable[[Any], int]]:
    """Open a row, which delivers an event: finding brokers takes any client up to half a second."""
    with way.open(target) as run:
        first = run(ready(way, target, events(1)))
        assert first == 1, f"{way.name}: {first} of 1 delivered"
        yield run


def deliver(way: Way, target: BenchTarget, count: int, *, built: bool) -> float:
    """Deliver events once; returns events per second.

    Args:
        way: how.
        target: where to.
        count: how many.
        built: the events are there before the clock starts, instead of being built inside it.

    """
    given: Iterable[Any] = events(count)
    if built or way.ready is not None:
        given = ready(way, target, given)
    with connected(way, target) as run:
        gc.collect()
        started = time.perf_counter()
        delivered = run(given)
        took = time.perf_counter() - started
    assert delivered == count, f"{way.name}: {delivered} of {count} delivered"
    return count / took


def interleaved(actions: Mapping[str, Callable[[], float]], rounds: int) -> Sequence[Row]:
    """Take every action once per round, each round in turn from another one on."""
    rows = {name: Row(name) for name in actions}
    names = list(actions)
    for number in range(rounds):
        at = number % len(names)
        for name in names[at:] + names[:at]:
            rows[name].rates.append(actions[name]())
    return list(rows.values())
