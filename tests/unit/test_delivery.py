"""Delivery in batches on the in-process cluster: counts stay exact, whatever goes wrong."""

from __future__ import annotations

import threading
import time
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from confluent_kafka import KafkaError

from freezer_events.errors import EventError, InvalidEvent, NotDelivered
from freezer_events.events import FreezerReading
from freezer_events.kafka.codes import Outcome
from freezer_events.send.outbox import LARGEST_BATCH, ListOutbox
from tests.support.one_at_a_time import ONE_AT_A_TIME

if TYPE_CHECKING:
    from collections.abc import Callable

    from freezer_events.send.report import Report
    from freezer_events.testing import EventCluster

SMALL_QUEUE = {"queue.buffering.max.messages": "7"}


def reading(number: int, sensor: str | None = None) -> FreezerReading:
    return FreezerReading(sensor_id=sensor or f"sensor{number % 5}", temperature=float(number))


def kept(reports: dict[int, Report], number: int) -> Callable[[Report], None]:
    def keep(report: Report) -> None:
        assert number not in reports
        reports[number] = report

    return keep


def in_order(cluster: EventCluster, sensor: str) -> list[float]:
    return [each.temperature for each in cluster.events(FreezerReading) if each.sensor_id == sensor]


def test_a_full_queue_makes_send_wait_and_loses_nothing(event_cluster: EventCluster) -> None:
    with event_cluster.producer(properties=SMALL_QUEUE) as producer:
        for number in range(2000):
            assert producer.send(reading(number))
    assert str(producer.tally) == "2,000 read, 2,000 delivered"
    for first in range(5):
        assert in_order(event_cluster, f"sensor{first}") == [*map(float, range(first, 2000, 5))]


def test_order_per_key_holds_between_plain_events_and_those_with_headers(
    event_cluster: EventCluster,
) -> None:
    with event_cluster.producer() as producer:
        for number in range(1500):
            headers: Any = [("n", b"1")] if number % 7 == 3 else None
            producer.send(reading(number, "sensor0"), headers=headers)
    assert in_order(event_cluster, "sensor0") == [*map(float, range(1500))]
    assert producer.tally.delivered == 1500


def test_every_event_gets_its_own_report(event_cluster: EventCluster) -> None:
    reports: dict[int, Report] = {}
    with event_cluster.producer() as producer:
        for number in range(1200):
            producer.send(reading(number), on_delivery=kept(reports, number))
    records = {r.event.temperature: r for r in event_cluster.records(FreezerReading) if r.event}
    assert len(records) == len(reports) == 1200
    for number, report in reports.items():
        found = records[float(number)]
        assert (found.partition, found.offset) == (report.partition, report.offset)
    assert producer.tally.partitions == Counter(r.partition for r in reports.values())


def test_one_that_is_too_large_is_named_and_the_others_arrive(event_cluster: EventCluster) -> None:
    with event_cluster.producer(properties={"message.max.bytes": "2000"}) as producer:
        for number in range(1000):
            if number == 500:
                with pytest.raises(InvalidEvent, match="larger than topic"):
                    producer.send(reading(number, "x" * 3000))
            else:
                producer.send(reading(number))
    assert str(producer.tally) == "1,000 read, 1 rejected, 999 delivered"
    assert len(event_cluster.events(FreezerReading)) == 999


def test_a_key_that_makes_its_message_too_large_is_rejected_alone(
    event_cluster: EventCluster,
) -> None:
    reports: list[Report] = []
    with event_cluster.producer(properties={"message.max.bytes": "2000"}) as producer:
        for number in range(600):
            if number == 300:
                with pytest.raises(InvalidEvent, match="larger than topic"):
                    producer.send(reading(number), key="k" * 3000, on_delivery=reports.append)
            else:
                producer.send(reading(number), key="k", on_delivery=reports.append)
    assert str(producer.tally) == "600 read, 1 rejected, 599 delivered"
    assert Counter(str(report.outcome) for report in reports) == {"delivered": 599}


