"""A run on the in-process cluster: every reading is accounted for, whatever becomes of it."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from confluent_kafka import KafkaError
from hypothesis import given
from hypothesis import strategies as st

from freezer_events.console.stop import Stop
from freezer_events.errors import InvalidEvent
from freezer_events.events import FreezerReading
from freezer_events.send.pipeline import Pipeline
from freezer_events.testing import EventCluster
from tests.support.effort import thorough
from tests.support.one_at_a_time import ONE_AT_A_TIME

if TYPE_CHECKING:
    from pathlib import Path

GOOD = FreezerReading(sensor_id="s", temperature=1.0)
BAD = FreezerReading(sensor_id="s", temperature=float("nan"))
BIG = FreezerReading(sensor_id="s" * 3_000, temperature=1.0)
REFUSALS = [
    KafkaError.MSG_SIZE_TOO_LARGE,
    KafkaError.INVALID_MSG,
    KafkaError.TOPIC_AUTHORIZATION_FAILED,
    KafkaError.REQUEST_TIMED_OUT,
    KafkaError.NOT_LEADER_FOR_PARTITION,
    KafkaError.OUT_OF_ORDER_SEQUENCE_NUMBER,
]


def readings(count: int) -> list[FreezerReading]:
    return [FreezerReading(sensor_id=f"s{n % 5}", temperature=float(n)) for n in range(count)]


@thorough(8)
@given(
    st.lists(st.sampled_from([GOOD, GOOD, GOOD, BAD, BIG]), max_size=12),
    st.lists(st.sampled_from(REFUSALS), max_size=3),
    st.integers(0, 14),
)
def test_the_tally_adds_up_and_tells_the_truth_about_the_topic(
    events: list[FreezerReading], refusals: list[int], stopped_after: int
) -> None:
    stop, taken = Stop(), 0

    def source() -> Any:
        nonlocal taken
        for event in events:
            if taken == stopped_after:
                stop.ask()
            taken += 1
            yield event

    with EventCluster() as cluster:
        producer = cluster.producer(
            give_up_after_s=3.0, properties=ONE_AT_A_TIME | {"message.max.bytes": "2000"}
        )
        producer.prepare(FreezerReading)
        cluster.cluster.fail_next_produce(*refusals)
        tally = Pipeline(producer, stop).run(source(), lambda *_: None)
        there = len(cluster.events(FreezerReading))
    counts = tally.rejected + tally.delivered + tally.failed + tally.unconfirmed + tally.unsent
    assert tally.read == counts == taken
    assert tally.rejected == sum(event is not GOOD for event in events[:taken])
    assert tally.delivered <= there <= tally.delivered + tally.unconfirmed
    assert producer._delivery.in_flight == 0
    assert sum(tally.partitions.values()) == tally.delivered


def test_a_full_queue_slows_the_source_down_and_drops_nothing(event_cluster: EventCluster) -> None:
    producer = event_cluster.producer(properties={"queue.buffering.max.messages": "7"})
    tally = Pipeline(producer, Stop()).run(readings(500))
    assert str(tally) == "500 read, 500 delivered"
    assert len(event_cluster.events(FreezerReading)) == 500


def test_a_full_queue_lets_go_when_told_to_stop(event_cluster: EventCluster) -> None:
    stop = Stop()
    producer = event_cluster.producer(
        give_up_after_s=1.0, properties={"queue.buffering.max.messages": "7"}
    )
    producer.prepare(FreezerReading)
    event_cluster.cluster.take_down()
    tally = Pipeline(producer, stop, flush_s=1.0).run(readings(500))
    assert tally.delivered == 0
    assert tally.failed + tally.unconfirmed >= 7
    assert tally.read == tally.failed + tally.unconfirmed + tally.unsent


def test_events_after_those_with_a_report_get_one_only_if_they_are_not_delivered(
    event_cluster: EventCluster,
) -> None:
    seen: list[tuple[float, str]] = []
    told: list[int] = []
    producer = event_cluster.producer()

    def source() -> Any:
        yield from readings(2500)
        producer.flush()
        event_cluster.cluster.fail_next_produce(KafkaError.MSG_SIZE_TOO_LARGE)
        yield FreezerReading(sensor_id="s", temperature=77.0)
        producer.flush()
        yield from readings(5)

    pipeline = Pipeline(
        producer,
        Stop(),
        on_report=lambda event, report: seen.append((event.temperature, report.outcome)),
        reports=10,
        on_progress=lambda tally: told.append(tally.read),
    )
    tally = pipeline.run(source())
    assert sorted(seen) == [*((float(n), "delivered") for n in range(10)), (77.0, "failed")]
    assert (tally.read, tally.delivered, tally.failed) == (2506, 2505, 1)
    assert told[:2] == [1000, 2000]
    assert set(told[2:]) <= {2506}  # while the last reports are waited for


def test_without_somebody_who_takes_it_a_bad_event_ends_the_run(
    event_cluster: EventCluster,
) -> None:
    producer = event_cluster.producer()
    with pytest.raises(InvalidEvent, match="nan is not a finite number"):
        Pipeline(producer, Stop()).run([GOOD, BAD, GOOD])
    assert (producer.tally.read, producer.tally.delivered) == (2, 1)


def test_what_a_source_raises_leaves_nothing_undelivered(event_cluster: EventCluster) -> None:
    def source() -> Any:
        yield GOOD
        raise RuntimeError("the disk is gone")

    producer = event_cluster.producer()
    with pytest.raises(RuntimeError, match="the disk is gone"):
        Pipeline(producer, Stop()).run(source())
    assert producer.tally.delivered == 1


PEAK = """
import re, sys
from freezer_events import EventProducer, Settings
from freezer_events.events import FreezerReading
from freezer_events.send.pipeline import Pipeline
from freezer_events.send.straight import StraightWay
from freezer_events.kafka.topics import listed_partitions
from freezer_events.sources import open_source
from freezer_events.console.stop import Stop

