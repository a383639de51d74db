"""The pipeline: source to client; keeps the pace, heeds the stop, closes the tally.

The stages are arguments: any iterable of events and any EventProducer.
"""

from __future__ import annotations

import time
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from freezer_events.avro.arrow import EncodedRun
from freezer_events.errors import EventError, InvalidEvent
from freezer_events.kafka.codes import Outcome
from freezer_events.kafka.connection import SLICE_S
from freezer_events.send import lifetime, watching
from freezer_events.send.collector import looking_less_often
from freezer_events.send.delivery import DEFAULT_TIMEOUT_S
from freezer_events.send.report import OnlyUndelivered
from freezer_events.send.run_sending import RunSending

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from freezer_events.console.stop import Stop
    from freezer_events.event import EventType
    from freezer_events.send.producer import EventProducer
    from freezer_events.send.report import Report
    from freezer_events.send.run_sending import OnBad
    from freezer_events.send.tally import Tally
    from freezer_events.sources.reading import ReadingPlace, Source
    from freezer_events.spool.durable_queue import Spool

_PROGRESS_EVERY: Final = 1000  # events


class Undelivered(NamedTuple):
    """A good reading that is not known to be on the topic.

    Attributes:
        event: the event.
        place: where the source had it; None where the source has no places.
        outcome: failed or unconfirmed; None where it was not sent.

    """

    event: Any
    place: ReadingPlace | None
    outcome: Outcome | None


OnRefused: TypeAlias = "Callable[[Undelivered, Report], bool]"


