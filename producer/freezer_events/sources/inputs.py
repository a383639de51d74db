"""Inputs: files, pipes, standard input, packed or not, as bytes that never block for long."""

from __future__ import annotations

import gzip
import importlib
import io
import os
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from freezer_events.errors import EventError, UsageError
from freezer_events.sources.following import FollowingReader
from freezer_events.sources.reading import shown_name
from freezer_events.sources.waiting import WaitingReader

if TYPE_CHECKING:
    from collections.abc import Callable

_CHUNK_BYTES: Final = 1 << 16
MEMBER: Final = "!"  # archive.zip!member
_GZIP, _ZSTD, ZIP, _OLE = b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
EXCEL: Final = "is an Excel workbook"
AS_CSV: Final = "save it as CSV (in Excel: File, Save As, CSV UTF-8)"
_FOREIGN: Final = {
    _OLE: (EXCEL, AS_CSV),
    b"%PDF": ("is a PDF document", "export the readings as CSV"),
    b"PAR1": ("is a Parquet file, which is read from its end", "name the file: --from FILE"),
    b"ARROW1": ("is an Arrow file, which is read from its end", "name the file: --from FILE"),
    b"\xff\xff\xff\xff": ("is an Arrow stream", "write it to a file, and name that: --from FILE"),
    b"SQLite format 3\0": ("is an SQLite database", "export a table: sqlite3 -csv -header"),
    b"BZh": ("is packed with bzip2", "unpack it: bzip2 -dc FILE | freezer produce --from -"),
    b"\xfd7zXZ": ("is packed with xz", "unpack it: xz -dc FILE | freezer produce --from -"),
}


class InputBytes:
    """The bytes of one input, unpacked.

    Args:
        name: the input as it was named.
        wait: as for `WaitingReader`.
        follow: it is a file that is still written: wait for more at its end.

    Attributes:
        error: why it could not be read to its end, told once what came before has been read.

    Raises:
        UsageError: there is no such file, it may not be read, or is nothing that holds readings.

    """

    def __init__(self, name: str, wait: Callable[[], bool], *, follow: bool = False) -> None:
        self.name = name
        self.error: EventError | None = None
        self._head = b""
        self._ended = False
        self._archive: zipfile.ZipFile | None = None
        self._raw = WaitingReader(-1, wait)
        path, _, member = name.partition(MEMBER)
        if member and not os.path.exists(name):  # noqa: PTH110 - a name as it was typed
            self._archive = zipfile.ZipFile(path)
            self._stream: Any = self._archive.open(member)
            return
        found = _descriptor(name)
        self._raw = FollowingReader(found, name, wait) if follow else WaitingReader(found, wait)
        try:
            self._stream = self._unpacked(io.BufferedReader(self._raw, _CHUNK_BYTES))
        except BaseException:
            self._raw.close()
            raise

    @property
    def cut(self) -> bool:
        """Tell whether it ended before its end: after a signal, or by an error."""
        return self._raw.cut or self.error is not None

    @property
    def left(self) -> bool:
        """Tell whether it goes on, for another run: half a line at its end is not to be taken."""
        return self._raw.left

    @property
    def turned(self) -> bool:
        """Tell whether it ended because its name is another file's."""
        return self._raw.turned

    @property
    def position(self) -> int:
        """How many bytes have been read, as they are stored."""
        return self._raw.position

    def peek(self) -> bytes:
        """Return the first bytes, as many as are there, and keep them for `read1`."""
        self._head = self._head or self.read1(_CHUNK_BYTES)
        self._ended = not self._head
        _refuse_foreign(self.name, self._head, packed=True)  # what is not was refused before
        return self._head

    def read1(self, size: int) -> bytes:
        """Return what is there, at most so many bytes; nothing at the end."""
        if self._head:
            head, self._head = self._head, b""
            return head
        if self._ended or self.error is not None:
            return b""
        try:
            data: bytes = self._stream.read1(size)
        except EventError as error:
            self.error = error
            return b""
        except Exception as error:  # noqa: BLE001 - each way of packing has errors of its own
            why = getattr(error, "strerror", None) or str(error) or type(error).__name__
            self.error = EventError(
                f"read {shown_name(self.name)}",
                f"failed before its end: {why}",
                "what came before has been taken; get the file whole and go on with --start-at",
            )
            return b""
        return data

    def close(self) -> None:
        """Close it."""
        for each in (self._stream, self._archive):
            if each is not None:
                each.close()
        self._raw.close()

    def _unpacked(self, stream: io.BufferedReader) -> Any:
        """Look at the first bytes, and unpack what they say is packed."""
        try:
            first = stream.peek(16)
        except OSError as error:
            raise UsageError(f"read {shown_name(self.name)}", str(error.strerror)) from error
        if isinstance(self._raw, FollowingReader) and first.startswith((_GZIP, _ZSTD)):
            why = "is packed: nothing is appended to it that could be followed"
            raise UsageError(f"follow {shown_name(self.name)}", why, "leave out --follow")
        if first.startswith(_GZIP):
            return gzip.GzipFile(fileobj=stream)
        if first.startswith(_ZSTD):
            return _zstd(stream, self.name)
        if first.startswith(ZIP):
            why, fix = "is a zip archive", "unpack it, or name the file: --from archive.zip"
            raise UsageError(f"read {shown_name(self.name)}", why, fix)
        _refuse_foreign(self.name, first)
        return stream


def bytes_at(name: str, begin: int, count: int) -> bytes:
    """Return bytes of an input, unpacked, from an offset on; fewer where it ends before.

    Raises:
        UsageError: it cannot be read.

    """
    path = Path(name)
    if path.is_file():
        with path.open("rb") as file:
            if not file.read(len(_ZSTD)).startswith((_GZIP, _ZSTD)):
                file.seek(begin)
                return file.read(count)
    stream, at, found = InputBytes(name, lambda: True), 0, b""
    try:
        while len(found) < count and (data := stream.read1(_CHUNK_BYTES)):
            found += data[max(0, begin - at) :][: count - len(found)]
            at += len(data)
    finally:
        stream.close()
    return found


def _refuse_foreign(name: str, first: bytes, *, packed: bool = False) -> None:
    for begin, (why, fix) in _FOREIGN.items():
        if first.startswith(begin):
            doing = f"read {shown_name(name)}"
            if packed:
                raise UsageError(doing, f"what is packed in it {why}", f"unpack it, and {fix}")
            raise UsageError(doing, why, fix)


def _descriptor(name: str) -> int:
    if name == "-":
        try:
            found = sys.stdin.fileno()
        except (AttributeError, OSError, ValueError):
            found = -1
        if found != 0:
            raise UsageError("read standard input", "it is closed", "name a file: --from FILE")
        return found
    try:
        return os.open(name, os.O_RDONLY)
    except OSError as error:
        raise UsageError(f"read {name}", str(error.strerror)) from error
    except ValueError as error:
        raise UsageError(f"read {name!r}", str(error)) from error


def _zstd(stream: Any, name: str) -> Any:
    try:
        found = importlib.import_module(
            "compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd"
        )
    except ImportError as error:
        raise UsageError(
            f"read {shown_name(name)}",
            "is packed with Zstandard, which this Python cannot unpack",
            "pip install backports.zstd; or zstd -dc FILE | freezer produce --from -",
        ) from error
    return found.ZstdFile(stream)
