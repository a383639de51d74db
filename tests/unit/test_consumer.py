"""EventConsumer: typed records with all that a message carries, for as long as one likes."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from confluent_kafka import Producer
from confluent_kafka.schema_registry import Schema
from confluent_kafka.schema_registry.serde import SchemaId
from hypothesis import given
from hypothesis import strategies as st

from freezer_events import (
    Cause,
    EventConsumer,
    EventError,
    EventProducer,
    Record,
    Start,
    UnreachableError,
    UsageError,
)
from freezer_events.avro.wire import encode
from freezer_events.events import FreezerReading
from freezer_events.read.away import BACK_AFTER_S, Away
from freezer_events.read.starting import Edges

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

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


@pytest.mark.parametrize(
    ("header", "problem"),
    [
        (None, None),
        (b"\x01" + UUID(int=7).bytes, "is not in the registry"),
        (b"\x00abc", "the header __value_schema_id holds no schema's GUID"),
    ],
)
def test_a_schema_may_be_named_in_a_header(
    event_cluster: EventCluster, header: bytes | None, problem: str | None
) -> None:
    """As Confluent's header_schema_id_serializer does: the value is all body then."""
    with event_cluster.producer() as producer:
        producer.send(READINGS[0])
    schema = Schema(FreezerReading.__event__.schema, "AVRO")
    found = event_cluster.registry.client.lookup_schema(f"{TOPIC}-value", schema)
    named = SchemaId("AVRO", found.schema_id, found.guid).guid_to_bytes()
    raw = Producer(event_cluster.settings.kafka())
    headers: list[tuple[str, str | bytes | None]] = [("__value_schema_id", header or named)]
    raw.produce(TOPIC, encode(READINGS[1]), b"k", headers=headers)
    assert raw.flush(10) == 0
    record = next(each for each in event_cluster.records(FreezerReading) if each.headers)
    assert record.schema_id is None
    assert record.event == (None if problem else READINGS[1])
    assert (problem or "") in (record.problem or "")


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
        with event_cluster.consumer(FreezerReading, start=Start.end()) as consumer:
            assert list(consumer.records(until_end=True)) == []
            producer.send(READINGS[1])
            (record,) = islice(consumer, 1)
    assert record.event == READINGS[1]


TOPIC = FreezerReading.__event__.topic


def put(cluster: EventCluster, readings: Iterable[FreezerReading] = READINGS) -> None:
    with cluster.producer() as producer:
        producer.send_all(readings)


def put_raw(cluster: EventCluster, value: bytes | None, key: bytes = b"k") -> None:
    raw = Producer(cluster.settings.kafka())
    raw.produce(TOPIC, value, key, partition=0)
    assert raw.flush(10) == 0


def rest(consumer: EventConsumer[FreezerReading]) -> list[float]:
    """Read to the end; give the temperatures."""
    found = consumer.records(until_end=True, timeout_s=10)
    return [record.event.temperature for record in found if record.event is not None]


# Where it begins


@given(oldest=st.integers(0, 9), kept=st.integers(0, 9), number=st.integers(0, 30))
def test_a_start_is_always_within_what_is_kept(oldest: int, kept: int, number: int) -> None:
    edges = Edges(oldest, oldest + kept)
    found = {
        kind: start.in_partition(edges)
        for kind, start in {
            "beginning": Start.beginning(),
            "end": Start.end(),
            "offset": Start.offset(number),
            "last": Start.last(number),
        }.items()
    }
    assert found["beginning"] == edges.oldest
    assert found["end"] == edges.end
    assert found["last"] == edges.end - min(number, kept)
    assert edges.oldest <= found["offset"] <= edges.end
    assert found["offset"] == number or number not in range(edges.oldest, edges.end)
    assert Start.time(0).in_partition(edges, None) == edges.end


