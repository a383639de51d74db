"""Text from a file or a pipe: a pipe's line is there as soon as it is written.

While a pipe is silent, `wait` is called every 0.1 s, so that delivery reports are served and
signals are seen without a second thread.
"""

from __future__ import annotations

import io
import os
import select
import sys
from typing import TYPE_CHECKING, Final

from freezer_events.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from _typeshed import WriteableBuffer

_SLICE_S: Final = 0.1
_CHUNK_BYTES: Final = 1 << 16


class WaitingReader(io.RawIOBase):
    """Raw bytes of a file descriptor; `wait` is asked while there are none.

    Args:
        descriptor: an open file descriptor; closed with this object unless it is standard input.
        wait: called every 0.1 s of silence; False means to act as if the input had ended.

    """

    def __init__(self, descriptor: int, wait: Callable[[], bool]) -> None:
        super().__init__()
        self._descriptor = descriptor
        self._wait = wait

    def readable(self) -> bool:
        """Tell that this can be read."""
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Fill the buffer with what is there, waiting for the first byte."""
        while not select.select([self._descriptor], [], [], _SLICE_S)[0]:
            if not self._wait():
                return 0
        return os.readv(self._descriptor, [buffer])

    def close(self) -> None:
        """Close the descriptor, but never standard input."""
        if not self.closed and self._descriptor != 0:
            os.close(self._descriptor)
        super().close()


def open_bytes(name: str, wait: Callable[[], bool]) -> io.BufferedReader:
    """Open a file, or standard input for "-".

    Raises:
        UsageError: there is no such file, it is a directory, or it may not be read.

    """
    if name == "-":
        return io.BufferedReader(WaitingReader(sys.stdin.fileno(), wait), _CHUNK_BYTES)
    try:
        descriptor = os.open(name, os.O_RDONLY)
        if os.path.isdir(name):  # noqa: PTH112 - a name that the user typed, shown as typed
            os.close(descriptor)
            raise IsADirectoryError(None, "it is a directory")
    except OSError as error:
        raise UsageError(f"read {name}", str(error.strerror)) from error
    return io.BufferedReader(WaitingReader(descriptor, wait), _CHUNK_BYTES)


def as_text(stream: io.BufferedReader, encoding: str) -> io.TextIOWrapper:
    """Decode a stream, line ends kept.

    A byte that is not in the encoding does not end the run: it comes out as a lone surrogate,
    which no field takes, so that the reading it is in is rejected with its line.

    Raises:
        UsageError: there is no such encoding.

    """
    # utf-8-sig drops the byte order mark that spreadsheets write, and needs none.
    plain = encoding.lower().replace("_", "-") in {"utf-8", "utf8"}
    try:
        return io.TextIOWrapper(
            stream, "utf-8-sig" if plain else encoding, errors="surrogateescape", newline=""
        )
    except LookupError as error:
        raise UsageError("--encoding", f"{encoding!r} is no encoding that Python knows") from error


def shown_name(name: str) -> str:
    """Return how messages name the input."""
    return "<stdin>" if name == "-" else name
