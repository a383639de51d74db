"""Delivery by way of the spool: an event is safe once it is on disk, and is delivered from there.

It stands where `Delivery` stands without a spool. What is on disk is never given up on: only a wait
for it ends.
"""

from __future__ import annotations

import logging
import threading
import time
from contextlib import AbstractContextManager, suppress
from itertools import chain
from typing import TYPE_CHECKING, Any

from freezer_events.errors import (
    EventError,
)
from freezer_events.kafka.codes import Outcome
from freezer_events.kafka.connection import SLICE_S, never
from freezer_events.send import watching
from freezer_events.send.client_properties import producer_properties
from freezer_events.send.delivering import Delivering
from freezer_events.send.delivery import DEFAULT_GIVE_UP_AFTER_S
from freezer_events.send.drain import Drain
from freezer_events.send.exactly_once import ExactlyOnceDrain
from freezer_events.send.into_spool import IntoSpool
from freezer_events.send.report import OnlyUndelivered, report_on_disk
from freezer_events.send.spool_outage import SpoolOutage
from freezer_events.send.watching import SpoolState
from freezer_events.spool.durable_queue import Spool
from freezer_events.spool.put import PackedRow

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from freezer_events.config import Settings
    from freezer_events.send.fill import Filler
    from freezer_events.send.into_spool import Encode, KeyOf
    from freezer_events.send.line import Send, SendRun, Take
    from freezer_events.send.on_its_way import Address
    from freezer_events.send.report import OnReport
    from freezer_events.send.spool_at import SpoolAt
    from freezer_events.spool.put import Put
    from freezer_events.spool.records import BodyKind


