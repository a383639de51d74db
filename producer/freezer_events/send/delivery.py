"""Delivery: one line, its reports and its pump; waits for room and reports, and gives up in time.

Nothing is dropped: a full local queue makes the sender wait, and a message counts by its delivery
report alone. An outage pauses; after `give_up_after_s` without any report, or an error that every
later message would meet too, everything that is open is given up at once: nothing may arrive after
a hole in its key.
"""

from __future__ import annotations

import logging
import threading
import time
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, Final

from freezer_events.kafka import codes
from freezer_events.kafka.connection import SLICE_S, never
from freezer_events.send import fast, giving_up, watching
from freezer_events.send.client_properties import producer_properties, queue_limit
from freezer_events.send.delivering import Delivering
from freezer_events.send.outage import STATUS_EVERY_S, Outage
from freezer_events.send.pump import Pump

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from freezer_events.config import Settings
    from freezer_events.errors import EventError

DEFAULT_TIMEOUT_S: Final = 30.0
DEFAULT_GIVE_UP_AFTER_S: Final = 300.0

_FATAL_REASON_S: Final = 1.0  # how long the reason of a fatal error may be on its way
_LAST_S: Final = 0.005  # what is counted in C ends no poll, so the last of it shows after this
_TOLD_S: Final = 0.001  # between two looks whether callbacks have returned
_PURGED_WITHIN_S: Final = 5.0
_BATCH_OVERHEAD_BYTES: Final = 512  # a batch's header, and what compression may add to noise

_log = logging.getLogger("freezer_events.send")


