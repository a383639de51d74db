"""What holds for any line: a suite to inherit from, with `line` made by the heir."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from freezer_events.errors import InvalidEvent
from freezer_events.kafka.codes import Outcome
from freezer_events.send.reports import Reports

if TYPE_CHECKING:
    from collections.abc import Mapping

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