def test_a_start_that_is_none_is_refused() -> None:
    for make in (Start.offset, Start.last, Start.time):
        with pytest.raises(UsageError):
            make(-1)
    with pytest.raises(UsageError, match="no time zone"):
        Start.time(datetime(2026, 1, 1))  # noqa: DTZ001 - that is the point
    assert Start.time(datetime(1970, 1, 2, tzinfo=UTC)).number == 86_400_000


def test_it_reads_the_partitions_that_it_is_given(event_cluster: EventCluster) -> None:
    put(event_cluster)
    everything = event_cluster.records(FreezerReading)
    busy = everything[0].partition
    idle = (busy + 1) % 3
    with event_cluster.consumer(FreezerReading, partitions=[busy]) as consumer:
        assert len(rest(consumer)) == len(READINGS)
    with event_cluster.consumer(FreezerReading, partitions=[idle]) as consumer:
        assert rest(consumer) == []
    with pytest.raises(UsageError, match="no such partition"):
        event_cluster.consumer(FreezerReading, partitions=[3])


def test_what_arrives_from_now_on_begins_when_the_consumer_is_there(
    event_cluster: EventCluster,
) -> None:
    put(event_cluster)
    with event_cluster.consumer(FreezerReading, start=Start.end()) as consumer:
        put(event_cluster, READINGS[:1])  # nothing was read in between
        assert rest(consumer) == [READINGS[0].temperature]


# Going elsewhere


def test_it_goes_back_and_forth_in_a_partition(event_cluster: EventCluster) -> None:
    put(event_cluster)
    partition = event_cluster.records(FreezerReading)[0].partition
    with event_cluster.consumer(FreezerReading) as consumer:
        whole = rest(consumer)
        consumer.seek(partition, Start.offset(3))
        assert rest(consumer) == whole[3:]
        consumer.seek(partition, Start.last(1))
        first = next(consumer.records(timeout_s=10))
        assert first.event == READINGS[-1]
        consumer.seek(partition, Start.beginning())
        assert rest(consumer) == whole
        with pytest.raises(UsageError, match="is not read here"):
            consumer.seek(7, Start.beginning())


def test_what_was_fetched_ahead_does_not_come_after_a_seek(event_cluster: EventCluster) -> None:
    put(event_cluster)
    with event_cluster.consumer(FreezerReading) as consumer:
        first = next(consumer.records(timeout_s=10))
        consumer.seek(first.partition, Start.offset(4))
        assert rest(consumer) == [READINGS[4].temperature]


# In a group


def test_a_new_group_may_begin_with_what_arrives_from_now_on(event_cluster: EventCluster) -> None:
    put(event_cluster)
    with event_cluster.consumer(FreezerReading, group="new", start=Start.end()) as consumer:
        assert rest(consumer) == []
        put(event_cluster, READINGS[:1])
        assert next(consumer.records(timeout_s=60)).event == READINGS[0]


def test_what_a_group_decides_cannot_be_chosen(event_cluster: EventCluster) -> None:
    with pytest.raises(UsageError, match="decides itself"):
        event_cluster.consumer(FreezerReading, group="g", partitions=[0])
    with pytest.raises(UsageError, match="decides itself"):
        event_cluster.consumer(FreezerReading, group="g", start=Start.last(1))
    with (
        event_cluster.consumer(FreezerReading) as alone,
        pytest.raises(UsageError, match="in no group"),
    ):
        alone.commit()


# What is no event


def test_a_dead_letter_is_handed_to_its_hook_and_counts_as_handled(
    event_cluster: EventCluster,
) -> None:
    put(event_cluster, READINGS[:1])
    (good,) = event_cluster.records(FreezerReading)
    assert good.value is not None
    put_raw(event_cluster, b"{}")
    put_raw(event_cluster, None)
    put_raw(event_cluster, b"\x00\x7f\xff\xff\xffbody")
    put_raw(event_cluster, good.value)
    put_raw(event_cluster, good.value[:7])
    dead: list[Record[FreezerReading]] = []
    with event_cluster.consumer(FreezerReading, dead_letter=dead.append) as consumer:
        assert len(rest(consumer)) == 2
    assert [each.cause for each in dead] == [
        Cause.UNFRAMED,
        Cause.TOMBSTONE,
        Cause.UNKNOWN_SCHEMA,
        Cause.UNREADABLE,
    ]
    assert [each.value for each in dead][:2] == [b"{}", None]


