"""Rows that a source has encoded, on their way: each is counted as an event that is sent."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

from freezer_events.errors import EventError, InvalidEvent
from freezer_events.send import watching
from freezer_events.send.report import ByValue

if TYPE_CHECKING:
    from collections.abc import Callable

    from freezer_events.avro.arrow import EncodedRun
    from freezer_events.event import Event
    from freezer_events.send.report import OnReport, Report
    from freezer_events.send.route import Route
    from freezer_events.send.tally import Tally
    from freezer_events.sources.reading import ReadingPlace

# Event, what is wrong with it, and its place.
OnBad: TypeAlias = "Callable[[Any, InvalidEvent, ReadingPlace | None], None]"
# The index of a row that was not delivered, and its report.
OnUndelivered: TypeAlias = "Callable[[int, Report], None]"


class RunSending:
    """Sends runs of rows by the routes of a producer, in a block of its `in_bulk`.

    Args:
        route_of: gives the route of a class of events.
        wait: waits for room until what it is given returns True; False: told to stop.
        tally: counts.
        trouble: gives the error that all rows would meet, else None.

    """

    def __init__(
        self,
        route_of: Callable[[type[Event]], Route],
        wait: Callable[[Callable[[], bool]], bool],
        tally: Tally,
        trouble: Callable[[], EventError | None],
    ) -> None:
        self._route_of = route_of
        self._wait = wait
        self._tally = tally
        self._trouble = trouble

    def send_whole(self, run: EncodedRun, told: OnUndelivered, on_bad: OnBad | None) -> int:
        """Send all rows; returns how many were taken or rejected, before the first that was not.

        Args:
            run: the rows.
            told: called with the index of each that was not delivered, and its report.
            on_bad: told of a row that is too large; without it InvalidEvent is raised.

        """
        at = taken = 0
        while at < len(run):
            try:
                taken = self.send(run, at, told)
            except InvalidEvent as error:
                if on_bad is None:
                    raise
                on_bad(run.event(at), error, run.place_of(at))
                taken = 1
            except EventError as error:
                if error is not self._trouble():
                    raise
                taken = 0
            if not taken:
                left = len(run) - at - 1  # one has been counted
                self._tally.read += left
                self._tally.unsent += left
                break
            at += taken
        return at

    def send(self, run: EncodedRun, at: int, on_undelivered: OnUndelivered) -> int:
        """Send rows from one on; returns how many were taken: 0 where `send` would be False.

        Args:
            run: the rows.
            at: the index of the first that is to be sent.
            on_undelivered: called with the index of each that was not delivered, and its report.

        Raises:
            InvalidEvent: the row at `at` is too large; it alone is rejected.
            EventError: what `EventProducer.send` raises.

        """
        tally = self._tally
        try:
            route = self._route_of(run.event_type.record)
            told = ByValue(_tell, run, at, len(route.prefix), on_undelivered)
            if route.send_run is not None and (taken := route.send_run(run, at, told)):
                return taken
            if route.takes_whole_runs:
                taken = self._wait_to_take(partial(_whole, route, run, at, told))
            elif not (taken := self._take_rows(route, run, at, told)):
                taken = self._wait_to_take(lambda: self._take_rows(route, run, at, told, 1))
            tally.read += not taken
        except InvalidEvent as error:
            tally.read += 1
            tally.reject(error.rule)
            watching.rejected(error)
            raise
        except EventError:
            tally.read += 1
            tally.unsent += 1
            raise
        except KeyboardInterrupt:
            tally.interrupted = True
            raise
        return taken

    def _wait_to_take(self, take: Callable[[], int]) -> int:
        """Wait until some rows are taken; returns how many: 0 where it was told to stop."""
        taken = 0

        def some() -> bool:
            nonlocal taken
            taken = take()
            return taken > 0

        self._wait(some)
        return taken

    def _take_rows(
        self, route: Route, run: EncodedRun, at: int, told: OnReport, most: int = 0
    ) -> int:
        """Have rows taken one by one, as long as there is room; returns how many were."""
        keys, bodies = run.columns
        if route.send_run is not None:
            most = 1  # the others go the quick way
        end = min(len(run), at + most) if most else len(run)
        for number in range(at, end):
            try:
                if not route.take(route.prefix + bodies[number], keys[number], None, told):
                    return number - at
            except InvalidEvent:
                if number == at:
                    raise
                return number - at
            self._tally.read += 1
        return end - at


def _whole(route: Route, run: EncodedRun, at: int, told: OnReport) -> int:
    """Have the rest of a run taken at once, or none of it."""
    assert route.send_run is not None  # noqa: S101 - such a route has one
    return route.send_run(run, at, told)


def _tell(
    run: EncodedRun,
    first: int,
    prefix: int,
    tell: Callable[[int, Report], None],
    report: Report,
    value: bytes | None = None,
) -> None:
    """Tell which row of a run a report is about: that with the body of its message."""
    if value is None:
        for number in range(first, len(run)):
            tell(number, report)
    elif (found := run.take_index(value[prefix:])) is not None:
        tell(found, report)
