"""How far a file has been read, and whether it is still the same file. Pure but for one look."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Final

from freezer_events.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

_HEAD_BYTES: Final = 4096
# As files of Parquet, Arrow (two forms) and Feather begin.
_COLUMNAR: Final = (b"PAR1", b"ARROW1", b"\xff\xff\xff\xff", b"FEA1")
_ENDS: Final = (b"\n", b"\r", b"")


@dataclass(frozen=True, slots=True)
class Look:
    """A file as it is now.

    Attributes:
        inode: device and number.
        size_bytes: its length.
        head: a digest of its first bytes, as many as were asked for; of a columnar file of its last
            ones, too: they say what it holds, and nothing is ever appended to it.
        head_bytes: how many these are.
        after: the byte behind the part that was read before, b"" where there is none.

    """

    inode: str
    size_bytes: int
    head: str
    head_bytes: int
    after: bytes = b""


@dataclass(frozen=True, slots=True)
class FilePlace:
    """How far a file has been read into the spool.

    Attributes:
        inode: device and number of the file.
        head: a digest of its first bytes.
        head_bytes: how many these are.
        line: the line of the last reading that is in the spool; 0 before the first.
        begin: the offset of its row's first byte (unpacked).
        of_row: how many readings of that row are in the spool.
        taken: how many readings were taken from it.
        rejects: the file that its rejects go to, "" for none.
        rejects_bytes: how long that was then.
        size_bytes: the length of the file when it had been read to its end, else None.
        whole: it ended with the end of a line then.

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
    whole: bool = True
    rejects: str = ""

    @classmethod
    def from_text(cls, text: str | None) -> FilePlace | None:
        """Read what `text` has written."""
        return None if text is None else cls(**json.loads(text))

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
        wanted = _HEAD_BYTES if before is None else before.head_bytes
        head = file.read(wanted)
        after = tail = b""
        if head.startswith(_COLUMNAR):
            file.seek(max(0, found.st_size - _HEAD_BYTES))
            tail = file.read(_HEAD_BYTES)
        if before is not None and before.size_bytes is not None:
            file.seek(before.size_bytes)
            after = file.read(1)
    digest = hashlib.sha256(head + tail).hexdigest()
    return Look(f"{found.st_dev}:{found.st_ino}", found.st_size, digest, len(head), after)


def go_on(name: str, now: Look, before: FilePlace | None) -> FilePlace:
    """Return from where a file is to be read: a new one from its beginning.

    Raises:
        UsageError: it is the same file, and what was read of it is not in it any more.

    """
    if before is None or now.inode != before.inode:
        return FilePlace(now.inode, now.head, now.head_bytes)
    if now.head != before.head or now.head_bytes != before.head_bytes:
        raise _changed(name, "it holds other readings than when it was read")
    if before.size_bytes is not None:
        if now.size_bytes < before.size_bytes:
            raise _changed(name, "it is shorter than when it was read")
        if not before.whole and now.after not in _ENDS:
            raise _changed(name, f"its line {before.line:,} was read, and has grown since")
    return before


def renamed(path: Path, text: str | None) -> str | None:
    """Return the name that a file has now which was read as `path`; None where it is still there.

    Looked for in the folder of the path: that is where programs that write logs keep old ones.
    """
    before = FilePlace.from_text(text)
    if before is None:
        return None
    with os.scandir(path.resolve().parent) as entries:
        for each in entries:
            if each.is_file(follow_symlinks=False):
                found = each.stat(follow_symlinks=False)
                if f"{found.st_dev}:{found.st_ino}" == before.inode:
                    same = os.path.samefile(each.path, path)  # noqa: PTH121
                    return None if same else each.path
    return None


def is_read(now: Look, place: FilePlace) -> bool:
    """Tell whether nothing has come since the file was read to its end."""
    return place.size_bytes is not None and now.size_bytes == place.size_bytes


def finished(place: FilePlace, now: Look, *, whole: bool) -> FilePlace:
    """Return the place of a file that has been read to its end."""
    return replace(place, size_bytes=now.size_bytes, whole=whole)


def _changed(name: str, why: str) -> UsageError:
    return UsageError(
        f"go on with {name}", why, "read it from its beginning, as a new file: --restart"
    )