def test_what_a_dead_letter_hook_raises_ends_the_loop_and_the_record_comes_again(
    event_cluster: EventCluster,
) -> None:
    put(event_cluster, [])
    with event_cluster.consumer(FreezerReading, start=Start.end()) as consumer:
        put_raw(event_cluster, b"{}")
        seen: list[Record[FreezerReading]] = []

        def full(record: Record[FreezerReading]) -> None:
            seen.append(record)
            if len(seen) == 1:
                raise OSError("disk full")

        consumer._dead_letter = full
        with pytest.raises(OSError, match="disk full"):
            rest(consumer)
        assert rest(consumer) == []
        assert [each.offset for each in seen] == [0, 0]


# From a coroutine


def test_records_come_to_a_coroutine_and_a_cancelled_one_loses_none(
    event_cluster: EventCluster,
) -> None:
    async def read() -> list[float]:
        found: list[float] = []

        async def some(count: int) -> None:
            async for record in consumer:
                assert record.event is not None
                found.append(record.event.temperature)
                if len(found) == count:
                    return

        async with event_cluster.consumer(FreezerReading) as consumer:
            waiting = asyncio.create_task(some(99))
            while not found:  # noqa: ASYNC110 - that the loop is free to do this is the point
                await asyncio.sleep(0.01)
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
            await asyncio.to_thread(put, event_cluster)
            await asyncio.wait_for(some(2 * len(READINGS)), 20)
        return found

    put(event_cluster)
    assert asyncio.run(read()) == [each.temperature for each in READINGS * 2]


# A cluster that is away


def test_who_waits_is_told_that_the_cluster_is_away_and_that_it_is_back() -> None:
    away = Away()
    assert away.look(100.0) is None
    away.failed(100.0)
    assert away.look(104.0) is None
    away.failed(105.0)
    assert away.look(105.5) == "no broker can be reached for 6 s"
    assert away.look(106.0) is None
    for now in range(110, 160, 10):
        away.failed(float(now))
    assert away.look(151.0) == "no broker can be reached for 51 s"
    assert away.look(150.0 + BACK_AFTER_S + 1) == ""  # it stopped complaining
    assert away.look(170.0) is None
    away.failed(200.0)
    away.answered()
    assert away.look(210.0) is None  # too short to be told of


def test_a_wait_without_end_says_why_nothing_comes(event_cluster: EventCluster) -> None:
    told: list[str] = []
    put(event_cluster)
    with event_cluster.consumer(FreezerReading, on_notice=told.append) as consumer:
        rest(consumer)
        event_cluster.cluster.take_down()
        assert list(consumer.records(stop=lambda: bool(told))) == []
        event_cluster.cluster.bring_up()
        put(event_cluster, READINGS[:1])
        assert next(consumer.records(timeout_s=60)).event == READINGS[0]
        assert list(consumer.records(stop=lambda: len(told) > 1)) == []
    assert "no broker can be reached" in told[0]
    assert told[1:] == ["reading again"]


def test_reading_to_the_end_ends_in_time_where_the_cluster_is_away(
    event_cluster: EventCluster,
) -> None:
    put(event_cluster)
    with event_cluster.consumer(FreezerReading, timeout_s=2.0) as consumer:
        rest(consumer)
        event_cluster.cluster.take_down()
        with pytest.raises(UnreachableError):
            rest(consumer)
        event_cluster.cluster.bring_up()
        put(event_cluster, READINGS[:1])
        assert next(consumer.records(timeout_s=60)).event == READINGS[0]


