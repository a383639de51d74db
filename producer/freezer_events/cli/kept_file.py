"""One file of kept rows: each row whole or not at all, and nothing that another run wrote is lost.

What a run that was killed has left behind the rows that are known is not cut off: its readings are
read again, and the same rows come again. A row that is there already is passed over; a row that
differs shows that somebody else wrote the file.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import ExitStack, suppress
from typing import IO, TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_BLOCK_BYTES: Final = 1 << 20


class KeptBefore(NamedTuple):
    """What an earlier part of a run has kept of an input.

    Attributes:
        path: the file that it is in, from the root; "" for none.
        size_bytes: how much of the file that is.
        digest: the SHA-256 of these bytes, by which they are known again; "" for none.
        is_all: it is all that there is: the input had been read to its end.

    """

    path: str
    size_bytes: int
    digest: str
    is_all: bool = False


class OthersRows(Exception):  # noqa: N818 - it names the thing
    """A file holds rows that this run did not write."""


class KeptFile:
    """A file that rows are appended to.

    Args:
        path: the file.
        before: what an earlier part of the run has kept in it; None: what it holds stays there.

    Attributes:
        path: as given.
        size_bytes: how much of it is known: further rows come behind that.
        digest: the SHA-256 of these bytes; "" for none.

    Raises:
        OthersRows: the file does not begin with what was kept, or is known to hold more.
        OSError: it cannot be read.

    """

    def __init__(self, path: Path, before: KeptBefore | None = None) -> None:
        self.path = path
        self.size_bytes = 0
        self.digest = ""
        self._sum = hashlib.sha256()
        self._stack = ExitStack()
        self._file: IO[bytes] | None = None
        self._left: IO[bytes] | None = None  # what a run that was killed may have written
        size = path.stat().st_size if path.is_file() else 0
        if before is None:
            self._learn(size)
        elif size:  # else it was fed in and removed, say
            self._go_on(before, size)

    def _go_on(self, before: KeptBefore, size_bytes: int) -> None:
        more = size_bytes - before.size_bytes
        if more < 0 or (more and before.is_all):
            raise OthersRows
        self._learn(before.size_bytes)
        if self.digest != before.digest:
            raise OthersRows
        if more:
            self._left = self._stack.enter_context(self.path.open("rb"))
            self._left.seek(before.size_bytes)

    def write(self, heading: bytes, row: Iterable[bytes]) -> None:
        """Write one row, at once, and what stands before the first; what fails leaves no part.

        Raises:
            OthersRows: another row is where this one was expected.
            OSError: it cannot be written: the disk is full, say.

        """
        begin, known = self.size_bytes, self._sum.copy()
        try:
            if self._file is None:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                self._file = self._stack.enter_context(self.path.open("ab", buffering=0))
            if not begin:
                self._put(self._file, heading)
            for each in row:
                self._put(self._file, each)
        except BaseException:  # Ctrl-C, too: half a row could go in as another reading
            if self._file is not None and self._left is None:
                with suppress(OSError):
                    os.ftruncate(self._file.fileno(), begin)
            self.size_bytes, self._sum = begin, known
            raise
        self.digest = self._sum.hexdigest()

    def close(self) -> None:
        """Close the file."""
        self._stack.close()

    def _put(self, file: IO[bytes], data: bytes) -> None:
        there = self._left.read(len(data)) if self._left is not None else b""
        if not data.startswith(there):
            raise OthersRows
        rest = memoryview(data)[len(there) :]
        if rest:  # behind what was left, or what a kill has left of a row
            self._left = None
        while rest:  # a disk that is nearly full takes a part of them
            rest = rest[file.write(rest) :]
        self._sum.update(data)
        self.size_bytes += len(data)

    def _learn(self, size_bytes: int) -> None:
        """Take note of what the file begins with."""
        if not size_bytes:
            return
        with self.path.open("rb") as file:
            while data := file.read(min(_BLOCK_BYTES, size_bytes - self.size_bytes)):
                self._sum.update(data)
                self.size_bytes += len(data)
        self.digest = self._sum.hexdigest()