servers, path = sys.argv[1:]
settings = Settings(
    bootstrap_servers=servers,
    schema_registry_url="mock://memory",
    properties={"queue.buffering.max.messages": "10000"},
)
event = FreezerReading.__event__
class Way(StraightWay):
    def _connect_registry(self):
        registry = super()._connect_registry()
        registry.register(event.topic + "-value", event.schema)
        return registry
    def _partitions(self, topic):
        return listed_partitions(settings, topic)
class Producer(EventProducer):
    def _make_way(self):
        return Way(settings, self._delivery, self._lifetime)
producer = Producer(settings)
pipeline = Pipeline(producer, Stop(), on_report=lambda event, report: None)
source = open_source(path, event, print, wait=pipeline.wait)
tally = pipeline.run(source)
with open("/proc/self/status") as status:  # getrusage would count the parent's memory too
    (peak,) = re.findall("VmHWM:.*?([0-9]+)", status.read())
print(tally.delivered, peak)
"""


def peak_mb(cluster: EventCluster, path: Path, lines: int) -> float:
    with path.open("w") as file:
        file.write("sensor_id,temperature\n")
        file.writelines(f"sensor{n % 7},{n % 100 / 10}\n" for n in range(lines))
    done = subprocess.run(
        [sys.executable, "-c", PEAK, cluster.settings.bootstrap_servers or "", str(path)],
        capture_output=True,
        text=True,
        check=True,
        timeout=150,
    )
    delivered, kilobytes = map(int, done.stdout.split())
    assert delivered == lines
    return kilobytes / 1024


def test_a_long_file_needs_no_more_memory_than_the_queue_is_allowed(
    event_cluster: EventCluster, tmp_path: Path
) -> None:
    event_cluster.cluster.create_topic("freezer-temperatura", 3)
    short = peak_mb(event_cluster, tmp_path / "short.csv", 1_000)
    long = peak_mb(event_cluster, tmp_path / "long.csv", 200_000)
    assert long < short + 30  # of 10,000 messages; the file has 200,000