def test_a_reader_of_no_partition_is_refused(event_cluster: EventCluster) -> None:
    with event_cluster.producer() as producer:
        producer.send(READINGS[0])
    with pytest.raises(UsageError, match="no partition of it is named"):
        EventConsumer(event_cluster.settings, FreezerReading, partitions=[])


@pytest.mark.parametrize(
    "status", [400, 401, 403, 405, 408, 409, 410, 413, 422, 429, 451, 500, 502, 503]
)
def test_what_a_registry_or_a_proxy_refuses_is_no_fault_of_a_record(
    event_cluster: EventCluster, status: int
) -> None:
    with event_cluster.producer() as producer:
        producer.send(FreezerReading(sensor_id="a", temperature=1.0))
    with EventConsumer(event_cluster.settings, FreezerReading, group="g") as consumer:
        event_cluster.fail_registry(status)
        with pytest.raises(EventError):
            next(consumer.records())
        event_cluster.mend_registry()
        assert next(consumer.records(timeout_s=20.0)).event is not None


@pytest.mark.parametrize("group", ["", " ", "\t\n", "a\0b", "\udc80"])
def test_a_group_that_the_client_would_end_the_process_over_is_refused(
    event_cluster: EventCluster, group: str
) -> None:
    with pytest.raises(UsageError, match="group"):
        event_cluster.consumer(FreezerReading, group=group)


@pytest.mark.parametrize("time", [float("nan"), -1, None, "5", True])
def test_a_time_that_is_none_is_refused_by_reader_and_writer(
    event_cluster: EventCluster, time: Any
) -> None:
    for make in (
        lambda: EventConsumer(event_cluster.settings, FreezerReading, timeout_s=time),
        lambda: EventProducer(event_cluster.settings, timeout_s=time),
        lambda: EventProducer(event_cluster.settings, give_up_after_s=time),
    ):
        with pytest.raises(UsageError, match="is no time in seconds"):
            make()
    with event_cluster.consumer(FreezerReading) as consumer:
        if time is not None:
            with pytest.raises(UsageError, match="is no time in seconds"):
                next(consumer.records(timeout_s=time))


def test_a_time_may_be_without_end(event_cluster: EventCluster) -> None:
    for_ever = float("inf")
    with event_cluster.producer(give_up_after_s=for_ever, timeout_s=for_ever) as producer:
        producer.send(FreezerReading(sensor_id="a", temperature=1.0))
    with EventConsumer(event_cluster.settings, FreezerReading, timeout_s=for_ever) as consumer:
        assert next(consumer.records(timeout_s=for_ever)).event is not None


async def first_of(consumer: EventConsumer[FreezerReading]) -> Record[FreezerReading]:
    return await anext(aiter(consumer))


def test_a_consumer_that_is_closed_says_so(event_cluster: EventCluster) -> None:
    event_cluster.provision(FreezerReading)
    consumer = event_cluster.consumer(FreezerReading, group="g")
    consumer.close()
    for use in (
        lambda: next(consumer.records()),
        lambda: next(iter(consumer)),
        lambda: asyncio.run(first_of(consumer)),
        consumer.commit,
        lambda: consumer.seek(0, Start.beginning()),
    ):
        with pytest.raises(UsageError, match="the consumer is closed"):
            use()


@pytest.mark.parametrize(
    "make",
    [
        lambda: Start.time(2**63),
        lambda: Start.offset(2**63),
        lambda: Start.offset(1.5),  # type: ignore[arg-type]
        lambda: Start.time("2020"),  # type: ignore[arg-type]
        lambda: Start.last(True),
        lambda: Start("foo", 1),  # type: ignore[arg-type]
    ],
)
def test_a_start_that_cannot_be_is_refused_by_name(make: Callable[[], Start]) -> None:
    with pytest.raises(UsageError, match="read"):
        make()
