"""An outage pauses, is told of, and ends in time; the counts say what that left."""

from __future__ import annotations

from typing import Any

import pytest

from freezer_events.errors import NotDelivered, UnreachableError
from freezer_events.events import FreezerReading
from freezer_events.send.outage import Outage
from freezer_events.send.tally import CountsDiffer, Tally
from freezer_events.testing import EventCluster


def reading(number: int) -> FreezerReading:
    return FreezerReading(sensor_id=f"s{number % 3}", temperature=float(number))


def test_it_lasts_while_something_waits_and_nothing_settles() -> None:
    outage = Outage(give_up_after_s=300)
    outage.look(100.0, in_flight=0, settled=5)
    outage.look(200.0, in_flight=3, settled=5)
    assert outage.lasted_s == 0
    outage.look(230.0, in_flight=9, settled=5)
    assert outage.lasted_s == 30
    outage.look(231.0, in_flight=8, settled=6)
    assert outage.lasted_s == 0
    outage.look(240.0, in_flight=0, settled=14)
    outage.look(999.0, in_flight=0, settled=14)
    assert outage.lasted_s == 0


def test_it_is_told_of_every_thirty_seconds_until_it_is_too_long() -> None:
    outage, told = Outage(give_up_after_s=100), []
    for second in range(101):
        outage.look(1000.0 + second, in_flight=1, settled=0)
        if outage.is_to_be_told():
            told.append(second)
        assert outage.is_too_long() == (second >= 100)
    assert told == [5, 35, 65, 95]


def test_a_short_outage_pauses_and_loses_nothing(event_cluster: EventCluster) -> None:
    producer = event_cluster.producer(properties={"queue.buffering.max.messages": "50"})
    producer.send(reading(0))
    producer.flush()
    event_cluster.cluster.take_down()
    for number in range(1, 40):
        producer.send(reading(number))
    assert producer.flush(1.5) == 39
    event_cluster.cluster.bring_up()
    for number in range(40, 500):
        assert producer.send(reading(number))
    producer.close()
    assert str(producer.tally) == "500 read, 500 delivered"
    events = event_cluster.events(FreezerReading)
    for sensor in ("s0", "s1", "s2"):
        mine = [each.temperature for each in events if each.sensor_id == sensor]
        assert mine == sorted(mine)


def test_giving_up_leaves_no_hole_inside_a_key_and_says_why(event_cluster: EventCluster) -> None:
    lost: list[tuple[float, str]] = []
    producer = event_cluster.producer(
        give_up_after_s=1.0,
        on_undelivered=lambda event, report: lost.append((event.temperature, report.outcome)),
    )
    for number in range(100):
        producer.send(reading(number))
    producer.flush()
    event_cluster.cluster.take_down()
    taken = 100
    with pytest.raises(UnreachableError, match="nothing delivered for 1 s"):  # noqa: PT012
        while True:
            producer.send(reading(taken))
            taken += 1
    event_cluster.cluster.bring_up()
    with pytest.raises(UnreachableError):
        producer.send(reading(taken))
    with pytest.raises(NotDelivered, match="nothing delivered for 1 s"):
        producer.close()
    tally = producer.tally
    assert tally.read == taken + 2
    assert tally.unsent == 2
    assert sorted(number for number, _ in lost) == [float(n) for n in range(100, taken)]
    assert {each.temperature for each in event_cluster.events(FreezerReading)} == {
        float(number) for number in range(100)
    }


def test_what_was_handed_over_after_the_connection_was_lost_has_certainly_failed() -> None:
    lost: dict[float, str] = {}
    with EventCluster() as cluster:
        producer = cluster.producer(
            give_up_after_s=3.0,
            on_undelivered=lambda event, report: lost.update({event.temperature: report.outcome}),
        )
        producer.send(reading(0))
        producer.flush()
        cluster.cluster.take_down()
        producer.flush(0)
        for number in range(1, 4):
            producer.send(reading(number))
        while producer._delivery.reports.heard is None:
            producer._delivery.serve(0.05)
        for number in range(4, 9):
            producer.send(reading(number))
        with pytest.raises(NotDelivered):
            producer.close()
    assert [lost[float(number)] for number in range(4, 9)] == ["failed"] * 5


@pytest.mark.parametrize(
    "counts",
    [
        {"read": 1},
        {"read": 1, "accepted": 1},
        {"read": 1, "accepted": 1, "failed": 1, "unconfirmed": 1},
        {"read": 1, "rejected": 1, "unsent": 1},
        {"rejected": 1},
    ],
)
def test_counts_that_do_not_add_up_are_a_bug_that_says_so(counts: dict[str, Any]) -> None:
    with pytest.raises(CountsDiffer):
        Tally(**counts).check()


def test_what_an_interruption_left_between_two_counts_is_named_for_what_it_may_be() -> None:
    tally = Tally(read=3, accepted=2, failed=1, interrupted=True)
    tally.check()
    assert (tally.unsent, tally.unconfirmed) == (1, 1)
