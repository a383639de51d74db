"""What a spool costs: `python -m benchmarks.spooled`, on the Kafka of the container.

The same events by `send_all` and from a file: without a spool, with one, and exactly once. Each
round has a topic of its own, which is read back: every event equal, in its key's order, and there
once. With FREEZER_LINE=python by the line in Python.
"""

from __future__ import annotations

import os
import tempfile
import time
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from benchmarks import targets
from benchmarks.arrived import compare
from benchmarks.events import BenchReading
from benchmarks.measure import interleaved
from benchmarks.replay import refuse, written
from benchmarks.report import machine, table
from benchmarks.way import FLUSH_S
from benchmarks.ways import producer_to
from benchmarks.workload import events
from freezer_events.console.stop import Stop
from freezer_events.kafka.codes import words
from freezer_events.kafka.positions import POSITIONS_TOPIC
from freezer_events.send.pipeline import Pipeline
from freezer_events.sources import open_source

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmarks.measure import Row
    from freezer_events import EventProducer

COUNT: Final = 1_000_000
ROUNDS: Final = 3
COMPILED: Final = os.environ.get("FREEZER_LINE") != "python"
BY_SEND_ALL: Final = "send_all"
FROM_FILE: Final = "file"


def send_all(given: Sequence[Any], producer: EventProducer) -> None:
    """Send all events, and wait until they are delivered."""
    producer.send_all(given)
    producer.flush()


def from_file(path: Path, producer: EventProducer) -> None:
    """Produce a file, and wait until its events are delivered."""
    pipeline = Pipeline(producer, Stop(), flush_s=FLUSH_S)
    source = open_source(str(path), BenchReading.__event__, refuse, wait=pipeline.wait)
    pipeline.run(source)
    source.close()


def deliver(act: Callable[[EventProducer], None], count: int, **spooled: bool) -> float:
    """Deliver all events once to a new topic and compare; returns events per second."""
    with tempfile.TemporaryDirectory() as folder, targets.real() as target:
        assert target is not None
        where: dict[str, Any] = {"spool": Path(folder) / "spool", **spooled} if spooled else {}
        with producer_to(target, compiled=COMPILED, **where) as producer:
            # Finding brokers takes any client up to half a second, and a first transaction as long.
            send_all(list(events(1)), producer)
            started = time.perf_counter()
            act(producer)
            took = time.perf_counter() - started
            assert producer.tally.delivered == 1 + count, producer.tally
        compare(target, chain(events(1), events(count)))
    return count / took


def prepare_positions(servers: str) -> None:
    """Make sure that there is the topic of positions."""
    admin = AdminClient({"bootstrap.servers": servers})
    topic = NewTopic(POSITIONS_TOPIC, 1, config={"cleanup.policy": "compact"})
    for made in admin.create_topics([topic], request_timeout=15).values():
        try:
            made.result()
        except KafkaException as error:
            if error.args[0].name() != "TOPIC_ALREADY_EXISTS":
                raise RuntimeError(words(error.args[0])) from error


def measured(rounds: int, count: int) -> dict[str, Sequence[Row]]:
    """Measure both ways in and all three guarantees; returns the rows by way in."""
    given = list(events(count))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "readings.csv"
        written(path, count)
        ways = {BY_SEND_ALL: partial(send_all, given), FROM_FILE: partial(from_file, path)}
        return {
            name: interleaved(
                {
                    name: partial(deliver, act, count),
                    f"{name}, spool": partial(deliver, act, count, exactly_once=False),
                    f"{name}, exactly once": partial(deliver, act, count, exactly_once=True),
                },
                rounds,
            )
            for name, act in ways.items()
        }


def show(rounds: int, count: int) -> dict[str, Sequence[Row]]:
    """Measure and print, if the Kafka of the container runs; returns the rows."""
    with targets.real() as real:
        if real is None:
            print("with a spool: skipped, Kafka in the container does not run (make up)")
            return {}
        prepare_positions(real.servers)
    found = measured(rounds, count)
    for name, rows in found.items():
        print(table(f"with a spool, {name}, Kafka in a container", rows, name), end="\n\n")
    return found


if __name__ == "__main__":
    print(f"{machine()}; medians of {ROUNDS} interleaved rounds of {COUNT:,} events\n")
    show(ROUNDS, COUNT)
