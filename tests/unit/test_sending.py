"""What `send` promises: a bad message is refused alone, reports come by themselves."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import threading
import time
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from freezer_events.errors import EventError, InvalidEvent, NotDelivered, UsageError
from freezer_events.events import FreezerReading

if TYPE_CHECKING:
    from freezer_events import EventProducer
    from freezer_events.send.report import Report
    from freezer_events.testing import EventCluster


def reading(number: int, sensor: str = "s") -> FreezerReading:
    return FreezerReading(sensor_id=sensor, temperature=float(number))


BAD: dict[str, dict[str, Any]] = {
    "a key of another type": {"key": 5.5},
    "a key that is true or false": {"key": True},
    "half a surrogate pair as a key": {"key": "\ud83d"},
    "headers that are text": {"headers": "site=A"},
    "headers that are no pairs": {"headers": [("site",)]},
    "a header whose name is no text": {"headers": [(b"site", b"A")]},
    "a header of another type": {"headers": {"site": 5}},
    "a header's name with a zero byte": {"headers": {"a\0b": b"1"}},
    "half a surrogate pair in a header": {"headers": {"site": "\ud83d"}},
    "a callback that cannot be called": {"on_delivery": "print"},
    "a time without a zone": {"timestamp": datetime(2026, 1, 1)},  # noqa: DTZ001
    "a time before 1970": {"timestamp": -1},
    "seconds as a float": {"timestamp": 1.5},
    "a message that is too large": {"key": "k" * 2_000_000},
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_a_bad_message_is_rejected_alone(event_cluster: EventCluster, bad: dict[str, Any]) -> None:
    with event_cluster.producer() as producer:
        for number in range(10):
            if number == 4:
                with pytest.raises(InvalidEvent):
                    producer.send(reading(number), **bad)
            else:
                producer.send(reading(number))
    assert str(producer.tally) == "10 read, 1 rejected, 9 delivered"
    there = [event.temperature for event in event_cluster.events(FreezerReading)]
    assert there == [float(number) for number in range(10) if number != 4]


def test_keys_headers_and_timestamps_arrive_as_they_were_given(event_cluster: EventCluster) -> None:
    known, when = uuid.uuid4(), datetime(2026, 5, 4, 3, 2, 1, 987000, tzinfo=UTC)
    with event_cluster.producer() as producer:
        producer.send(reading(0), key=known, headers={"site": "A", "empty": None})
        producer.send(reading(1), key=7, headers=(("site", b"B"),), timestamp=when)
        producer.send(reading(2), key=b"bytes", timestamp=1_000)
    records = {r.event.temperature: r for r in event_cluster.records(FreezerReading) if r.event}
    assert [records[n].key for n in (0.0, 1.0, 2.0)] == [str(known), "7", "bytes"]
    assert list(records[0.0].headers) == [("site", b"A"), ("empty", None)]
    assert list(records[1.0].headers) == [("site", b"B")]
    assert records[1.0].timestamp == when
    assert records[2.0].timestamp_ms == 1_000


def test_the_report_of_a_lone_event_comes_without_another_call(event_cluster: EventCluster) -> None:
    came = threading.Event()
    producer = event_cluster.producer()
    producer.send(reading(1), on_delivery=lambda _: came.set())
    assert came.wait(10)
    producer.close()


def test_flush_returns_once_every_callback_has(event_cluster: EventCluster) -> None:
    told: list[int] = []

    def slowly(report: Report) -> None:
        time.sleep(0.05)
        told.append(report.offset or 0)

    with event_cluster.producer() as producer:
        for number in range(20):
            producer.send(reading(number), on_delivery=slowly)
            assert producer.flush() == 0
            assert told == [*range(number + 1)]


def test_a_callback_may_send(event_cluster: EventCluster) -> None:
    with event_cluster.producer() as producer:

        def again(report: Report) -> None:
            if (report.offset or 0) < 400:
                producer.send(reading(report.offset or 0), on_delivery=again)

        for _ in range(100):
            producer.send(reading(0), on_delivery=again)
        producer.flush()
    assert (
        producer.tally.read == producer.tally.delivered == len(event_cluster.events(FreezerReading))
    )
    assert producer.tally.read > 400


@pytest.mark.parametrize("name", ["flush", "close"])
def test_waiting_within_a_callback_is_refused_and_aborts_nothing(
    event_cluster: EventCluster, name: str
) -> None:
    said: list[EventError] = []
    producer = event_cluster.producer()

    def wait(_: Report) -> None:
        with pytest.raises(UsageError, match="within a delivery callback") as raised:
            getattr(producer, name)()
        said.append(raised.value)

    for number in range(5):
        producer.send(reading(number), on_delivery=wait)
    producer.close()
    assert len(said) == 5


def test_waiting_for_room_within_a_callback_is_refused(event_cluster: EventCluster) -> None:
    said: list[str] = []
    producer = event_cluster.producer(
        give_up_after_s=1.0, properties={"queue.buffering.max.messages": "3"}
    )

    def flood(_: Report) -> None:
        event_cluster.cluster.take_down()
        try:
            for number in range(5_000):
                producer.send(reading(number))
        except UsageError as error:
            said.append(error.doing)

    producer.send(reading(0), on_delivery=flood)
    producer.flush()
    with pytest.raises(NotDelivered):
        producer.close()
    assert said == ["wait for room in the queue"]
    assert producer.tally.unsent == 1


@pytest.mark.parametrize("raises", [SystemExit, KeyError, pytest.fail.Exception], ids=str)
def test_whatever_a_callback_raises_ends_no_thread_and_is_raised_by_close(
    event_cluster: EventCluster, raises: type[BaseException]
) -> None:
    came, told = threading.Event(), []

    def tell(report: Report) -> None:
        told.append(report)
        came.set()
        raise raises("of mine")

    producer = event_cluster.producer()
    for number in range(3):  # each report comes in the producer's own thread
        came.clear()
        producer.send(reading(number), on_delivery=tell)
        assert came.wait(10)
    with pytest.raises(raises, match="of mine"):
        producer.close()
    assert str(producer.tally) == "3 read, 3 delivered"


def test_the_tally_knows_of_each_event_that_was_given(event_cluster: EventCluster) -> None:
    with event_cluster.producer() as producer:
        for number in range(1, 700):
            producer.send(reading(number))
            assert producer.tally.read == number


def test_a_second_close_waits_for_the_first(event_cluster: EventCluster) -> None:
    producer = event_cluster.producer(give_up_after_s=3.0)
    producer.send(reading(0))
    producer.flush()
    event_cluster.cluster.take_down()
    for number in range(100):
        producer.send(reading(number))

    def close() -> None:
        with pytest.raises(NotDelivered):
            producer.close()

    first = threading.Thread(target=close)
    first.start()
    while not producer._lifetime.is_closed:
        assert first.is_alive()
    producer.close()
    assert producer.tally.in_flight == 0
    first.join()


def test_a_closed_producer_says_so(event_cluster: EventCluster) -> None:
    with event_cluster.producer() as producer:
        producer.send(reading(0))
    with pytest.raises(UsageError, match="the producer is closed"):
        producer.send(reading(1))
    with pytest.raises(UsageError, match="the producer is closed"):
        producer.flush()
    producer.close()
    assert str(producer.tally) == "2 read, 1 delivered, 1 unsent"


def test_leaving_the_block_by_an_exception_settles_everything_and_tells_the_numbers(
    event_cluster: EventCluster,
) -> None:
    lost: list[float] = []
    producer = event_cluster.producer(
        timeout_s=1.0, on_undelivered=lambda event, _: lost.append(event.temperature)
    )
    with pytest.raises(RuntimeError, match="mine") as raised, producer:  # noqa: PT012
        producer.send(reading(0))
        producer.flush()
        event_cluster.cluster.take_down()
        for number in range(1, 4):
            producer.send(reading(number))
        raise RuntimeError("mine")
    assert sorted(lost) == [1.0, 2.0, 3.0]
    tally = producer.tally
    assert (tally.read, tally.delivered, tally.failed + tally.unconfirmed) == (4, 1, 3)
    assert raised.value.__notes__ == [f"events: {tally}"]


def test_in_the_child_of_a_fork_send_raises_at_once_and_the_parent_is_untouched(
    event_cluster: EventCluster,
) -> None:
    def said(producer: EventProducer) -> bytes:
        try:
            producer.send(reading(99))
        except UsageError as error:
            return error.why.encode()
        return b"taken"

    with event_cluster.producer() as producer:
        producer.send(reading(0))
        ours, theirs = os.pipe()
        if not (child := os.fork()):
            os.write(theirs, said(producer))
            producer.close()
            os._exit(0)
        os.waitpid(child, 0)
        assert os.read(ours, 1000) == b"the producer was made before this process was forked"
        producer.send(reading(1))
    assert str(producer.tally) == "2 read, 2 delivered"
    assert len(event_cluster.events(FreezerReading)) == 2


FORGETFUL = """
import atexit  # what is registered first runs last: after the producer's own
atexit.register(lambda: print(len(cluster.events(FreezerReading))))
from freezer_events.events import FreezerReading
from freezer_events.testing import EventCluster