class Pipeline:
    """One run from a source to a producer.

    Args:
        producer: where events go.
        stop: asked between readings and while waiting, by the producer too.
        interval_s: seconds from one reading to the next; 0 for no pace.
        flush_s: how long the flush at the end may take after a signal, in seconds. Without one it
            lasts until everything is delivered, or the producer gives up.
        on_report: called with an event and its delivery report.
        reports: how many events get a report in any case; later ones only if they are not
            delivered, which costs nothing as long as they are. None: every event.
        on_progress: called with the tally often, and while nothing happens.
        on_notice: told in a sentence how long an outage lasts.

    Attributes:
        undelivered: the good readings that are not known to be on the topic.
        exhausted: the source has been read to its end.
        not_live: to be set, the event type whose times are not filled in: those of readings that
            were not made now.
        timestamp: to be set, the attribute whose value is the record's timestamp; None: that is the
            time of sending.

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
        on_notice: Callable[[str], None] | None = None,
    ) -> None:
        self.undelivered: list[Undelivered] = []
        self.exhausted = False
        self._on_refused: OnRefused = lambda *_: False
        self._producer = producer
        # The one friend of EventProducer's inside: it drives it, and ends its waits.
        self._delivery = producer._delivery  # noqa: SLF001
        self._runs = RunSending(
            producer._route,  # noqa: SLF001
            producer._wait,  # noqa: SLF001
            producer.tally,
            lambda: self.trouble,
        )
        producer._lifetime.stop = stop  # noqa: SLF001
        if on_notice is not None:
            self._delivery.on_notice = on_notice
        self._stop = stop
        self._interval_s = interval_s
        self._flush_s = flush_s
        self._on_report = on_report or (lambda *_: None)
        self._is_watched = on_report is not None
        self._reports = reports if self._is_watched else 0
        self._on_progress = on_progress
        self.not_live: EventType | None = None
        self.timestamp: str | None = None

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

    @property
    def spool(self) -> Spool | None:
        """The spool, where there is one."""
        return self._delivery.spool

    @property
    def earlier(self) -> int:
        """How many messages of earlier runs, which waited in the spool, were delivered."""
        return self._delivery.earlier

    @property
    def earlier_parked(self) -> int:
        """How many of these were parked."""
        return self._delivery.earlier_parked

    @property
    def why_left(self) -> EventError | None:
        """Why something was left in the spool, else None."""
        return self._delivery.why_left

    @property
    def changes(self) -> list[str]:
        """What happened to topics under way, in sentences."""
        return self._delivery.changes

    def show_outage(self, status: Callable[[str], None]) -> None:
        """Tell of an outage every second, on a line that is written over."""
        self._delivery.show_outage(status)

    def partitions(self, topic: str) -> int:
        """Return how many partitions a topic had when it was last looked at; 0: not known."""
        return self._delivery.watch.partitions(topic)

    def wait(self) -> bool:
        """Serve delivery reports while a source waits for input; False: give up waiting."""
        self._delivery.serve(0)
        self._on_progress(self.tally)
        return not self._stopping()

    def run(
        self,
        events: Iterable[Any],
        on_bad: OnBad | None = None,
        total: int | None = None,
        source: Source | None = None,
        mark: Callable[[], Any] | None = None,
        on_end: Callable[[], None] = lambda: None,
        on_refused: OnRefused | None = None,
    ) -> Tally:
        """Send every event, then wait for what was sent; the tally then adds up for good.

        Args:
            events: typed events; a slow source calls `wait` of this object while it waits.
            on_bad: told of an event that does not fit its schema, which counts as rejected, and of
                its place; without it the InvalidEvent is raised.
            total: how many events there will be, where that is known: no pause after the last.
            source: where the events come from, if each has a place there. It is told of each
                event that is safe, if it wants to know.
            mark: tells how far the source has been read, to be put into the spool with an event.
            on_end: called once the source has been read as far as it goes, and all of it taken.
            on_refused: told of a reading that the cluster never takes; True if it is kept
                elsewhere.

        Raises:
            CountsDiffer: a reading was counted twice or not at all: a bug.
            Exception: what source, producer or callbacks raise; what was accepted has been
                flushed by then.

        """
        due = time.monotonic()
        if self.not_live is not None and (fill := self._producer._routes.get(self.not_live).fill):  # noqa: SLF001
            fill.leave_out_now()
        self._on_refused = on_refused or self._on_refused
        send, ended = self._sender(source, mark), False
        stop, delivery = self._stop, self._delivery
        try:
            with delivery.in_bulk(), looking_less_often():
                for event in events:
                    if type(event) is EncodedRun:
                        taken = self._tried_run(event, on_bad, source, mark)
                    else:
                        taken = self._tried(send, event, on_bad, source)
                    if taken and self._interval_s and self.tally.read != total:
                        due = self._pace(due + self._interval_s)
                    if not taken or stop.asked or delivery.trouble is not None:
                        break
                else:
                    ended = True
            self.exhausted = ended and (source is None or not source.left)
            if ended:
                on_end()
        finally:
            self._finish()
        self.tally.check()
        return self.tally

    def _tried(
        self,
        send: Callable[[Any], bool],
        event: Any,
        on_bad: OnBad | None,
        source: Source | None,
    ) -> bool:
        """Send one event; False: the cluster takes no more."""
        taken = False
        try:
            taken = send(event)
        except InvalidEvent as error:
            if on_bad is None:
                raise
            on_bad(event, error, None if source is None else source.last)
            return True
        except EventError as error:
            if error is not self.trouble:
                raise
        if not taken:
            place = None if source is None else source.last
            self.undelivered.append(Undelivered(event, place, None))
        return taken

    def _tried_run(
        self,
        run: EncodedRun,
        on_bad: OnBad | None,
        source: Source | None,
        mark: Callable[[], Any] | None,
    ) -> bool:
        """Send rows that are encoded; False: the cluster takes no more."""
        if mark is not None:
            self._delivery.note_place(mark())
        self._on_progress(self.tally)
        taken = self._runs.send_whole(run, partial(self._told_of_row, run, source), on_bad)
        rest = range(taken, len(run))
        self.undelivered += [Undelivered(run.event(at), run.place_of(at), None) for at in rest]
        return not rest

    def _told_of_row(self, run: EncodedRun, source: Source | None, at: int, report: Report) -> None:
        self._told(run.event(at), run.place_of(at), source, report)

    def _sender(
        self, source: Source | None, mark: Callable[[], Any] | None
    ) -> Callable[[Any], bool]:
        """Make the function that sends an event: what nobody asked for costs nothing there."""
        send, limit, told = self._producer.send, self._reports, self._told
        tells = source is not None and source.wants_to_know
        self._producer.on_undelivered = lambda event, report: told(event, None, None, report)
        field = self.timestamp
        if field is not None:
            plain = send

            def send(event: Any, **how: Any) -> bool:
                return plain(event, timestamp=getattr(event, field), **how)

        numbers, note_place = count(), self._delivery.note_place

        def sending(event: Any) -> bool:
            number = next(numbers)
            place = None if source is None else source.last
            if mark is not None:
                note_place(mark())
            if tells or limit is None or number < limit:
                return send(event, on_delivery=partial(told, event, place, source))
            if not number % _PROGRESS_EVERY:
                self._on_progress(self.tally)
            if place is None:
                return send(event)
            return send(event, on_delivery=OnlyUndelivered(told, event, place, source))

        return send if source is None and not self._is_watched else sending

    def _told(
        self, event: Any, place: ReadingPlace | None, source: Source | None, report: Report
    ) -> None:
        if report.outcome in {Outcome.FAILED, Outcome.UNCONFIRMED}:
            found = Undelivered(event, place, report.outcome)
            if not (report.is_refused and self._on_refused(found, report)):
                self.undelivered.append(found)
        elif source is not None and place is not None:
            source.safe(place)
        self._on_report(event, report)

    def _stopping(self) -> bool:
        if self._delivery.trouble is not None:
            self._stop.ask()
        return self._stop()

    def _pace(self, due: float) -> float:
        """Serve reports until the next reading is due; returns when that was."""
        while (left := due - time.monotonic()) > 0 and not self._stopping():
            self._delivery.serve(min(left, SLICE_S))
            self._on_progress(self.tally)
        return due

    def _finish(self) -> None:
        asked_at: float | None = None

        def enough() -> bool:
            """After a signal there is only so much time, after a second one none."""
            nonlocal asked_at
            self._on_progress(self.tally)
            if self._stop.signal is not None:
                asked_at = asked_at or time.monotonic()
            late = asked_at is not None and time.monotonic() - asked_at >= self._flush_s
            return late or self._stop.at_once

        self._delivery.flush(None, enough)
        self._delivery.abandon()
        self._delivery.look_back()
        watching.ended(self._delivery)
        lifetime.forget(self._producer._lifetime)  # noqa: SLF001 - nothing is open, closed or not
