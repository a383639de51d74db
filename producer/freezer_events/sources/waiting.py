"""Bytes of a file descriptor, in waits that are never longer than a tenth of a second.

While a pipe is silent, `wait` is called, so that delivery reports are served and signals are seen
without a second thread.
"""

from __future__ import annotations

import io
import os
import select
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from _typeshed import WriteableBuffer

SLICE_S: Final = 0.1


class WaitingReader(io.RawIOBase):
    """Raw bytes of a file descriptor; `wait` is asked while there are none.

    Args:
        descriptor: an open file descriptor; closed with this object unless it is standard input.
        wait: called every 0.1 s of silence; False means to act as if the input had ended.

    Attributes:
        cut: it ended so.
        left, turned: as `FollowingReader` says, whose they are.
        position: how many bytes have been read.

    """

    def __init__(self, descriptor: int, wait: Callable[[], bool]) -> None:
        super().__init__()
        self.cut = self.left = self.turned = False
        self.position = 0
        self._descriptor = descriptor
        self._wait = wait

    def readable(self) -> bool:
        """Tell that this can be read."""
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Fill the buffer with what is there, waiting for the first byte."""
        while not select.select([self._descriptor], [], [], SLICE_S)[0]:
            if not self._wait():
                self.cut = True
                return 0
        count = os.readv(self._descriptor, [buffer])
        self.position += count
        if not count:  # Ctrl-C ends the writer of a pipe, too: its last line may be half of one
            self.cut = not self._wait()
        return count

    def close(self) -> None:
        """Close the descriptor, but never standard input."""
        if not self.closed and self._descriptor > 0:
            os.close(self._descriptor)
        super().close()
