"""What was put into the spool and is not on the disk yet, and who waits for it."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING, Any, Final, Protocol

from freezer_events.spool.packing import ROW
from freezer_events.spool.put import PackedRow, count_of, first_of, size_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from freezer_events.errors import EventError
    from freezer_events.spool.hooks import SpoolHooks
    from freezer_events.spool.level import FillLevel
    from freezer_events.spool.put import Put

_AT_ONCE: Final = 24 * ROW  # messages in a commit, about: some 10 ms of work, which a sync may cost
_PENDING: Final = 3 * _AT_ONCE  # that are put and not committed: some while others are
_PENDING_BYTES: Final = 32 << 20
_LOOK_BYTES: Final = 1 << 16  # room is looked for after so many at the latest
_SLICE_S: Final = 0.1  # the longest that a wait goes without asking whether to stop
_REFUSALS: Final = 1000  # of so many it is known why; whoever waits looks at once


def never() -> bool:
    """Be the `stop` of a wait that only its end ends."""
    return False


class RowFiller(Protocol):
    """Packs messages into a row before they are put in.

    Attributes:
        closed: it is to take none now, because there is no room.

    """

    closed: bool

    def __len__(self) -> int:
        """Return how many messages it has."""

    def take(self) -> tuple[int, bytes, Sequence[Any], Sequence[Any]]:
        """Return them as the fields of a PackedRow; it has none afterwards."""


class SpoolIntake:
    """Takes messages from any thread, and keeps them for the one that commits.

    Args:
        level: how much waits on the disk.
        hooks: what is told of messages that are refused.

    Attributes:
        order: held while an event is numbered and put, so that numbers and places are in order.
        wake: set when there is something to commit.
        is_idle: the thread that commits waits for `wake`.
        is_closing: nothing further is taken.
        is_full: nothing can be put at the moment.

    """

    def __init__(self, level: FillLevel, hooks: SpoolHooks) -> None:
        self._level = level
        self._hooks = hooks
        self.order = threading.RLock()
        self.wake = threading.Event()
        self.is_idle = False
        self.is_closing = False
        self._pending: list[Put | PackedRow] = []
        self._pending_count = self._pending_bytes = 0
        self._look_at_bytes = _LOOK_BYTES
        self._filling: RowFiller | None = None
        self._put = self._committed = self._awaited = 0
        self._refused: list[tuple[int, int, EventError]] = []
        self._watchers: deque[tuple[int, Callable[[EventError | None], None]]] = deque()
        self._done = threading.Condition()
        self.is_full = False

    @property
    def pending(self) -> int:
        """How many messages are to be committed."""
        return self._pending_count + (0 if self._filling is None else len(self._filling))

    @property
    def is_awaited(self) -> bool:
        """Tell whether somebody waits for one of them."""
        return self._awaited > self._committed

    def fill_from(self, filler: RowFiller) -> None:
        """Take rows from a filler, too: before what is put later, and whenever all is wanted."""
        self._filling = filler

    def take(self) -> list[Put | PackedRow]:
        """Return what is to be committed next; it stays pending until it is `settled`."""
        with self.order:  # what is put while it is held is committed together
            if self._pending_count < _AT_ONCE:
                self.take_row()
            return self._pending[: first_of(self._pending, _AT_ONCE, self._level.most_at_once)]

    def take_row(self) -> None:
        """Put in what the filler has, room or not."""
        with self.order:
            if self._filling:
                self._append(PackedRow(*self._filling.take()))

    def put_row(self, row: PackedRow) -> bool:
        """Put in a row that is packed already, to be committed soon; False: there is no room."""
        with self.order:
            if self.is_full:
                return False
            self.take_row()
            self._append(row)
            return True

    def _append(self, row: PackedRow) -> None:
        self._pending.append(row)
        self._pending_count += row.length
        self._pending_bytes += len(row.data)
        self._put += row.length
        self.wake.set()
        self.look_for_room()

    def refuse(self, error: EventError) -> None:
        """Refuse all that is pending."""
        self.settled(self._pending[:], error)

    def close(self) -> None:
        """Take nothing further."""
        self.is_closing = True
        self.look_for_room()
        self.wake.set()

    def make_room(self) -> None:
        """Take note of what has left the spool, and let go on who waits for room."""
        self.look_for_room()
        if self.is_idle:
            self.wake.set()
        with self._done:
            self._done.notify_all()

    def put(self, message: Put) -> int:
        """Put a message in, to be committed soon; returns its number for `wait`, 0 without room."""
        with self.order:
            if self.is_full:
                return 0
            if self._filling:
                self.take_row()
            self._pending.append(message)
            self._pending_count += 1
            self._pending_bytes += len(message[2]) + len(message[1] or b"")
            self._put = number = self._put + 1
            if (
                self.is_idle
                or not self._pending_count % ROW
                or self._pending_bytes >= self._look_at_bytes
            ):
                self.wake.set()
                self.look_for_room()
            return number

    def look_for_room(self) -> None:
        """Take note of whether anything can be put; `done` and each commit make room."""
        self._look_at_bytes = self._pending_bytes + _LOOK_BYTES
        self.is_full = (
            self.is_closing
            or self._pending_count >= _PENDING
            or self._pending_bytes >= _PENDING_BYTES
            or self._level.makes_wait(self._pending_bytes)
        )
        if self._filling is not None:
            self._filling.closed = self.is_full

    def wait(self, number: int | None = None, stop: Callable[[], bool] = never) -> bool:
        """Wait until a message is on the disk, or all that were put; False: told to stop.

        Raises:
            DiskFull: it could not be committed in time; it is not in the spool.
            EventError: the spool cannot be written; it is not in the spool.

        """
        if number is None:
            self.take_row()
            number = self._put
        while self._committed < number:
            self._awaited = max(self._awaited, number)
            self.wake.set()
            with self._done:
                if self._committed < number:
                    self._done.wait(_SLICE_S)
            if stop():
                return False
        why = self._why_refused(number)
        if why is not None:
            raise why.with_traceback(None)
        return True

    def when_committed(self, number: int, tell: Callable[[EventError | None], None]) -> None:
        """Have a function called once a message is on the disk, or with why it is not."""
        with self.order:
            is_known = number <= self._committed
            if not is_known:
                self._awaited = max(self._awaited, number)
                self._watchers.append((number, tell))
        self.wake.set()
        if is_known:
            tell(self._why_refused(number))

    def _why_refused(self, number: int) -> EventError | None:
        found = (why for first, last, why in self._refused if first <= number <= last)
        return next(found, None)

    def wait_for_room(self, timeout_s: float) -> None:
        """Wait until something was committed or taken out, but not for long."""
        self.wake.set()
        with self._done:
            self._done.wait(timeout_s)

    def settled(self, taken: list[Put | PackedRow], error: EventError | None = None) -> None:
        """Let go of what was committed or refused, and tell whoever waits."""
        count = count_of(taken)
        last = self._committed + count
        with self.order:
            if error is not None:
                self._refused = self._refused[-_REFUSALS:]
                self._refused.append((self._committed + 1, last, error))
            del self._pending[: len(taken)]
            self._pending_count -= count
            self._pending_bytes -= size_of(taken)
            self.look_for_room()
        if error is not None and taken:
            self._hooks.on_refused(taken, error)  # before anybody who waits goes on
        with self.order:
            self._committed = last
            heard = []
            while self._watchers and self._watchers[0][0] <= last:
                heard.append(self._watchers.popleft()[1])
        with self._done:
            self._done.notify_all()
        for tell in heard:
            tell(error)
