"""Latency at low rate: from `send` to the delivery report, beside a bare `produce`.

`python -m benchmarks.latency`, on the Kafka of the container. One message at a time, each sent
when the report of the one before is there, so nothing waits for anything but the broker.
"""

from __future__ import annotations

import statistics
import threading
import time
from typing import TYPE_CHECKING, Any, Final

from benchmarks import targets
from benchmarks.way import FLUSH_S, TUNING
from benchmarks.ways import librdkafka, producer_to
from benchmarks.workload import event
from freezer_events import Outcome
from freezer_events.avro.wire import encode

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.way import BenchTarget
    from freezer_events.send.report import Report

_COUNT: Final = 5000
_AT_ONCE: Final = {**TUNING, "linger.ms": "0"}  # what a producer of ours has unless told otherwise


def ours(target: BenchTarget) -> Callable[[int], None]:
    """Return what sends one event and waits for its report."""
    producer = producer_to(target, tuning=_AT_ONCE)
    arrived = threading.Event()

    def told(report: Report) -> None:
        assert report.outcome is Outcome.DELIVERED, report
        arrived.set()

    def once(number: int) -> None:
        arrived.clear()
        producer.send(event(number), on_delivery=told)
        assert arrived.wait(FLUSH_S), "no report"  # which the producer's own thread brings

    return once


def bare(target: BenchTarget) -> Callable[[int], None]:
    """Return what produces the bytes of one event and waits for its report."""
    producer = librdkafka(target, _AT_ONCE)
    reports: list[Any] = []

    def report(*found: Any) -> None:
        reports.append(found)

    def once(number: int) -> None:
        reading = event(number)
        producer.produce(target.topic, encode(reading), reading.sensor_id, on_delivery=report)
        while len(reports) <= number:
            producer.poll(1.0)

    return once


def main() -> None:
    """Measure both in turn and print their medians and 99th percentiles."""
    with targets.real() as target:
        if target is None:
            print("needs the Kafka in the container (make up)")
            return
        ways = {"freezer-events, send": ours(target), "bare produce": bare(target)}
        took: dict[str, list[float]] = {name: [] for name in ways}
        for number in range(_COUNT):
            for name, once in ways.items():
                started = time.perf_counter()
                once(number)
                took[name].append((time.perf_counter() - started) * 1000)
        for name, found in took.items():
            p50, p99 = statistics.median(found), statistics.quantiles(found, n=100)[98]
            print(f"{name:<22} p50 {p50:.1f} ms, p99 {p99:.1f} ms")


if __name__ == "__main__":
    main()
