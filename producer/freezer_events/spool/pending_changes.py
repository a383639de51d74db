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
        guard: to be held by whoever uses the store or the next change.
        store: as given.
        next: the change that is collected.

    """

    def __init__(self, store: Store, on_full: Callable[[], None]) -> None:
        self.guard = threading.RLock()
        self.store = store
        self.next = Commit()
        self._on_full = on_full

    @property
    def has_any(self) -> bool:
        """Tell whether there is anything to commit."""
        return self.next != Commit()

    def take(self) -> Commit:
        """Return what was collected, to be written now."""
        change, self.next = self.next, Commit()
        return change

    def settle(self) -> None:
        """Commit what is done, here and now."""
        try:
            with self.guard:
                if self.has_any:
                    change, self.next = self.next, Commit()
                    self.write(change)
        except DiskFull:
            self._on_full()

    def write(self, change: Commit) -> int:
        """Commit a change; what it said is kept where that fails."""
        try:
            return self.store.commit(change)
        except BaseException:
            later = self.next
            self.next = replace(
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
            raise