def test_with_brokers_gone_in_the_middle_the_tally_says_what_is_on_the_topic(
    event_cluster: EventCluster,
) -> None:
    reports: dict[int, Report] = {}

    def send(numbers: range) -> None:
        for number in numbers:
            producer.send(reading(number), on_delivery=kept(reports, number))

    producer = event_cluster.producer(give_up_after_s=1.5)
    send(range(1000))
    producer.flush()
    send(range(1000, 1500))
    event_cluster.cluster.take_down()
    send(range(1500, 3000))
    producer.flush()
    event_cluster.cluster.bring_up()
    with pytest.raises(NotDelivered):
        producer.close()
    tally = producer.tally
    assert tally.read == 3000 == tally.delivered + tally.failed + tally.unconfirmed == len(reports)
    found = {int(each.temperature) for each in event_cluster.events(FreezerReading)}
    by = {
        outcome: {n for n, report in reports.items() if report.outcome == outcome}
        for outcome in ("delivered", "failed", "unconfirmed")
    }
    assert by["delivered"] >= set(range(1000))
    assert by["delivered"] <= found <= by["delivered"] | by["unconfirmed"]


def test_an_event_without_a_report_of_its_own_is_named_when_it_is_not_delivered(
    event_cluster: EventCluster,
) -> None:
    lost: dict[int, str] = {}

    def on_undelivered(event: FreezerReading, report: Report) -> None:
        assert report.error
        assert int(event.temperature) not in lost
        lost[int(event.temperature)] = report.outcome

    producer = event_cluster.producer(give_up_after_s=1.5, on_undelivered=on_undelivered)
    for number in range(1000):
        producer.send(reading(number))
    producer.flush()
    event_cluster.cluster.take_down()
    for number in range(1000, 2000):
        producer.send(reading(number))
    producer.flush()
    event_cluster.cluster.bring_up()
    with pytest.raises(NotDelivered):
        producer.close()
    found = {int(each.temperature) for each in event_cluster.events(FreezerReading)}
    assert producer.tally.delivered == 2000 - len(lost)
    assert found >= set(range(2000)) - set(lost)
    assert not found & {number for number, outcome in lost.items() if outcome == "failed"}
    assert lost


def test_after_a_fatal_error_another_client_goes_on_in_order_and_names_what_is_lost(
    event_cluster: EventCluster, caplog: pytest.LogCaptureFixture
) -> None:
    reports: dict[int, Report] = {}
    producer = event_cluster.producer(properties=ONE_AT_A_TIME)
    producer.send(reading(0), on_delivery=kept(reports, 0))
    producer.flush()
    event_cluster.cluster.fail_next_produce(KafkaError.OUT_OF_ORDER_SEQUENCE_NUMBER)
    for number in range(1, 5000):
        alone: Any = {"headers": {"number": str(number)}} if number % 100 == 0 else {}
        told = kept(reports, number)
        assert producer.send(reading(number), on_delivery=told, **alone)
    with pytest.raises(NotDelivered):
        producer.close()
    assert "sequence desynchronization with broker" in caplog.text
    assert "was made anew" in caplog.text
    assert len(reports) == 5000
    lost = {n for n, report in reports.items() if report.outcome is not Outcome.DELIVERED}
    assert len(lost) == producer.tally.failed + producer.tally.unconfirmed
    assert 0 < len(lost) < 4999
    records = event_cluster.records(FreezerReading)
    assert {int(r.event.temperature) for r in records if r.event} >= set(range(5000)) - lost
    for record in records:
        number = int(record.event.temperature) if record.event else 0
        expected = [("number", b"%d" % number)] if number and number % 100 == 0 else []
        assert list(record.headers or ()) == expected
    for key in {record.key for record in records}:
        mine = [r.event.temperature for r in records if r.key == key and r.event]
        assert mine == sorted(set(mine))


def test_events_of_all_ways_go_on_in_order_after_a_fatal_error(
    event_cluster: EventCluster,
) -> None:
    lost: set[int] = set()
    producer = event_cluster.producer(
        properties=ONE_AT_A_TIME, on_undelivered=lambda event, _: lost.add(int(event.temperature))
    )
    producer.send(reading(0))
    producer.flush()
    event_cluster.cluster.fail_next_produce(KafkaError.OUT_OF_ORDER_SEQUENCE_NUMBER)
    for number in range(1, 5000):
        alone: Any = {"headers": {"number": str(number)}} if number % 100 == 0 else {}
        assert producer.send(reading(number), **alone)
    with suppress(NotDelivered):
        producer.close()
    assert producer.tally.delivered == 5000 - len(lost)
    records = event_cluster.records(FreezerReading)
    assert {int(r.event.temperature) for r in records if r.event} >= set(range(5000)) - lost
    for key in {record.key for record in records}:
        mine = [r.event.temperature for r in records if r.key == key and r.event]
        assert mine == sorted(set(mine))


