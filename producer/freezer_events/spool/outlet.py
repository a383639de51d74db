"""Batches taken out of the spool, in order, and let go of."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING, Final

from freezer_events.spool.database import DiskFull
from freezer_events.spool.packing import columns, pack
from freezer_events.spool.records import ParkedMessage, StoredBatch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from freezer_events.spool.hooks import SpoolHooks
    from freezer_events.spool.level import FillLevel
    from freezer_events.spool.listeners import Listeners
    from freezer_events.spool.pending_changes import PendingChanges
    from freezer_events.spool.reserve import Reserve

_READY: Final = 2048  # committed rows kept in memory for whoever takes them out
_READY_BYTES: Final = 32 << 20


class Outlet:
    """Gives what is committed, from memory where it was just put there, else from the disk.

    Args:
        changes: the store, and what is to be changed in it.
        level: counts what has left.
        reserve: what a full disk may need.
        listeners: are told of losses.
        hooks: are told of losses, too.
        on_room: called when something has left.

    Attributes:
        more: set when there may be a next batch.

    """

    def __init__(
        self,
        changes: PendingChanges,
        level: FillLevel,
        reserve: Reserve,
        listeners: Listeners,
        hooks: SpoolHooks,
        on_room: Callable[[], None],
    ) -> None:
        self._changes = changes
        self._store = changes.store
        self._level = level
        self._reserve = reserve
        self._listeners = listeners
        self._hooks = hooks
        self._on_room = on_room
        self._start = self._store.next
        self._cursor = self._store.oldest()
        self._ready: deque[StoredBatch] = deque()
        self._ready_bytes = 0
        self._taking = threading.Lock()  # for a moment, also while a commit waits for the disk
        self.more = threading.Event()
        self._store.on_loss = self._on_loss

    def next(self) -> StoredBatch | None:
        """Take the next committed batch in order, to be `done` with later; None where none is.

        Raises:
            DiskFull: a damaged one cannot be set aside.
            EventError: the spool cannot be read.

        """
        if (batch := self._next_ready()) is not None:
            return batch
        with self._changes.guard:
            if (batch := self._next_ready()) is not None:
                return batch
            if self._cursor >= self._store.next:
                self.more.clear()
                return None
            try:
                found = self._store.read(self._cursor)
            except DiskFull:  # to set a damaged one aside takes room
                with self._reserve.lent():
                    found = self._store.read(self._cursor)
            self._cursor = self._store.next if found is None else found.end
            return found

    def _next_ready(self) -> StoredBatch | None:
        """Take the next batch if it is in memory."""
        with self._taking:
            while self._ready and self._ready[0].position <= self._cursor:
                batch = self._ready.popleft()
                self._ready_bytes -= batch.size_bytes
                if batch.position == self._cursor:
                    self._cursor = batch.end
                    return batch
        return None

    def park(self, batch: StoredBatch, index: int, reason: str) -> None:
        """Set a message aside that Kafka will not take; on the disk before its batch is gone."""
        message = batch.columns.one(index)
        parked = ParkedMessage(batch.position + index, reason, message)
        with self._changes.noting:
            self._changes.next.parked.append((parked, pack(columns([message]))))

    def done(self, batch: StoredBatch) -> None:
        """Let a batch go, all of whose messages are delivered or parked; soon on the disk."""
        with self._changes.noting:
            self._changes.next.gone.append(batch.position)
        self._level.fall(batch.length, batch.size_bytes)
        self._on_room()

    def keep_only(self, batch: StoredBatch, numbers: Sequence[int]) -> None:
        """Keep of a batch what has not been delivered, in its place; the rest is done."""
        of = batch.columns
        kept = [
            (batch.position + run[0], len(run), pack(columns([of.one(number) for number in run])))
            for run in _runs(numbers)
        ]
        with self._changes.noting:
            self._changes.next.gone.append(batch.position)
            self._changes.next.kept.extend(kept)
        self._level.fall(batch.length - len(numbers), 0)

    def add(self, batch: StoredBatch) -> None:
        """Keep a batch that was committed for whoever takes it out."""
        self._level.rise(batch.length, batch.size_bytes)
        with self._taking:
            if len(self._ready) < _READY and self._ready_bytes < _READY_BYTES:
                self._ready.append(batch)
                self._ready_bytes += batch.size_bytes
        self.more.set()

    def drop(self, least_bytes: int, reason: str) -> None:
        """Drop the oldest batches that nobody has taken out."""
        with self._taking:  # none is taken out meanwhile
            self._store.drop_oldest(least_bytes, self._cursor, reason)
            self._cursor = self._store.oldest(self._cursor)
            while self._ready and self._ready[0].position < self._cursor:
                self._ready_bytes -= self._ready.popleft().size_bytes

    def _on_loss(self, rows: Sequence[tuple[int, int]], size: int, reason: str) -> None:
        events = sum(count for _, count in rows)
        self._level.fall(events, size)
        self._on_room()
        self._hooks.on_lost(sum(count for position, count in rows if position >= self._start))
        self._listeners.lose(rows, reason)
        self._hooks.on_notice(f"spool {self._store.path.parent}: {events:,} events {reason}")


def _runs(numbers: Sequence[int]) -> Iterator[list[int]]:
    """Cut numbers in order into runs that follow each other."""
    run: list[int] = []
    for number in numbers:
        if run and number != run[-1] + 1:
            yield run
            run = []
        run.append(number)
    if run:
        yield run