class SpooledDelivery(Delivering):
    """Keep messages in a spool and deliver them from there.

    Args:
        settings: the cluster.
        at: the spool.
        give_up_after_s: how long a wait goes on without a delivery, in seconds.
        exactly_once: deliver in transactions.
        on_end: called when nothing can be spooled any more, with the reason.

    Attributes:
        spool: the spool.

    Raises:
        ConfigError: the folder cannot be a spool, or librdkafka refuses a property.
        UnreachableError: another process uses the spool.

    """

    def __init__(
        self,
        settings: Settings,
        at: SpoolAt,
        give_up_after_s: float = DEFAULT_GIVE_UP_AFTER_S,
        on_end: Callable[[EventError], None] = lambda _: None,
        *,
        exactly_once: bool = False,
    ) -> None:
        super().__init__(settings)
        self._over = threading.Event()
        self._properties = producer_properties(settings, None)
        self.spool = Spool(
            at.path,
            max_bytes=at.max_bytes,
            drop_oldest=at.drop_oldest,
            patience_s=give_up_after_s,
        )
        self.spool.hooks.on_notice = lambda text: self.on_notice(text)  # noqa: PLW0108 - it may be set
        self.spool.hooks.on_committed = self._committed
        self.spool.hooks.keeps = lambda told: not isinstance(told, OnlyUndelivered)
        self.spool.hooks.on_forgotten = self._tell_spooled
        self.spool.hooks.on_lost = self._lost
        self.spool.hooks.on_told_lost = lambda who, why: self.reports.tell(
            who, report_on_disk(Outcome.FAILED, "", why)
        )
        self.spool.hooks.on_refused = self._refused
        self._exactly_once = exactly_once
        self._on_end = on_end
        self._max_bytes = at.max_bytes
        watching.began(self)
        self._outage = SpoolOutage(
            self.spool,
            settings.bootstrap_servers,
            give_up_after_s,
            lambda text: self.on_notice(text),  # noqa: PLW0108 - it may be set
            self._over.is_set,
        )
        self._into = IntoSpool(
            self.spool,
            self.reports,
            settings.freezer_line,
            give_up_after_s,
            self._over.is_set,
            self._tell_safe,
        )
        self._drain: Drain | None = None
        self._looking = threading.Lock()
        self._why_left: EventError | None = None

    @property
    def in_flight(self) -> int:
        """Messages of this process that are on disk and not yet settled."""
        return self.tally.in_flight

    @property
    def earlier(self) -> int:
        """How many messages of earlier processes were delivered."""
        return 0 if self._drain is None else sum(self._drain.earlier.values())

    @property
    def earlier_parked(self) -> int:
        """How many messages of earlier processes were parked."""
        return 0 if self._drain is None else self._drain.earlier_parked

    @property
    def why_left(self) -> EventError | None:
        """Why something was left in the spool, once the wait for it has ended."""
        return self._why_left

    def show_outage(self, status: Callable[[str], None]) -> None:
        """Tell of an outage every second, on a line that is written over."""
        self._outage.show(status)

    @property
    def line_name(self) -> str:
        """Which code fills and drains the spool: "compiled" or "python"."""
        return "compiled" if self._into.is_compiled else "python"

    @property
    def moved_at(self) -> float | None:
        """When the drain's thread last went on; None before there is one."""
        return None if self._drain is None else self._drain.moved_at

    def why_not_ready(self) -> str:
        """Say why no event can be taken at the moment; "" where one can, broker or not."""
        return f"the spool is full: {self.spool.path}" if self.spool.is_full else ""

    def spool_state(self) -> SpoolState:
        """Return how the spool stands, for metrics and health."""
        waiting, parked, lost = self.spool.state()
        age_s = 0.0 if waiting.oldest_ms is None else time.time() - waiting.oldest_ms / 1000
        return SpoolState(
            messages=waiting.events,
            size_bytes=waiting.size_bytes,
            limit_bytes=self._max_bytes,
            oldest_age_s=max(0.0, age_s),
            parked=parked,
            lost=lost,
        )

    def start(self, address: Callable[[BodyKind], Address]) -> None:
        """Start to drain, by way of these addresses."""
        kind = ExactlyOnceDrain if self._exactly_once else Drain
        self._drain = kind(self.spool, self.settings, self._properties, self.reports, address)
        self._drain.on_look = self.look
        self._outage.watch(self._drain)
        self._drain.start()

    def is_stopping(self) -> bool:
        """Tell whether the drain is to end."""
        return self._drain is not None and self._drain.is_stopped

    def taker(self, kind: int, fill: Filler | None) -> Take:
        """Return the function that puts one message into the spool; False: no room, not taken.

        It waits for the disk, except in a block of `in_bulk`.
        """
        return self._into.taker(kind, fill)

    def sender(self, kind: int, encode: Encode, key: KeyOf) -> Send | None:
        """Return the function that encodes an event and puts it in, if there is a compiled one.

        It takes no event that its sender waits for.
        """
        return self._into.sender(kind, encode, key)

    def run_sender(self, kind: int) -> SendRun:
        """Return the function that puts rows in which are encoded: all that are left, or none."""
        return self._into.run_sender(kind)

    def in_bulk(self) -> AbstractContextManager[None]:
        """Do not wait for the disk for each message of this thread, but for all at the end."""
        return self._into.in_bulk()

    def note_place(self, place: Any) -> None:
        """Say how far its source has been read with the next message of this thread."""
        self._into.note_place(place)

    def wait_for_room(self, take: Callable[[], bool], stop: Callable[[], bool] = never) -> bool:
        """Try to have a message taken until there is room; False: it was told to stop.

        Raises:
            UnreachableError: the spool was full for too long.

        """
        return self._into.wait_for_room(take, stop)

    def refuse_to_wait_since(self, begun: float) -> None:
        """Refuse to wait for room any longer.

        Raises:
            UnreachableError: the spool has been full since then, which is too long.

        """
        self._into.refuse_to_wait_since(begun)

    def serve(self, timeout_s: float) -> None:
        """Wait: reports are served by the drain."""
        self._over.wait(timeout_s)

    def bound_batches(self, largest_bytes: int) -> None:
        """Make batches fit a topic: called from within the drain."""
        if self._drain is not None:
            self._drain.bound_batches(largest_bytes)

    def flush(self, timeout_s: float | None, stop: Callable[[], bool] = never) -> int:
        """Wait until the spool is drained; returns how many messages it still holds.

        Args:
            timeout_s: the longest to wait, in seconds; None: until nothing waits, or nothing has
                been delivered for `give_up_after_s`, or it is certain that waiting does not help.
            stop: asked every 0.1 s; True ends the wait.

        Raises:
            UsageError: this is within a callback.

        """
        self.outside_callbacks("flush")
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        with suppress(EventError):  # who put it in is told of it
            self.spool.wait(stop=stop)
        while (left := self.spool.waiting) and not stop() and self._outage.is_worth_waiting():
            if self._over.is_set():
                break  # nothing drains it any more
            if deadline is not None and time.monotonic() >= deadline:
                break
            self.spool.wait_for_room(SLICE_S)
            self.look()
        return left

    def abandon(self) -> None:
        """Leave on disk what has not been delivered, and count it: nothing is left open."""
        if self._over.is_set():
            return
        self._over.set()
        if self._drain is not None:
            self._drain.stop()
        self.spool.close_intake()
        self.tally.spooled = self.spool.waiting_since_start()
        if self.spool.waiting:
            self._why_left = self._outage.given_up()
        drained = () if self._drain is None else self._drain.untold()
        for who in chain(drained, self.spool.untold()):
            self._tell_spooled(who)
        watching.ended(self)  # nobody looks at the spool after that
        self.spool.close()

    def _tell_safe(self, who: OnReport, error: EventError | None) -> None:
        """Tell somebody that a message is on disk, or why it is not."""
        if error is None:
            self._tell_spooled(who)
        else:
            self.reports.tell(who, report_on_disk(Outcome.FAILED, "", error.why))

    def _tell_spooled(self, who: OnReport) -> None:
        self.reports.tell(who, report_on_disk(Outcome.SPOOLED, "", "on disk, not delivered yet"))

    def disconnect(self) -> None:
        """Look at the topics once more; `abandon` has ended drain and client."""
        self.look_back()
        if (why := self._why_left) is not None:
            watching.happened(
                "left in the spool", logging.WARNING, waiting=self.spool.waiting, cause=why.why
            )

    def look(self) -> None:
        """Watch over an outage, and the topics."""
        if self._drain is not None and self._looking.acquire(blocking=False):
            try:
                self._outage.look()
                self.look_at_topics()
            finally:
                self._looking.release()

    def _committed(self, count: int) -> None:
        self.tally.accepted += count

    def _lost(self, count: int) -> None:
        self.tally.lost += count

    def _refused(self, messages: Sequence[Put | PackedRow], error: EventError) -> None:
        """Take what could not be committed; a sender that waits counts its own."""
        report = report_on_disk(Outcome.FAILED, "", error.why)
        for each in messages:
            if isinstance(each, PackedRow):
                self.tally.unsent += each.length
                told = each.told
            elif not each.awaited:
                self.tally.unsent += 1
                told = () if each.told is None else (each.told,)
            else:
                continue
            for who in told:
                self.reports.tell(who, report)
        self.reports.trouble = error
        self._on_end(error)
