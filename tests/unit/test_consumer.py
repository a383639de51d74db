"""EventConsumer: typed records with all that a message carries, for as long as one likes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING

from freezer_events import Record
from freezer_events.events import FreezerReading

if TYPE_CHECKING:
    from freezer_events.testing import EventCluster

READINGS = [FreezerReading(sensor_id="sensor0", temperature=n / 2) for n in range(5)]


def test_a_record_has_key_headers_and_the_time_it_was_sent(event_cluster: EventCluster) -> None:
    began = datetime.now(UTC) - timedelta(milliseconds=1)
    with event_cluster.producer() as producer:
        producer.send(READINGS[0], key=b"\xff", headers=[("site", b"A"), ("site", None)])
    (record,) = event_cluster.records(FreezerReading)
    assert record.event == READINGS[0]
    assert (record.key, record.problem) == (b"\xff", None)
    assert record.headers == (("site", b"A"), ("site", None))
    assert record.timestamp is not None
    assert began <= record.timestamp <= datetime.now(UTC)
    assert record.timestamp_ms == round(record.timestamp.timestamp() * 1000)


def test_a_time_that_python_cannot_hold_is_there_in_milliseconds() -> None:
    record: Record[FreezerReading] = Record(
        "t", 0, 0, 2**62, None, (), None, None, None, "a tombstone"
    )
    assert (record.timestamp_ms, record.timestamp) == (2**62, None)


def test_a_loop_over_the_consumer_gives_records_as_they_come(event_cluster: EventCluster) -> None:
    with (
        event_cluster.producer() as producer,
        event_cluster.consumer(FreezerReading) as consumer,
    ):
        for reading in READINGS:
            producer.send(reading)
        found = [record.event for record in islice(consumer, len(READINGS))]
    assert found == READINGS


def test_it_may_begin_with_what_comes_from_now_on(event_cluster: EventCluster) -> None:
    with event_cluster.producer() as producer:
        producer.send(READINGS[0])
        producer.flush()
        with event_cluster.consumer(FreezerReading, from_beginning=False) as consumer:
            assert list(consumer.records(until_end=True)) == []
            producer.send(READINGS[1])
            (record,) = islice(consumer, 1)
    assert record.event == READINGS[1]
