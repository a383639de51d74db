"""The thread that commits: all that was put meanwhile at once, whoever put it."""

from __future__ import annotations

import logging
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from freezer_events.errors import EventError
from freezer_events.spool.database import DiskFull
from freezer_events.spool.packing import ROW
from freezer_events.spool.put import count_of, last_counts, last_places, rows_of
from freezer_events.spool.records import StoredBatch

if TYPE_CHECKING:
    from freezer_events.spool.hooks import SpoolHooks
    from freezer_events.spool.intake import SpoolIntake
    from freezer_events.spool.level import FillLevel
    from freezer_events.spool.listeners import Listeners
    from freezer_events.spool.outlet import Outlet
    from freezer_events.spool.pending_changes import PendingChanges
    from freezer_events.spool.reserve import Reserve

_AGE_S: Final = 0.005  # the longest that messages for which nobody waits are left uncommitted
_QUIET_S: Final = 0.02  # after so long without a commit the next message is committed at once
_AGAIN_S: Final = 0.2  # between two tries on a full disk
_LAST_TRIES: Final = 5  # to write what is left when it is closed
_DROP_BYTES: Final = 1 << 20  # dropped at once on a full disk
_LARGE_BYTES: Final = 1 << 20  # a file that is larger is shrunk once it is empty

_log = logging.getLogger("freezer_events.spool")


class Writer:
    """Commits what the intake has, and what is to be changed, and hands it to the outlet.

    Args:
        intake: where messages come from.
        changes: the store, and what else is to be changed in it.
        outlet: where messages go.
        level: says what is to be dropped.
        reserve: what a full disk may need.
        listeners: those who are to hear of messages in the end.
        hooks: are told of commits and of a full disk.
        patience_s: how long a full disk is waited for, in seconds, before messages are refused.

    """

    def __init__(
        self,
        intake: SpoolIntake,
        changes: PendingChanges,
        outlet: Outlet,
        level: FillLevel,
        reserve: Reserve,
        listeners: Listeners,
        hooks: SpoolHooks,
        patience_s: float,
    ) -> None:
        self._intake = intake
        self._changes = changes
        self._store = changes.store
        self._outlet = outlet
        self._level = level
        self._reserve = reserve
        self._listeners = listeners
        self._hooks = hooks
        self._patience_s = patience_s
        self._full_since: float | None = None
        self._committed_at = 0.0
        self._thread = threading.Thread(target=self._run, name="freezer-spool", daemon=True)
        self._thread.start()

    def join(self) -> None:
        """Wait until all that was put is committed or refused, once the intake is closed."""
        self._thread.join()

    def _run(self) -> None:
        tries = 0
        while not (
            self._intake.is_closing and not self._intake.pending and not self._changes.has_any
        ):
            tries = tries + 1 if self._intake.is_closing else 0
            self._gather()
            try:
                self._commit()
            except DiskFull as full:
                self._on_full(full)
            except Exception as error:  # noqa: BLE001 - whoever waits is to hear of it
                _log.debug("a commit failed", exc_info=True)
                self._intake.refuse(
                    error
                    if isinstance(error, EventError)
                    else EventError("write the spool", repr(error))
                )
            else:
                continue
            if tries >= _LAST_TRIES:
                _log.error(
                    "the spool %s is closed with %s not written",
                    self._store.path.parent,
                    self._changes.next,
                )
                return
            time.sleep(_AGAIN_S)

    def _gather(self) -> None:
        """Wait until there is something to commit, and a little longer if nobody waits for it."""
        self._intake.is_idle = True
        if not self._intake.pending and not self._changes.has_any and not self._intake.is_closing:
            self._intake.wake.wait()
        self._intake.is_idle = False
        self._intake.wake.clear()
        is_quick = time.monotonic() - self._committed_at < _QUIET_S
        if is_quick and not self._intake.is_awaited and self._intake.pending < ROW:
            self._intake.wake.wait(_AGE_S)
            self._intake.wake.clear()

    def _commit(self) -> None:
        if (
            not self._reserve.is_there
            and not self._reserve.regain(self._changes)
            and self._intake.pending
        ):
            raise self._store.full("write")
        with self._changes.guard:
            taken = self._intake.take()
            if not taken and not self._changes.has_any:
                return
            change = self._changes.take()
            rows = list(rows_of(taken))
            change.rows = [(count, data) for count, data, _ in rows]
            change.counts = last_counts(taken)
            for last in last_places(taken):
                source, place = self._hooks.written_place(last)
                change.places[source] = place
            self._make_room(sum(len(data) for _, data in change.rows))
            position = self._changes.write(change)
            self._hooks.on_committed(count_of(taken))
            for count, data, heard in rows:
                self._listeners.keep(position, heard)
                self._outlet.add(StoredBatch(position, count, data))
                position += count
            empty = not self._level.events
        self._full_since = None
        self._committed_at = time.monotonic()
        self._intake.settled(taken)
        if empty and not self._intake.pending and self._store.path.stat().st_size > _LARGE_BYTES:
            with self._changes.guard:
                self._store.shrink()

    def _on_full(self, full: DiskFull) -> None:
        """Keep what waits for the disk, let deletions go first, and give up in time."""
        now = time.monotonic()
        if self._full_since is None and self._intake.pending:
            self._full_since = now
            self._hooks.on_notice(
                f"{full.doing}: {full.why}; {self._intake.pending:,} events wait for room"
            )
        if self._changes.has_any:
            self._reserve.regain_by_lending(self._changes)
        if self._level.drop_oldest:
            with self._changes.guard, self._reserve.lent(), suppress(DiskFull):
                self._outlet.drop(_DROP_BYTES, "dropped: the disk is full")
        since = self._full_since
        if since is not None and (now - since >= self._patience_s or self._intake.is_closing):
            self._full_since = None
            fix = "free some room, then begin again: what is in the spool is safe"
            self._intake.refuse(DiskFull(full.doing, full.why, fix))

    def _make_room(self, size_bytes: int) -> None:
        """Drop the oldest where that was asked for and the spool is full."""
        over = self._level.bytes_to_drop(size_bytes)
        if over:
            self._outlet.drop(over, "dropped: the spool is full (--spool-max-bytes)")
