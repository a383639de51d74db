"""The spool as others use it: put messages in, wait for the disk, take batches out in order.

One thread commits. What is put while it does so shares the next commit, whoever put it; a message
that comes alone is committed at once. Nobody else waits for the disk unless they ask to.

    put ─▶ intake ─▶ writer ─▶ outlet ─▶ next … done
                       ▲ changes ◀────────────┘
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from freezer_events.spool.folder import SpoolFolder
from freezer_events.spool.hooks import SpoolHooks
from freezer_events.spool.intake import SpoolIntake
from freezer_events.spool.level import FillLevel
from freezer_events.spool.listeners import Listeners
from freezer_events.spool.outlet import Outlet
from freezer_events.spool.pending_changes import PendingChanges
from freezer_events.spool.reserve import Reserve
from freezer_events.spool.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from freezer_events.spool.records import BodyKind, Waiting

DEFAULT_MAX_BYTES: Final = 1 << 30
DEFAULT_PATIENCE_S: Final = 300.0


class Spool:
    """A queue on disk.

    Args:
        path: its folder.
        max_bytes: how much may wait in it.
        drop_oldest: when it is full, drop the oldest on record instead of waiting.
        patience_s: how long a full disk is waited for, in seconds, before messages are refused.

    Attributes:
        path: as given.
        start: the position at which this process began.
        identity: what it is called: a UUID that a copy keeps.
        hooks: what it asks and tells those who use it.
        put, put_row, fill_from, take_row: as SpoolIntake has them; wait, when_committed,
            wait_for_room and order, too.
        next, park, done, keep_only: as Outlet has them.
        told, untold: `of` and `untold` of Listeners.
        settle: commits what is done and parked, here and now.

    Raises:
        ConfigError: the folder cannot be a spool, or holds none that this version can read.
        UnreachableError: another process uses it.
        DiskFull: there is no room to make it.

    """

    def __init__(
        self,
        path: Path,
        *,
        max_bytes: int = DEFAULT_MAX_BYTES,
        drop_oldest: bool = False,
        patience_s: float = DEFAULT_PATIENCE_S,
    ) -> None:
        self.path = path
        self.hooks = hooks = SpoolHooks()
        self._folder = SpoolFolder(path)
        self._reserve = Reserve(self._folder)
        try:
            self._store = self._reserve.open()
        except BaseException:
            self._folder.release()
            raise
        self.start = self._store.next
        self.identity = self._store.identity
        waiting = self._store.waiting()
        self._level = level = FillLevel(
            max_bytes, waiting.events, waiting.size_bytes, drop_oldest=drop_oldest
        )
        self._intake = intake = SpoolIntake(level, hooks)
        self._changes = changes = PendingChanges(self._store, on_full=intake.wake.set)
        self._guard, self.settle = changes.guard, changes.settle
        listeners = Listeners(hooks)
        self._outlet = outlet = Outlet(
            changes, level, self._reserve, listeners, hooks, intake.make_room
        )
        # Per-message hot path: without a call in between.
        self.order, self.put = intake.order, intake.put
        self.wait, self.when_committed = intake.wait, intake.when_committed
        self.fill_from, self.take_row = intake.fill_from, intake.take_row
        self.put_row = intake.put_row
        self.wait_for_room = intake.wait_for_room
        self.next, self.park = outlet.next, outlet.park
        self.done, self.keep_only = outlet.done, outlet.keep_only
        self.told, self.untold = listeners.of, listeners.untold
        self._writer = Writer(
            intake, changes, outlet, level, self._reserve, listeners, hooks, patience_s
        )

    def kind(self, kind: BodyKind) -> int:
        """Return the number of a kind."""
        with self._guard:
            return self._store.kind(kind)

    def kinds(self) -> dict[int, BodyKind]:
        """Return all kinds by their number."""
        with self._guard:
            return self._store.kinds()

    def counts(self, event: str) -> dict[str, int]:
        """Return the last number that was given for each key of an event."""
        with self._guard:
            return self._store.counts(event)

    def place(self, source: str) -> str | None:
        """Return how far a source has been read, as it was committed."""
        with self._guard:
            return self._store.place(source)

    @property
    def is_full(self) -> bool:
        """Whether nothing can be put in at the moment."""
        return self._intake.is_full

    def note_places(self, places: Mapping[str, str | None]) -> None:
        """Remember how far sources have been read, behind all that was put so far."""
        self.wait()
        with self._changes.noting:
            self._changes.next.places.update(places)
        self.settle()

    @property
    def waiting(self) -> int:
        """How many committed messages wait."""
        return self._level.events

    def state(self) -> tuple[Waiting, int, int]:
        """Return what waits, and how many messages are parked and lost."""
        with self._guard:
            store = self._store
            lost = sum(each.events for each in store.losses())
            return store.waiting(), len(store.parked_positions()), lost

    def waiting_since_start(self) -> int:
        """Count the committed messages of this process that wait."""
        self.settle()
        with self._guard:
            return self._store.waiting_from(self.start)

    def look_alive(self) -> None:
        """Wake the thread that commits, if it has nothing to do."""
        if self._intake.is_idle:
            self._intake.wake.set()

    def wait_for_more(self, timeout_s: float) -> None:
        """Wait until there may be a next batch."""
        self._outlet.more.wait(timeout_s)

    def wake(self) -> None:
        """End a `wait_for_more`."""
        self._outlet.more.set()

    def parked_positions(self) -> set[int]:
        """Return the positions of what is parked: it is not to be delivered."""
        self.settle()
        with self._guard:
            return self._store.parked_positions()

    def row_checksum(self, position: int) -> int | None:
        """Return the checksum of the row that holds a position; None where there is none."""
        with self._guard:
            return self._store.row_checksum(position)

    def close_intake(self) -> None:
        """Commit what was put; nothing further is taken."""
        self._intake.close()
        self._outlet.more.set()
        self._writer.join()

    def close(self) -> None:
        """Commit what was put, and let go of the folder."""
        self.close_intake()
        self.settle()
        with self._guard:
            self._folder.free_reserve()  # on a full disk it takes room to give room back
            self._store.shrink()
            self._store.close()
            self._folder.keep_reserve()
            self._folder.release()
