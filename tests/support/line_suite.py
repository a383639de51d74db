"""What holds for any line: a suite to inherit from, with `line` made by the heir."""

from __future__ import annotations

import gc
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, TopicPartition

from freezer_events.avro.fast import encoder
from freezer_events.avro.keys import key_text
from freezer_events.avro.wire import PREFIX_BYTES, decode, prefix
from freezer_events.errors import InvalidEvent
from freezer_events.events import FreezerReading
from freezer_events.kafka.codes import Outcome
from freezer_events.send.report import OnlyUndelivered
from freezer_events.send.reports import Reports

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from freezer_events.kafka.embedded import EmbeddedCluster
    from freezer_events.send.line import Line
    from freezer_events.send.report import Report

TOPIC = "line"


class LineSuite:
    """Inherit, and say how a line is made."""

    def line(self, properties: Mapping[str, Any], reports: Reports) -> Line:
        raise NotImplementedError

    @pytest.fixture
    def reports(self, mock: EmbeddedCluster) -> Reports:
        return Reports(mock.settings)

    @pytest.fixture
    def made(self, mock: EmbeddedCluster, reports: Reports) -> Line:
        return self.line(properties(mock), reports)

    def test_what_it_takes_is_delivered_in_order_whatever_it_carries(
        self, made: Line, reports: Reports
    ) -> None:
        offsets: dict[int, int | None] = {}
        take = made.taker(TOPIC)
        for number in range(1500):
            extra: Any = {3: ([("n", b"1")], 0), 5: (None, 1_000)}.get(number % 7)
            value = b"v" * (40_000 if number % 500 == 250 else 10)
            told = _keeper(offsets, number)
            assert take(value, "k", extra, told)
        settle(made, reports)
        assert reports.tally.accepted == reports.tally.delivered == 1500
        assert [offsets[number] for number in range(1500)] == list(range(1500))

    def test_who_waits_for_each_report_is_served_at_once_by_whoever_looks_at_the_age(
        self, made: Line, reports: Reports
    ) -> None:
        """A pump that slept on until the next batch would keep each report for that long."""
        send, take = sender(made), made.taker(TOPIC)
        for number in range(10):
            if number % 2:
                send(reading(number))
            else:
                take(value(reading(number)), "k", None, lambda _: None)
            assert not made.push_aged()
            settle(made, reports)
        assert reports.tally.delivered == 10

    def test_without_room_it_takes_nothing_and_holds_what_it_took(
        self, mock: EmbeddedCluster, reports: Reports
    ) -> None:
        line = self.line(properties(mock) | {"queue.buffering.max.messages": 5}, reports)
        take = line.taker(TOPIC)
        assert take(b"first", None, None, None)
        settle(line, reports)
        mock.take_down()
        taken = 0
        while take(b"v", None, None, None):
            taken += 1
        assert not take(b"v", None, ([("alone", b"")], 0), None)
        assert reports.tally.accepted == taken + 1
        mock.bring_up()
        settle(line, reports)
        assert reports.tally.delivered == taken + 1

    def test_one_that_is_too_large_is_refused_and_not_taken(
        self, made: Line, reports: Reports
    ) -> None:
        take = made.taker(TOPIC)
        with pytest.raises(InvalidEvent, match="larger than topic"):
            take(b"v" * 2_000_000, None, None, None)
        assert reports.tally.accepted == 0

    def test_giving_up_settles_everything_once_and_nothing_arrives_later(
        self, mock: EmbeddedCluster, made: Line, reports: Reports
    ) -> None:
        found: list[Report] = []
        take = made.taker(TOPIC)
        take(b"first", None, None, None)
        settle(made, reports)
        mock.take_down()
        for _ in range(100):
            take(b"v", "k", None, found.append)
        made.give_up()
        settle(made, reports)
        mock.bring_up()
        take(b"late", "k", None, found.append)
        settle(made, reports)
        tally = reports.tally
        assert tally.delivered == 1
        assert tally.accepted == tally.settled == 1 + len(found)
        assert len(found) == 101
        assert all(report.outcome is not Outcome.DELIVERED for report in found)

    def test_smaller_batches_hold_for_what_comes_after(self, made: Line, reports: Reports) -> None:
        take = made.taker(TOPIC)
        take(b"before", "k", None, None)
        assert not made.bound_batches(2_000)  # what is in flight would be overtaken
        settle(made, reports)
        assert made.bound_batches(2_000)
        for number in range(1000):
            take(b"%d" % number, "k", None, None)
        settle(made, reports)
        assert reports.tally.delivered == 1001

    def test_events_and_messages_arrive_in_the_order_in_which_they_were_taken(
        self, mock: EmbeddedCluster, made: Line, reports: Reports
    ) -> None:
        send, take = sender(made), made.taker(TOPIC)
        for number in range(3000):
            extra: Any = {3: ([("n", b"1")], 0), 5: (None, 1_000)}.get(number % 50)
            told = (lambda _: None) if number % 20 == 2 else None
            if extra is None and told is None:
                size = 60_000 if number % 1000 == 999 else number % 100
                assert send(reading(number, size))
            else:
                assert take(value(reading(number)), "k", extra, told)
        settle(made, reports)
        assert reports.tally.accepted == reports.tally.delivered == 3000
        there = [message for message in read(mock) if message.temperature >= 0]
        assert [message.temperature for message in there] == list(range(3000))
        assert there[99] == reading(99, 99)

    def test_the_key_and_the_partition_of_an_event_are_those_of_its_message(
        self, mock: EmbeddedCluster, reports: Reports
    ) -> None:
        mock.create_topic("three", 3)
        line = self.line(properties(mock) | {"partitioner": "murmur2_random"}, reports)
        send, take = sender(line, "three"), line.taker("three")
        for number in range(30):
            event = FreezerReading(sensor_id=f"sensor-é-{number}", temperature=float(number))
            assert send(event)
            assert take(value(event), event.sensor_id, None, None)
        settle(line, reports)
        found = [(m.key(), m.partition(), m.value()) for m in messages(mock, "three")]
        assert len(found) == 60
        assert len({partition for _, partition, _ in found}) == 3
        assert len(set(found)) == 30

    def test_without_room_no_event_is_taken_and_none_is_lost(
        self, mock: EmbeddedCluster, reports: Reports
    ) -> None:
        line = self.line(properties(mock) | {"queue.buffering.max.messages": 5}, reports)
        send = sender(line)
        assert send(reading(0))
        settle(line, reports)
        mock.take_down()
        taken = 1
        while send(reading(taken)):
            taken += 1
        assert reports.tally.accepted == taken
        mock.bring_up()
        settle(line, reports)
        assert reports.tally.delivered == taken
        assert [event.temperature for event in read(mock)] == list(range(taken))

    def test_an_event_that_cannot_be_encoded_is_not_taken_and_its_neighbours_are(
        self, mock: EmbeddedCluster, made: Line, reports: Reports
    ) -> None:
        send = sender(made)
        for number in range(100):
            bad = FreezerReading(sensor_id="s", temperature="warm")  # type: ignore[arg-type]
            with pytest.raises(TypeError):
                send(bad)
            assert send(reading(number))
        settle(made, reports)
        assert reports.tally.accepted == reports.tally.delivered == 100
        assert [event.temperature for event in read(mock)] == list(range(100))

    def test_giving_up_tells_of_each_event_once_with_its_bytes(
        self, mock: EmbeddedCluster, made: Line, reports: Reports
    ) -> None:
        told: list[tuple[bytes, Report]] = []
        reports.on_undelivered = lambda value, report: told.append((value, report))
        send = sender(made)
        assert send(reading(0))
        settle(made, reports)
        mock.take_down()
        for number in range(1, 1001):
            assert send(reading(number))
        made.give_up()
        settle(made, reports)
        mock.bring_up()
        send(reading(1001))
        settle(made, reports)
        tally = reports.tally
        assert (tally.delivered, tally.accepted) == (1, tally.settled)
        assert sorted(event_of(each).temperature for each, _ in told) == list(range(1, 1002))
        for _, report in told:
            assert report.outcome is not Outcome.DELIVERED
            assert report.topic == TOPIC
            assert report.error == KafkaError(KafkaError._PURGE_QUEUE).str()
        assert len([event for event in read(mock) if event.temperature]) == 0

    def test_who_wants_to_know_of_an_event_is_told_only_if_it_is_not_delivered(
        self, mock: EmbeddedCluster, made: Line, reports: Reports
    ) -> None:
        told: list[tuple[int, Outcome]] = []
        owners = [
            OnlyUndelivered(lambda number, report: told.append((number, report.outcome)), number)
            for number in range(3000)
        ]
        kept = sys.getrefcount(owners[0])
        send = sender(made)
        for number in range(2000):
            assert send(reading(number), owners[number] if number % 3 else None)
        settle(made, reports)
        assert not told
        mock.take_down()
        for number in range(2000, 3000):
            assert send(reading(number), owners[number])
        made.give_up()
        settle(made, reports)
        made.serve(0)
        assert [number for number, _ in sorted(told)] == list(range(2000, 3000))
        assert reports.tally.settled == reports.tally.accepted == 3000
        gc.collect()
        assert {sys.getrefcount(owners[number]) for number in range(3000)} == {kept}

    def test_without_room_nobody_who_waits_is_forgotten(
        self, mock: EmbeddedCluster, reports: Reports
    ) -> None:
        line = self.line(properties(mock) | {"queue.buffering.max.messages": 50}, reports)
        told: list[int] = []
        send = sender(line)
        assert send(reading(0), None)
        settle(line, reports)
        mock.take_down()
        taken = 0
        while send(reading(taken), OnlyUndelivered(lambda number, _: told.append(number), taken)):
            taken += 1
        line.give_up()
        settle(line, reports)
        assert sorted(told) == list(range(taken))

    def test_what_the_cluster_refuses_is_told_with_its_error(
        self, mock: EmbeddedCluster, made: Line, reports: Reports
    ) -> None:
        told: list[tuple[bytes, Report]] = []
        reports.on_undelivered = lambda value, report: told.append((value, report))
        send = sender(made)
        assert send(reading(0))
        settle(made, reports)
        mock.fail_next_produce(KafkaError.INVALID_RECORD)
        assert send(reading(1))
        settle(made, reports)
        ((value, report),) = told
        assert event_of(value) == reading(1)
        assert report.outcome is Outcome.FAILED
        assert report.error == KafkaError(KafkaError.INVALID_RECORD).str()
        assert (report.topic, report.partition, report.offset) == (TOPIC, 0, None)
        assert 0 < report.latency_s < 20

    def test_threads_may_send_side_by_side(
        self, mock: EmbeddedCluster, made: Line, reports: Reports
    ) -> None:
        send, take = sender(made), made.taker(TOPIC)

        def run(own: int) -> None:
            for number in range(own, 4000, 4):
                if number % 64 < 4:
                    assert take(value(reading(number)), "k", None, lambda _: None)
                else:
                    assert send(reading(number))

        threads = [threading.Thread(target=run, args=(own,)) for own in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        settle(made, reports)
        assert reports.tally.delivered == 4000
        found = [int(event.temperature) for event in read(mock)]
        for own in range(4):
            assert [each for each in found if each % 4 == own] == list(range(own, 4000, 4))

    def test_smaller_batches_hold_for_events_that_come_after(
        self, made: Line, reports: Reports
    ) -> None:
        send = sender(made)
        assert send(reading(0))
        settle(made, reports)
        assert made.bound_batches(2_000)
        for number in range(1000):
            assert send(reading(number))
        settle(made, reports)
        assert reports.tally.delivered == 1001


def reading(number: int, size: int = 1) -> FreezerReading:
    return FreezerReading(sensor_id="s" * size, temperature=float(number))


def value(event: FreezerReading) -> bytes:
    return prefix(7) + encoder(FreezerReading.__event__)(event)


def event_of(found: bytes) -> FreezerReading:
    event_type = FreezerReading.__event__
    event: FreezerReading = decode(found[PREFIX_BYTES:], event_type.schema, event_type)
    return event


def sender(line: Line, topic: str = TOPIC) -> Callable[..., bool]:
    """Return what sends an event over a line as EventProducer does."""
    event_type = FreezerReading.__event__
    encode, key = encoder(event_type), key_text(event_type)
    at_once, take = line.sender(topic, encode, prefix(7), key), line.taker(topic)

    def send(event: FreezerReading, told: OnlyUndelivered | None = None) -> bool:
        if at_once is not None and at_once(event, told):
            return True
        return take(prefix(7) + encode(event), key(event), None, told)

    return send


def messages(mock: EmbeddedCluster, topic: str = TOPIC) -> list[Any]:
    consumer = Consumer(
        {
            "bootstrap.servers": mock.settings.bootstrap_servers,
            "group.id": "reader",
            "enable.partition.eof": True,
        }
    )
    partitions = consumer.list_topics(topic).topics[topic].partitions
    consumer.assign([TopicPartition(topic, each, OFFSET_BEGINNING) for each in partitions])
    found: list[Any] = []
    ends = 0
    deadline = time.monotonic() + 20
    while ends < len(partitions):
        assert time.monotonic() < deadline
        for message in consumer.consume(1000, 0.2):
            if message.error() is None:
                found.append(message)
            else:
                ends += 1
    consumer.close()
    return found


def read(mock: EmbeddedCluster) -> list[FreezerReading]:
    """Return what is on the topic, in order."""
    return [event_of(message.value()) for message in messages(mock)]


def properties(mock: EmbeddedCluster) -> dict[str, Any]:
    return {"bootstrap.servers": mock.settings.bootstrap_servers, "enable.idempotence": True}


def settle(line: Line, reports: Reports) -> None:
    deadline = time.monotonic() + 20
    while reports.tally.in_flight:
        assert time.monotonic() < deadline, reports.tally
        line.push()
        line.serve(0.05)


def _keeper(offsets: dict[int, int | None], number: int) -> Any:
    def keep(report: Report) -> None:
        assert number not in offsets
        offsets[number] = report.offset

    return keep
