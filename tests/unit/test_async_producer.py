"""AsyncEventProducer in an event loop: reports, back-pressure, cancellation."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from freezer_events import AsyncEventProducer, SpoolAt
from freezer_events.errors import InvalidEvent, UnreachableError, UsageError
from freezer_events.events import FreezerReading

if TYPE_CHECKING:
    from pathlib import Path

    from freezer_events.testing import EventCluster


def reading(number: int) -> FreezerReading:
    return FreezerReading(sensor_id="s", temperature=float(number))


def test_each_send_returns_its_own_report(event_cluster: EventCluster) -> None:
    async def main() -> None:
        async with event_cluster.async_producer() as producer:
            first = await producer.send(reading(0), headers={"site": "A"})
            assert (first.outcome, first.offset) == ("delivered", 0)
            rest = await asyncio.gather(*(producer.send(reading(n)) for n in range(1, 500)))
            assert [report.offset for report in rest] == [*range(1, 500)]
            with pytest.raises(InvalidEvent):
                await producer.send(reading(0), key=1.5)  # type: ignore[arg-type]
        assert str(producer.tally) == "501 read, 1 rejected, 500 delivered"
        with pytest.raises(UsageError, match="the producer is closed"):
            await producer.send(reading(0))

    asyncio.run(main())
    there = [event.temperature for event in event_cluster.events(FreezerReading)]
    assert there == [float(number) for number in range(500)]


def test_a_full_queue_makes_coroutines_wait_while_the_loop_goes_on(
    event_cluster: EventCluster,
) -> None:
    async def main() -> None:
        small = {"queue.buffering.max.messages": "10"}
        async with event_cluster.async_producer(properties=small) as producer:
            await producer.send(reading(0))
            event_cluster.cluster.take_down()
            sent = [asyncio.create_task(producer.send(reading(n))) for n in range(1, 2000)]
            done, _ = await asyncio.wait(sent, timeout=0.5)  # the loop goes on
            assert not done
            event_cluster.cluster.bring_up()
            await asyncio.gather(*sent)
        assert str(producer.tally) == "2,000 read, 2,000 delivered"

    asyncio.run(main())
    there = [event.temperature for event in event_cluster.events(FreezerReading)]
    assert there == [float(number) for number in range(2000)]


def test_what_is_cancelled_while_it_waits_for_room_is_not_sent_and_counted(
    event_cluster: EventCluster,
) -> None:
    async def main() -> None:
        small = {"queue.buffering.max.messages": "3"}
        async with event_cluster.async_producer(properties=small) as producer:
            await producer.send(reading(0))
            event_cluster.cluster.take_down()
            sent = [asyncio.create_task(producer.send(reading(n))) for n in range(1, 1500)]
            await asyncio.sleep(0.2)
            for task in sent:
                task.cancel()
            await asyncio.wait(sent)
            event_cluster.cluster.bring_up()
        tally = producer.tally
        assert tally.read == tally.delivered + tally.unsent
        assert tally.unsent == 1  # the others had not begun to be sent
        assert tally.delivered == len(event_cluster.events(FreezerReading))

    asyncio.run(main())


def test_after_an_outage_that_is_too_long_every_waiting_send_is_told(
    event_cluster: EventCluster,
) -> None:
    async def main() -> None:
        producer = event_cluster.async_producer(give_up_after_s=1.0)
        await producer.prepare(FreezerReading)
        event_cluster.cluster.take_down()
        reports = await asyncio.gather(*(producer.send(reading(n)) for n in range(20)))
        assert {str(report.outcome) for report in reports} <= {"failed", "unconfirmed"}
        with pytest.raises(UnreachableError, match="nothing delivered for 1 s"):
            await producer.send(reading(20))

    asyncio.run(main())


def test_a_producer_that_has_an_async_one_over_it_still_waits_for_room(
    event_cluster: EventCluster,
) -> None:
    small = {"queue.buffering.max.messages": "10"}
    producer = event_cluster.producer(properties=small)
    producer.prepare(FreezerReading)
    over = AsyncEventProducer.over(producer)
    event_cluster.cluster.take_down()

    def send() -> None:
        for number in range(100):
            assert producer.send(reading(number))

    async def main() -> None:
        sending = asyncio.create_task(asyncio.to_thread(send))
        mine = [asyncio.create_task(over.send(reading(n))) for n in range(100, 200)]
        done, _ = await asyncio.wait([sending, *mine], timeout=0.5)
        assert not done
        event_cluster.cluster.bring_up()
        await asyncio.gather(sending, *mine)
        await over.close()

    asyncio.run(main())
    there = [event.temperature for event in event_cluster.events(FreezerReading)]
    assert sorted(there) == [float(number) for number in range(200)]
    for some in (range(100), range(100, 200)):
        assert [each for each in there if each in some] == [*map(float, some)]


def test_a_spool_that_stays_full_is_waited_for_as_long_as_was_said(
    event_cluster: EventCluster, tmp_path: Path
) -> None:
    event_cluster.cluster.take_down()

    async def main() -> None:
        at = SpoolAt(tmp_path / "spool", max_bytes=300)
        producer = event_cluster.async_producer(spool=at, give_up_after_s=1.0)

        async def fill() -> None:
            for number in range(1000):
                await asyncio.wait_for(producer.send(reading(number)), 20)

        with pytest.raises(UnreachableError, match="full for 1 s"):
            await fill()
        await producer.close()
        assert producer.tally.unsent == 1
        assert producer.tally.read == producer.tally.spooled + 1

    asyncio.run(main())
