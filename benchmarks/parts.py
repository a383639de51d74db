"""Where the time of one event goes: `python -m benchmarks.parts`.

Microseconds of processor time on the Python thread, the least of many rounds and their median: what
the machine does besides can only add to it. The mock cluster takes what is delivered.
"""

from __future__ import annotations

import gc
import statistics
import time
from typing import TYPE_CHECKING, Any, Final

from benchmarks import targets
from benchmarks.events import BenchReading
from benchmarks.from_c import LIMIT
from benchmarks.ways import COMPILED, CONFLUENT, OURS, READY, producer_to
from benchmarks.workload import events
from freezer_events.avro.fast import encoder
from freezer_events.send.fast import unusable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmarks.way import BenchTarget, Way

_COUNT: Final = 100_000
_ROUNDS: Final = 15


def took_us(act: Callable[[], Any]) -> float:
    """Do it once; returns microseconds for each event."""
    gc.collect()
    started = time.thread_time()
    act()
    return (time.thread_time() - started) / _COUNT * 1e6


def whole(way: Way, target: BenchTarget, given: Sequence[Any]) -> float:
    """Deliver all events."""
    ready: Any = way.ready(target, given) if way.ready else given
    with way.open(target) as run:
        return took_us(lambda: run(ready))


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
    """Measure all in turn and print."""
    given = list(events(_COUNT))
    with targets.mock() as target:
        parts: dict[str, Callable[[], float]] = {
            "encode": lambda: encoding(given, compiled=False),
            "send, encode included": lambda: sending(target, given),
            "send to counted report": lambda: whole(OURS, target, given),
        }
        if not unusable():
            parts |= {
                "compiled: encode": lambda: encoding(given, compiled=True),
                "compiled: send to counted report": lambda: whole(COMPILED[0], target, given),
                "compiled: send_all to counted report": lambda: whole(COMPILED[1], target, given),
                "ready bytes from C": lambda: whole(LIMIT, target, given),
            }
        parts["ready bytes"] = lambda: whole(READY, target, given)
        parts["avro_producer.py"] = lambda: whole(CONFLUENT, target, given)
        took: dict[str, list[float]] = {name: [] for name in parts}
        for _ in range(_ROUNDS):  # in turn: what the machine does meets all alike
            for name, part in parts.items():
                took[name].append(part())
    for name, found in took.items():
        print(f"{name:<36} {min(found):5.2f} µs, median {statistics.median(found):5.2f}")


if __name__ == "__main__":
    main()
