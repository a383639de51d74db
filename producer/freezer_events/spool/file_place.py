"""How far a file has been read, and whether it is still the same file. Pure but for looks."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass, fields, replace
from typing import TYPE_CHECKING, Final

from freezer_events.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_HEAD_BYTES: Final = 4096
_LINE_END_BYTES: Final = 4  # of the widest characters
# As files of Parquet, Arrow (two forms) and Feather begin.
_COLUMNAR: Final = (b"PAR1", b"ARROW1", b"\xff\xff\xff\xff", b"FEA1")


@dataclass(frozen=True, slots=True)
class Look:
    """A file as it is now.

    Attributes:
        inode: device and number.
        size_bytes: its length.
        head: a digest of its first bytes, as many as were asked for; of a columnar file of its last
            ones, too: they say what it holds, and nothing is ever appended to it.
        head_bytes: how many these are.
        is_text: it is read row by row, from the bytes that it holds.

    """

    inode: str
    size_bytes: int
    head: str
    head_bytes: int
    is_text: bool = True


@dataclass(frozen=True, slots=True)
class FilePlace:
    """How far a file has been read into the spool.

    Attributes:
        inode: device and number of the file.
        head: a digest of its first bytes.
        head_bytes: how many these are.
        line: the line of the last row that was read; 0 before the first.
        begin: rows that begin before this offset (unpacked) are in the spool, or rejected.
        of_row: how many readings of the row that begins there are in the spool.
        taken: how many readings were taken from it.
        rejects: the file that its rejects go to, "" for none.
        rejects_bytes: how long that was then.
        rejects_digest: what it held then, as a digest.
        rejects_all: nothing of this input can have come behind that.
        size_bytes: how much of the file had been read when that was its end, else None.
        row_begin: the offset of the last row that was read (unpacked).
        row_bytes: its length, line end included.
        row: a digest of it; "" where its bytes are not in the file as they are.

    """

    inode: str
    head: str
    head_bytes: int
    line: int = 0
    begin: int = 0
    of_row: int = 0
    taken: int = 0
    rejects_bytes: int = 0
    size_bytes: int | None = None
    rejects: str = ""
    rejects_digest: str = ""
    rejects_all: bool = False
    row_begin: int = 0
    row_bytes: int = 0
    row: str = ""

    @classmethod
    def from_text(cls, text: str | None) -> FilePlace | None:
        """Read what `text` has written, that of an earlier version, too."""
        if text is None:
            return None
        known = {each.name for each in fields(cls)}
        return cls(**{name: value for name, value in json.loads(text).items() if name in known})

    def text(self) -> str:
        """Write it down."""
        return json.dumps(asdict(self))


def look(path: Path, before: FilePlace | None = None) -> Look | None:
    """Look at a file; None where it is none that can be read again: a pipe, say.

    Raises:
        OSError: it cannot be looked at.

    """
    if not path.is_file():
        return None
    with path.open("rb") as file:
        found = os.fstat(file.fileno())
        head = file.read(_HEAD_BYTES if before is None else before.head_bytes)
        tail = b""
        if is_columnar := head.startswith(_COLUMNAR):
            file.seek(max(0, found.st_size - _HEAD_BYTES))
            tail = file.read(_HEAD_BYTES)
    digest = hashlib.sha256(head + tail).hexdigest()
    inode = f"{found.st_dev}:{found.st_ino}"
    return Look(inode, found.st_size, digest, len(head), not is_columnar)


def go_on(
    name: str, now: Look, before: FilePlace | None, read: Callable[[int, int], bytes]
) -> FilePlace:
    """Return from where a file is to be read: a new one from its beginning.

    Args:
        name: the input.
        now: the file.
        before: how far a file was read under this name.
        read: gives bytes of the file (unpacked): from which offset, and how many.

    Raises:
        UsageError: it is the same file, and what was read of it is not in it any more.

    """
    if before is None or now.inode != before.inode:
        return FilePlace(now.inode, now.head, now.head_bytes)
    if now.head != before.head or now.head_bytes != before.head_bytes:
        if not before.line:  # nothing was read of it: it may have been corrected
            return FilePlace(now.inode, now.head, now.head_bytes)
        raise _changed(name, "it holds other readings than when it was read")
    if before.size_bytes is not None and now.size_bytes < before.size_bytes:
        raise _changed(name, "it is shorter than when it was read")
    if before.row and now.is_text:
        found = read(before.row_begin, before.row_bytes + _LINE_END_BYTES)
        row, following = found[: before.row_bytes], found[before.row_bytes :]
        if _digest(row) != before.row:
            raise _changed(name, f"its line {before.line:,} is not what it was when it was read")
        if not _is_whole(row) and following.strip(b"\0")[:1] not in {b"\n", b"\r", b""}:
            raise _changed(name, f"its line {before.line:,} was read, and has grown since")
    return before


def behind_row(place: FilePlace, begin: int, end: int, raw: bytes, *, is_text: bool) -> FilePlace:
    """Return the place with the last row that was read, by its offsets and bytes."""
    row = _digest(raw) if is_text and raw else ""
    return replace(place, row_begin=begin, row_bytes=end - begin, row=row)


def _digest(row: bytes) -> str:
    """Return a digest of a row without its blanks: those between lines of JSON are kept as one."""
    return hashlib.sha256(b"".join(row.split())).hexdigest()[:32]


def _is_whole(row: bytes) -> bool:
    """Tell whether nothing can be added to a row: it has a line end, or is a JSON object."""
    text = row.replace(b"\0", b"")  # of wide characters
    return text.endswith((b"\n", b"\r")) or (text.startswith(b"{") and text.endswith(b"}"))


def is_read(now: Look, place: FilePlace) -> bool:
    """Tell whether nothing has come since the file was read to its end."""
    return place.size_bytes is not None and now.size_bytes == place.size_bytes


def _changed(name: str, why: str) -> UsageError:
    return UsageError(
        f"go on with {name}", why, "read it from its beginning, as a new file: --restart"
    )
