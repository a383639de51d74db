"""What the next commit is to change beside the messages that it adds."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING

from freezer_events.spool.database import DiskFull
from freezer_events.spool.records import Commit

if TYPE_CHECKING:
    from collections.abc import Callable

    from freezer_events.spool.store import Store


class PendingChanges:
    """Collects changes to a store until they are committed.

    Args:
        store: what is changed.
        on_full: called where the disk has no room for them; they are kept.

    Attributes:
        guard: to be held by whoever uses the store; a commit may hold it for long.
        noting: to be held by whoever changes `next`, for a moment; nothing is waited for within it.
        store: as given.
        next: the change that is collected.

    """

    def __init__(self, store: Store, on_full: Callable[[], None]) -> None:
        self.guard = threading.RLock()
        self.noting = threading.Lock()
        self.store = store
        self.next = Commit()
        self._on_full = on_full

    @property
    def has_any(self) -> bool:
        """Tell whether there is anything to commit."""
        return self.next != Commit()

    def take(self, most: int | None = None) -> Commit:
        """Return what was collected, to be written now, with so many deletions at most."""
        with self.noting:
            change, self.next = self.next, Commit()
            if most is not None:
                self.next.gone.extend(change.gone[most:])
                del change.gone[most:]
        return change

    def settle(self) -> None:
        """Commit what is done, here and now."""
        try:
            with self.guard:
                if self.has_any:
                    self.write(self.take())
        except DiskFull:
            self._on_full()

    def write(self, change: Commit) -> int:
        """Commit a change; what it said is kept where that fails."""
        try:
            return self.store.commit(change)
        except BaseException:
            with self.noting:
                self.next = _both(change, self.next)
            raise


def _both(change: Commit, later: Commit) -> Commit:
    """Return what a change that failed said, but for its rows, and what came after it."""
    return replace(
        change,
        rows=[],
        kept=change.kept + later.kept,
        gone=change.gone + later.gone,
        parked=change.parked + later.parked,
        losses=change.losses + later.losses,
        counts={},
        places={**change.places, **later.places} if not change.rows else later.places,
        facts={**change.facts, **later.facts},
    )