def test_a_fatal_error_that_comes_again_ends_a_burst_with_its_reason_and_an_exact_count(
    event_cluster: EventCluster,
) -> None:
    producer = event_cluster.producer(properties=ONE_AT_A_TIME)
    producer.prepare(FreezerReading)
    event_cluster.cluster.fail_next_produce(*[KafkaError.OUT_OF_ORDER_SEQUENCE_NUMBER] * 50)
    with pytest.raises(EventError, match="sequence desynchronization") as raised:  # noqa: PT012
        for number in range(1_000_000):
            producer.send(reading(number))
    assert raised.value.fix == "start again, and send again what was not delivered"
    with pytest.raises(NotDelivered, match="sequence desynchronization"):
        producer.close()
    tally = producer.tally
    assert tally.read == tally.settled + tally.unsent < 1_000_000
    there = len(event_cluster.events(FreezerReading))
    assert tally.delivered <= there <= tally.delivered + tally.unconfirmed


def test_a_burst_goes_out_without_a_further_call(event_cluster: EventCluster) -> None:
    producer = event_cluster.producer()
    for number in range(1003):
        producer.send(reading(number))
    deadline = time.monotonic() + 10
    while len(event_cluster.events(FreezerReading)) < 1003 and time.monotonic() < deadline:
        pass
    assert len(event_cluster.events(FreezerReading)) == 1003
    producer.close()
    assert producer.tally.delivered == 1003


def test_a_stop_while_the_queue_is_full_leaves_the_event_untaken(
    event_cluster: EventCluster,
) -> None:
    stopped = False
    producer = event_cluster.producer(properties=SMALL_QUEUE, give_up_after_s=3)
    producer._lifetime.stop = lambda: stopped
    producer.send(reading(0))
    producer.flush()
    event_cluster.cluster.take_down()
    stopped = True
    taken = 0
    while producer.send(reading(taken)):
        taken += 1
    assert producer._delivery.in_flight == taken
    producer._delivery.abandon()
    with pytest.raises(NotDelivered):
        producer.close()
    tally = producer.tally
    assert (tally.read, tally.unsent) == (taken + 2, 1)
    assert tally.delivered + tally.failed + tally.unconfirmed == taken + 1


class Wire:
    """What an outbox hands over to: takes what there is room for."""

    def __init__(self) -> None:
        self.batches: list[list[Any]] = []
        self.room = 1_000_000

    def __call__(self, batch: list[Any]) -> int:
        taken = min(len(batch), self.room)
        self.room -= taken
        self.batches.append(batch[:taken])
        return len(batch) - taken


def test_batches_grow_with_the_load_up_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "monotonic", lambda: 100.0)
    wire = Wire()
    outbox = ListOutbox(wire, lambda: bool(wire.batches), threading.RLock())
    for number in range(20_000):
        outbox.messages.append({"value": number})
        if len(outbox.messages) >= outbox.size:
            outbox.push()
    sizes = [len(batch) for batch in wire.batches]
    assert sizes[:4] == [1, 1, 2, 4]
    assert max(sizes) == LARGEST_BATCH


def test_what_finds_no_room_stays_in_front() -> None:
    wire = Wire()
    outbox = ListOutbox(wire, lambda: True, threading.RLock())
    wire.room = 3
    outbox.messages.extend({"value": number} for number in range(5))
    assert not outbox.push()
    outbox.messages.append({"value": 5})
    wire.room = 10
    assert outbox.push()
    assert [each["value"] for batch in wire.batches for each in batch] == [0, 1, 2, 3, 4, 5]
    assert outbox.messages == []


def test_a_message_sent_after_the_report_of_the_last_does_not_wait_for_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(time, "monotonic", lambda: 100.0)
    wire = Wire()
    outbox = ListOutbox(wire, lambda: False, threading.RLock())
    for number in range(5):
        outbox.messages.append({"value": number})
        assert len(outbox.messages) >= outbox.size
        outbox.push()
    assert [len(batch) for batch in wire.batches] == [1] * 5
