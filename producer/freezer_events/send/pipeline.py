"""The pipeline: source to client; keeps the pace, heeds the stop, closes the tally.

The stages are arguments: any iterable of events and any EventProducer.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from freezer_events.errors import InvalidEvent
from freezer_events.kafka.connection import SLICE_S
from freezer_events.send.delivery import DEFAULT_TIMEOUT_S

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from freezer_events.console.stop import Stop
    from freezer_events.errors import EventError
    from freezer_events.send.producer import EventProducer
    from freezer_events.send.reports import Report
    from freezer_events.send.tally import Tally

_PROGRESS_EVERY: Final = 1000  # events


class Pipeline:
    """One run from a source to a producer.

    Args:
        producer: where events go.
        stop: asked between readings and while waiting, by the producer too.
        interval_s: seconds from one reading to the next; 0 for no pace.
        flush_s: how long the flush at the end may take, in seconds.
        on_report: called with an event and its delivery report.
        reports: how many events get a report in any case; later ones only if they are not
            delivered, which costs nothing as long as they are. None: every event.
        on_progress: called with the tally now and then after that.

    """

    def __init__(
        self,
        producer: EventProducer,
        stop: Stop,
        *,
        interval_s: float = 0.0,
        flush_s: float = DEFAULT_TIMEOUT_S,
        on_report: Callable[[Any, Report], None] | None = None,
        reports: int | None = None,
        on_progress: Callable[[Tally], None] = lambda _: None,
    ) -> None:
        self._producer = producer
        # The one friend of EventProducer's inside: it drives it, and ends its waits.
        self._delivery = producer._delivery  # noqa: SLF001
        producer._stop = stop  # noqa: SLF001
        self._stop = stop
        self._interval_s = interval_s
        self._flush_s = flush_s
        self._on_report = on_report
        self._reports = reports
        self._on_progress = on_progress

    @property
    def tally(self) -> Tally:
        """The counts so far."""
        return self._delivery.tally

    @property
    def trouble(self) -> EventError | None:
        """The first error that every later message would meet too, else None."""
        return self._delivery.trouble

    @property
    def partitioner(self) -> str:
        """The partitioner in force."""
        return self._delivery.partitioner

    def wait(self) -> bool:
        """Serve delivery reports while a source waits for input; False: give up waiting."""
        self._delivery.poll(0)
        return not self._stopping()

    def run(
        self,
        events: Iterable[Any],
        on_bad: Callable[[Any, InvalidEvent], None] | None = None,
        total: int | None = None,
    ) -> Tally:
        """Send every event, then wait for what was sent; the tally then adds up for good.

        Args:
            events: typed events; a slow source calls `wait` of this object while it waits.
            on_bad: told of an event that does not fit its schema, which counts as rejected;
                without it the InvalidEvent is raised.
            total: how many events there will be, where that is known: no pause after the last.

        Raises:
            Exception: what source, producer or callbacks raise; what was accepted has been
                flushed by then.

        """
        due = time.monotonic()
        send, stop, reports = self._sender(on_bad), self._stop, self._delivery.reports
        try:
            for event in events:
                if not send(event) or stop.asked or reports.trouble is not None:
                    break
                if self._interval_s and self.tally.read != total:
                    due = self._pace(due + self._interval_s)
        finally:
            self._finish()
        return self.tally

    def _sender(self, on_bad: Callable[[Any, InvalidEvent], None] | None) -> Callable[[Any], bool]:
        """Make the function that sends an event: what nobody asked for costs nothing there."""
        send: Callable[[Any], bool] = self._producer.send
        if self._on_report is not None:
            send = self._reporting(self._on_report)
        return send if on_bad is None else _tolerant(send, on_bad)

    def _reporting(self, report: Callable[[Any, Report], None]) -> Callable[[Any], bool]:
        send, tally, progress = self._producer.send, self.tally, self._on_progress
        limit = self._reports
        self._producer.on_undelivered = report

        def reporting(event: Any) -> bool:
            if limit is None or tally.read < limit:
                return send(event, on_delivery=lambda found: report(event, found))
            if not tally.read % _PROGRESS_EVERY:
                progress(tally)
            return send(event)

        return reporting

    def _stopping(self) -> bool:
        if self._delivery.trouble is not None:
            self._stop.ask()
        return self._stop()

    def _pace(self, due: float) -> float:
        """Serve reports until the next reading is due; returns when that was."""
        while (left := due - time.monotonic()) > 0 and not self._stopping():
            self._delivery.poll(min(left, SLICE_S))
        return due

    def _finish(self) -> None:
        self._delivery.flush(self._flush_s, lambda: self._stop.at_once)
        if self._delivery.in_flight:
            self._delivery.abandon()


def _tolerant(
    send: Callable[[Any], bool], on_bad: Callable[[Any, InvalidEvent], None]
) -> Callable[[Any], bool]:
    def tolerant(event: Any) -> bool:
        try:
            return send(event)
        except InvalidEvent as error:
            on_bad(event, error)
            return True

    return tolerant
