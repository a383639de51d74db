"""A file that is still written: what is appended is read as it comes, until the file is another.

Programs that write logs turn them over: the file gets another name, and a new one takes its place.
What is there of the first is read to its end then, and it is for others to open the new one.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Final

from freezer_events.errors import EventError
from freezer_events.sources.waiting import SLICE_S, WaitingReader

if TYPE_CHECKING:
    from collections.abc import Callable

    from _typeshed import WriteableBuffer

_LAST_BYTES: Final = 256  # of what was read: looked at again before more is taken
_QUIET_S: Final = 1.0  # who writes goes on with the old file for a moment after it was renamed


class FollowingReader(WaitingReader):
    """Raw bytes of a file that grows.

    Args:
        descriptor: the open file.
        path: its name, under which another file may be found later.
        wait: called every 0.1 s while nothing comes; False ends the input.

    Attributes:
        left: it ended in the middle: half a line at the end is for the next run.
        turned: it ended because its name is another file's.

    """

    def __init__(self, descriptor: int, path: str, wait: Callable[[], bool]) -> None:
        super().__init__(descriptor, wait)
        self._path = path
        self._last = b""
        self._at = time.monotonic()

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Fill the buffer with what is there, waiting for the first byte.

        Raises:
            EventError: what was read of the file is not in it any more.

        """
        while not (count := self._read(buffer)):
            if not self._wait():
                self.left = True
                return 0
            if self._is_another() and time.monotonic() - self._at > _QUIET_S:
                self.turned = True
                return 0
            time.sleep(SLICE_S)
        self._at = time.monotonic()
        self.position += count
        self._last = (self._last + bytes(memoryview(buffer)[:count][-_LAST_BYTES:]))[-_LAST_BYTES:]
        return count

    def _read(self, buffer: WriteableBuffer) -> int:
        """Read what is there, unless what was read before is not in its place any more.

        That is looked at last: a run may pause for long before it reads on, and a file that was
        cut and filled again meanwhile goes on in its middle.
        """
        count = os.readv(self._descriptor, [buffer])
        if count:
            begin = self.position - len(self._last)
            if os.pread(self._descriptor, len(self._last), begin) != self._last:
                raise self._was_cut(f"it was cut and written anew after {self.position:,} bytes")
        elif (size := os.fstat(self._descriptor).st_size) < self.position:
            raise self._was_cut(f"it was cut to {size:,} bytes after {self.position:,} were read")
        return count

    def _was_cut(self, why: str) -> EventError:
        return EventError(
            f"follow {self._path}",
            why,
            "have it turned over by renaming (logrotate: create, not copytruncate); to read"
            " it from its beginning: the same command with --restart",
        )

    def _is_another(self) -> bool:
        mine = os.fstat(self._descriptor)
        try:
            now = os.stat(self._path)  # noqa: PTH116 - a name as it was typed
        except FileNotFoundError:
            return False  # the new one is still to come
        return (now.st_dev, now.st_ino) != (mine.st_dev, mine.st_ino)
