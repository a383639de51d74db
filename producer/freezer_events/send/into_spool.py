"""Messages put into the spool by the threads that send them."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from freezer_events.errors import UnreachableError
from freezer_events.kafka.connection import SLICE_S
from freezer_events.send import fast
from freezer_events.send.report import OnceSafe
from freezer_events.spool.packing import of_one_kind
from freezer_events.spool.put import PackedRow, Put

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from freezer_events.avro.arrow import EncodedRun
    from freezer_events.errors import EventError
    from freezer_events.send.fill import Filler
    from freezer_events.send.line import Extra, Send, SendRun, Take
    from freezer_events.send.report import OnReport
    from freezer_events.send.reports import Reports
    from freezer_events.spool.durable_queue import Spool

    Encode = Callable[[Any], bytes]
    KeyOf = Callable[[Any], str | None]


class IntoSpool:
    """Puts messages in, and waits for the disk and for room.

    Args:
        spool: where they go.
        reports: knows why nothing is taken any more, and counts what is left unsent.
        line: which of the lines is wanted, by which messages are packed as well.
        give_up_after_s: how long a full spool is waited for, in seconds.
        is_over: tells whether nothing is to be taken any more.
        on_safe: told of a message that is on disk, or why it is not, for who is to hear.

    """

    def __init__(
        self,
        spool: Spool,
        reports: Reports,
        line: str | None,
        give_up_after_s: float,
        is_over: Callable[[], bool],
        on_safe: Callable[[OnReport, EventError | None], None],
    ) -> None:
        self._spool = spool
        self._reports = reports
        self._give_up_after_s = give_up_after_s
        self._is_over = is_over
        self._on_safe = on_safe
        self._here = _Here()
        self._packer = packer = fast.row_packer(line, self._here, self._first, self._push)
        if packer is not None:
            spool.fill_from(packer)
            reports.draw = lambda: packer.draw(reports.drawn)

    @property
    def is_compiled(self) -> bool:
        """Whether events are packed by compiled code."""
        return self._packer is not None

    def sender(self, kind: int, encode: Encode, key: KeyOf) -> Send | None:
        """Return the function that encodes an event and puts it in, if there is a compiled one.

        It takes no event outside of a block of `in_bulk`.
        """
        return None if self._packer is None else fast.row_sender(self._packer, encode, kind, key)

    def run_sender(self, kind: int) -> SendRun:
        """Return the function that puts rows in which are encoded: all that are left, or none."""
        spool, here, reports = self._spool, self._here, self._reports

        def send(run: EncodedRun, at: int, told: OnReport | None) -> int:
            if reports.trouble is not None:
                raise reports.trouble
            length = len(run) - at
            data = run.data if not at else run.from_index(at)
            places = () if here.place is None else (here.place,)
            listeners = () if told is None else (told,)
            if not spool.put_row(
                PackedRow(length, of_one_kind(kind, length, data), places, listeners)
            ):
                return 0
            reports.tally.read += length
            return length

        return send

    def _first(self) -> None:
        """Let the thread that commits know of a message."""
        self._spool.look_alive()

    def _push(self) -> None:
        """Put a full row in, if there is room: else what comes next waits for that."""
        if not self._spool.is_full and self._reports.trouble is None:
            self._spool.take_row()

    def taker(self, kind: int, fill: Filler | None) -> Take:
        """Return the function that puts one message into the spool; False: no room, not taken.

        It waits for the disk, except in a block of `in_bulk`.
        """
        spool, here, put, make = self._spool, self._here, self._spool.put, tuple.__new__
        on_safe = self._on_safe
        reports = self._reports

        def take(
            value: bytes, key: str | bytes | None, extra: Extra | None, told: OnReport | None
        ) -> bool:
            if reports.trouble is not None:
                raise reports.trouble
            safe = told if isinstance(told, OnceSafe) else None
            bulk = here.bulk or safe is not None
            message = (
                kind,
                key.encode() if isinstance(key, str) else key,
                value,
                extra,
                None if fill is None else fill.counted(),
                here.place,
                None if safe else told,
                not bulk,
            )
            number = put(make(Put, message))  # `Put(…)` would take three times as long
            if number and not bulk:
                spool.wait(number)
            elif number and safe is not None:
                spool.when_committed(number, partial(on_safe, safe))
            return number > 0

        return take

    @contextmanager
    def in_bulk(self) -> Iterator[None]:
        """Do not wait for the disk for each message of this thread, but for all at the end.

        Raises:
            EventError: one of them could not be spooled.

        """
        self._here.bulk = True
        try:
            yield
        finally:
            self._here.bulk = False
            self._here.place = None
            self._spool.wait(stop=self._is_over)
        if self._reports.trouble is not None:
            raise self._reports.trouble

    def note_place(self, place: Any) -> None:
        """Say how far its source has been read with the next message of this thread."""
        self._here.place = place

    def wait_for_room(self, take: Callable[[], bool], stop: Callable[[], bool]) -> bool:
        """Try to have a message taken until there is room; False: it was told to stop.

        Raises:
            UnreachableError: the spool was full for too long.

        """
        begun = time.monotonic()
        while not stop() and not self._is_over():
            self._spool.wait_for_room(SLICE_S)
            if take():
                return True
            self.refuse_to_wait_since(begun)
        self._reports.tally.unsent += 1
        return False

    def refuse_to_wait_since(self, begun: float) -> None:
        """Refuse to wait for room any longer.

        Args:
            begun: when the wait began, by `time.monotonic`.

        Raises:
            UnreachableError: the spool was full for too long.

        """
        if time.monotonic() - begun >= self._give_up_after_s:
            raise UnreachableError(
                f"put an event into the spool {self._spool.path}",
                f"it has been full for {self._give_up_after_s:g} s",
                "let it drain, or allow more: --spool-max-bytes",
            )


class _Here(threading.local):
    """What a thread has said of the messages that it sends next."""

    bulk = False
    place: Any = None