cluster = EventCluster()
producer = cluster.producer()
for number in range(50):
    producer.send(FreezerReading(sensor_id="s", temperature=float(number)))
"""


def test_a_producer_that_nobody_closed_flushes_at_exit_and_warns() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "always::ResourceWarning", "-c", FORGETFUL],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout == "50\n"
    assert "ResourceWarning: an EventProducer was never closed" in done.stderr


@pytest.mark.parametrize("flushed", [False, True], ids=["in flight", "all delivered"])
def test_a_producer_that_is_forgotten_delivers_what_it_took_and_warns(
    event_cluster: EventCluster, *, flushed: bool
) -> None:
    def forgetful() -> None:
        producer = event_cluster.producer()
        for number in range(50):
            producer.send(reading(number))
        if flushed:
            producer.flush()

    def forget() -> None:
        forgetful()
        gc.collect()

    with pytest.warns(ResourceWarning, match=r"never closed: \d+ events? still open"):
        forget()
    for thread in threading.enumerate():
        if thread.name == "freezer-closing":
            thread.join(30)
    assert len(event_cluster.events(FreezerReading)) == 50


def test_send_all_takes_what_there_is_and_says_how_many(event_cluster: EventCluster) -> None:
    with event_cluster.producer() as producer:
        assert producer.send_all(reading(number) for number in range(1000)) == 1000
    assert str(producer.tally) == "1,000 read, 1,000 delivered"


def test_many_threads_lose_nothing_and_every_count_is_exact(event_cluster: EventCluster) -> None:
    reports: list[Report] = []
    with event_cluster.producer(properties={"queue.buffering.max.messages": "500"}) as producer:
        producer.prepare(FreezerReading)

        def work(thread: int) -> None:
            for number in range(500):
                told = reports.append if number % 10 == 0 else None
                producer.send(reading(number, f"thread{thread}"), on_delivery=told)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert str(producer.tally) == "6,000 read, 6,000 delivered"
    assert len(reports) == 600
    there = event_cluster.events(FreezerReading)
    for number in range(12):
        mine = [each for each in there if each.sensor_id == f"thread{number}"]
        assert [each.temperature for each in mine] == [float(n) for n in range(500)]