class Delivery(Delivering):
    """Deliver messages to one cluster.

    Args:
        settings: the cluster; its properties override the defaults of this module.
        give_up_after_s: how long nothing may be delivered, in seconds.
        on_end: called once when the producer has come to its end, with the reason.

    Attributes:
        line: takes the messages.

    Raises:
        ConfigError: librdkafka refuses a property; names it.

    """

    # What only a delivery by way of a spool has.
    spool: None = None
    why_left: None = None
    earlier = earlier_parked = 0

    def __init__(
        self,
        settings: Settings,
        *,
        give_up_after_s: float = DEFAULT_GIVE_UP_AFTER_S,
        on_end: Callable[[EventError], None] = lambda _: None,
    ) -> None:
        super().__init__(settings)
        properties = producer_properties(settings, give_up_after_s)
        self.line = fast.line(settings.freezer_line, properties, self.reports)
        self._on_end = on_end
        self._ended = False
        self._outage = Outage(give_up_after_s)
        self._on_outage: Callable[[str], None] | None = None
        self._was_told = False
        self._delivered_at_renewal = -1
        self._renewal = threading.Lock()
        self.pump = Pump(self.line, lambda: self.in_flight > 0, self._look)
        watching.began(self)

    @property
    def in_flight(self) -> int:
        """Messages accepted and not yet settled."""
        return self.tally.in_flight

    @property
    def line_name(self) -> str:
        """Which line is used: "compiled" or "python"."""
        return type(self.line).__name__.removesuffix("Line").lower()

    @property
    def moved_at(self) -> float | None:
        """When the pump last went round; None before the first message."""
        return self.pump.moved_at

    def why_not_ready(self) -> str:
        """Say why no event can be taken at the moment; "" where one can."""
        if self.moved_at is None:
            return "not connected to a topic yet"
        if (waiting := self.in_flight) >= queue_limit(self.settings):
            return f"the queue is full: {waiting:,} messages wait"
        return ""

    def in_bulk(self) -> AbstractContextManager[None]:
        """Do nothing: with a spool, this is where messages need not wait for the disk each."""
        return nullcontext()

    def note_place(self, place: Any) -> None:
        """Do nothing: with a spool, this is kept with the next message."""

    def show_outage(self, status: Callable[[str], None]) -> None:
        """Tell of an outage every second, on a line that is written over."""
        self._outage.every_s = STATUS_EVERY_S
        self._on_outage = status

    def wait_for_room(self, take: Callable[[], bool], stop: Callable[[], bool] = never) -> bool:
        """Try to have a message taken until there is room; False: it was told to stop, or ended.

        A message that is not taken counts as unsent.

        Raises:
            UsageError: this is within a callback, which alone could make room.

        """
        self.outside_callbacks("wait for room in the queue")
        try:
            while not (self._ended or self.trouble or stop()):
                self.serve(SLICE_S)
                if take():
                    return True
        except KeyboardInterrupt:
            self.tally.unsent += 1
            raise
        self.tally.unsent += 1
        return False

    def refuse_to_wait_since(self, begun: float) -> None:
        """Do nothing: an outage that lasts too long ends the producer, and so every wait."""

    def serve(self, timeout_s: float) -> None:
        """Serve delivery reports for up to `timeout_s` seconds."""
        self.line.serve(timeout_s)
        self._end_if_in_trouble()

    def bound_batches(self, largest_bytes: int) -> None:
        """Make batches fit a topic; what is in flight settles first, to keep its order."""
        most = max(1, largest_bytes - _BATCH_OVERHEAD_BYTES)
        while not self._ended and not self.line.bound_batches(most):
            self.flush(SLICE_S)

    def flush(self, timeout_s: float | None, stop: Callable[[], bool] = never) -> int:
        """Wait for the reports of all messages; returns how many are still without one.

        Args:
            timeout_s: the longest to wait, in seconds; None: until all is settled or given up.
            stop: asked every 0.1 s; True ends the wait.

        Raises:
            UsageError: this is within a callback.

        """
        self.outside_callbacks("flush")
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        while not stop() and (deadline is None or time.monotonic() < deadline):
            if self.in_flight:
                self.line.push()
                self.serve(_LAST_S if timeout_s is None else min(_LAST_S, timeout_s))
            elif self.reports.telling:  # another thread runs the last callbacks
                time.sleep(_TOLD_S)
            else:
                break
        self._end_if_in_trouble()  # the last report may have come in the pump's thread
        return self.in_flight

    def abandon(self) -> None:
        """Give up what is held or in flight, and count it: nothing is left open.

        What was still queued has failed; what was in flight is unconfirmed.
        """
        if self.in_flight:
            self._ended = True
            self.line.give_up()
            deadline = time.monotonic() + _PURGED_WITHIN_S
            while self.in_flight > 0 and time.monotonic() < deadline:
                self.line.serve(SLICE_S)
            if (mute := self.in_flight) > 0:
                _log.error("librdkafka reported nothing of %d purged messages", mute)
                self.tally.unconfirmed += mute

    def disconnect(self) -> None:
        """End the pump and the client, once all is settled."""
        self.look_back()
        self.pump.stop()
        watching.ended(self)
        self.line.close()

    def _look(self) -> None:
        """Watch over an outage, and over topics: the pump's business."""
        tally = self.tally
        self._outage.look(time.monotonic(), tally.in_flight, tally.settled)
        if self._outage.is_too_long() and self.trouble is None and not self._ended:
            self.reports.trouble = giving_up.reason(self.settings, self._outage, self.reports.heard)
        if self._outage.is_to_be_told() and not self._ended:
            self._was_told = True
            told = giving_up.state(self._outage, self.in_flight, self.reports.heard)
            (self._on_outage or self.on_notice)(told)
            watching.happened(
                "outage",
                logging.WARNING,
                lasted_s=round(self._outage.lasted_s, 1),
                waiting=self.in_flight,
                cause=giving_up.cause(self.reports.heard),
            )
        elif self._was_told and not self._outage.lasted_s:
            self._was_told = False
            if self.trouble is None:
                self.on_notice("delivering again")
                watching.happened("recovered", waiting=self.in_flight)
        self.look_at_topics()
        self._end_if_in_trouble()

    def _end_if_in_trouble(self) -> None:
        reports = self.reports
        may_renew = reports.fatal is not None and not (self._ended or reports.in_callback)
        if may_renew and self._renewal.acquire(blocking=False):
            try:
                self._renew()
            finally:
                self._renewal.release()
        if reports.is_settled(_FATAL_REASON_S) and reports.trouble is not None and not self._ended:
            self._ended = True
            self._on_end(reports.trouble)
            self.line.give_up()

    def _renew(self) -> None:
        """Go on with another client; end where the one before delivered nothing either."""
        fatal, tally = self.reports.fatal, self.tally
        if fatal is None:
            return  # another thread has done it
        if tally.delivered == self._delivered_at_renewal:
            self.reports.trouble = codes.explain(fatal, self.settings, "")
            return
        unconfirmed, self._delivered_at_renewal = tally.unconfirmed, tally.delivered
        again = self.line.renew()
        self.on_notice(
            f"the client met a fatal error ({codes.words(fatal)}) and was made anew:"
            f" {tally.unconfirmed - unconfirmed:,} in flight are unconfirmed,"
            f" {again:,} are sent again"
        )
        watching.happened("client made anew", logging.WARNING, sent_again=again)
