"""`--rejects-topic`, `--undelivered-topic`: refused readings as events on a topic of their own."""

from __future__ import annotations

import socket
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Self

from freezer_events.cli.kept_readings import reading_bytes
from freezer_events.cli.output import note
from freezer_events.console.words import counted
from freezer_events.errors import EventError, NotDelivered
from freezer_events.events import DeadReading
from freezer_events.events.dead_reading import Refuser
from freezer_events.kafka.codes import Outcome
from freezer_events.kafka.connection import SLICE_S
from freezer_events.send.producer import EventProducer
from freezer_events.sources.reading import shown_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from freezer_events.config import Settings
    from freezer_events.send.pipeline import Undelivered
    from freezer_events.send.report import Report
    from freezer_events.sources import ReadingPlace, Rejected, Source

_REPORTED_WITHIN_S: Final = 30.0


class DeadLetters:
    """Sends refused readings to a topic, through a client of its own.

    Args:
        settings: the cluster and the registry.
        option: which option asked for it ("--rejects-topic").
        topic: where they go.
        meant: the event's name, and the topic that its readings are for.
        timeout_s: seconds that an answer may take.
        give_up_after_s: seconds of an outage before giving up.

    Attributes:
        is_open: some were sent of which it is not known that they arrived.

    """

    def __init__(
        self,
        settings: Settings,
        option: str,
        topic: str,
        *,
        meant: tuple[str, str],
        timeout_s: float,
        give_up_after_s: float,
    ) -> None:
        self._producer = EventProducer(
            settings, topic=topic, timeout_s=timeout_s, give_up_after_s=give_up_after_s
        )
        self._option = option
        self._topic = topic
        self._event, self._meant_for = meant
        self._lost = 0
        self.is_open = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(NotDelivered):  # whoever asked for a report was told
            self._producer.close()

    def prepare(self) -> None:
        """Make sure that they can be sent, before anything is.

        Raises:
            EventError: they cannot; names the option, and what to do.

        """
        try:
            self._producer.prepare(DeadReading)
        except EventError as error:
            raise type(error)(f"{self._option}: {error.doing}", error.why, error.fix) from error

    def take_rejected(self, found: Rejected, source: Source | None) -> None:
        """Send a reading that is no event."""
        self._send(
            found.raw,
            found.place,
            source,
            self._lose,
            refused_by=Refuser.SCHEMA,
            reason=_utf8(found.why),
        )

    def keeper(
        self, source: Source | None, others: list[Undelivered]
    ) -> Callable[[Undelivered, Report], bool]:
        """Return what takes a reading that the cluster refused.

        Args:
            source: where the readings come from.
            others: gets those that cannot be kept here, either.

        """

        def keep(found: Undelivered, report: Report) -> bool:
            self._take_refused(found, report, source, partial(others.append, found))
            return True

        return keep

    def _take_refused(
        self, found: Undelivered, report: Report, source: Source | None, on_lost: Callable[[], None]
    ) -> None:
        self._send(
            reading_bytes(found),
            found.place,
            source,
            on_lost,
            refused_by=Refuser.KAFKA,
            reason=_utf8(report.error or ""),
        )

    def arrive(self, wait: Callable[[], bool]) -> None:
        """Wait until all that was sent is on the topic, whatever `linger.ms` says.

        Args:
            wait: asked every 0.1 s; False ends the wait.

        Raises:
            NotDelivered: some of it is not, or not yet.

        """
        while self._producer.flush(SLICE_S) and wait():
            pass
        if lost := self._lost + self._producer.tally.in_flight:
            raise NotDelivered(
                f"{self._option} {self._topic}", f"{counted(lost, 'refused reading')} not delivered"
            )
        self.is_open = False

    def all_arrived(self) -> bool:
        """Wait for the reports; False if some rejected readings are nowhere."""
        self._producer.flush(_REPORTED_WITHIN_S)
        lost = self._lost + self._producer.tally.in_flight
        if lost:
            note(f"{counted(lost, 'refused reading')} not delivered to {self._topic}")
        return not lost

    def _lose(self) -> None:
        self._lost += 1

    def _send(
        self,
        payload: bytes,
        place: ReadingPlace | None,
        source: Source | None,
        on_lost: Callable[[], None],
        **of: Any,
    ) -> None:
        def told(report: Report) -> None:
            if report.outcome is not Outcome.DELIVERED:
                on_lost()

        heading = b"" if source is None or place is None else source.heading(place.input)
        letter = DeadReading(
            event=self._event,
            topic=self._meant_for,
            payload=_without_end(payload),
            heading=_without_end(heading) or None,
            source=_utf8(socket.gethostname() if place is None else shown_name(place.input)),
            line=None if place is None else place.line,
            **of,
        )
        self.is_open = True
        try:
            taken = self._producer.send(letter, on_delivery=told)
        except EventError as error:  # too large for this topic, too; or the cluster is gone
            note(f"not kept on {self._topic}: {error.why}")
            taken = False
        if not taken:
            on_lost()


def _without_end(data: bytes) -> bytes:
    """Return bytes without their last line end."""
    return data.removesuffix(b"\n").removesuffix(b"\r")


def _utf8(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()
