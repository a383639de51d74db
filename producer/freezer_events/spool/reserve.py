"""The reserve of a spool: room on its disk that deletions take when nothing else is left."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from freezer_events.spool.database import DiskFull
from freezer_events.spool.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from freezer_events.spool.folder import SpoolFolder
    from freezer_events.spool.pending_changes import PendingChanges

_STEP: Final = 4  # rows deleted at once on a full disk


class Reserve:
    """Keeps the reserve, lends it, and gets it back.

    Args:
        folder: where it is.

    Attributes:
        is_there: it is; else nothing is to be added to the spool.

    """

    def __init__(self, folder: SpoolFolder) -> None:
        self._folder = folder
        self.is_there = False

    def open(self) -> Store:
        """Open the spool's file: on a full disk with the room of the reserve.

        Raises:
            DiskFull: there is no room to make it.

        """
        try:
            found = Store(self._folder.path)
        except DiskFull:  # what waits in there is to get out; that makes room
            if not self._folder.free_reserve():
                raise
            found = Store(self._folder.path)
        else:
            self.is_there = self._folder.keep_reserve()
        return found

    @contextmanager
    def lent(self) -> Iterator[None]:
        """Give its room for what is done meanwhile."""
        self._folder.free_reserve()
        try:
            yield
        finally:
            self.is_there = self._folder.keep_reserve()

    def regain(self, changes: PendingChanges) -> bool:
        """Delete what is done, give its room back and reserve it: nothing is added before that.

        What is added would take the room that a deletion needs.
        """
        with changes.guard:
            while changes.has_any:  # in small steps: a large one needs more room than there is
                try:
                    changes.write(changes.take(_STEP))
                except DiskFull:
                    break
                changes.store.shrink()
            self.is_there = self._folder.keep_reserve()
        return self.is_there

    def regain_by_lending(self, changes: PendingChanges) -> None:
        """Let deletions have its room, and get it back from what they free."""
        self._folder.free_reserve()
        self.regain(changes)
