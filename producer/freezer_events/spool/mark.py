"""The mark beside a spool's file: how far it was committed, noted where SQLite does not look.

SQLite drops all of its log that follows a damaged page, and says nothing; the mark tells.
"""

from __future__ import annotations

import os
import struct
import zlib
from contextlib import suppress
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

MARK: Final = "mark"
_POSITION: Final = struct.Struct("<Q")
_MARK: Final = struct.Struct("<QI")  # a position, and its CRC-32


class PositionMark:
    """The mark of one spool; it is not synced, so it is never ahead of what is.

    Args:
        folder: where it is.

    """

    def __init__(self, folder: Path) -> None:
        self._file = os.open(folder / MARK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def read(self) -> int:
        """Return the position that it notes; 0 where it notes none."""
        data = os.pread(self._file, _MARK.size, 0)
        if len(data) != _MARK.size:
            return 0
        position, crc = _MARK.unpack(data)
        return int(position) if crc == zlib.crc32(data[: _POSITION.size]) else 0

    def write(self, position: int) -> None:
        """Note a position that is committed."""
        with suppress(OSError):  # on a full disk: it only helps to notice damage
            os.pwrite(self._file, _MARK.pack(position, zlib.crc32(_POSITION.pack(position))), 0)

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)
