"""Files that were turned over: which have a followed file's name no more, or had it in between."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

    from freezer_events.spool.file_place import FilePlace

# What programs that turn logs over put behind a name, or before its suffix: .1, -20261127.
_NUMBER: Final = re.compile(r"[.-]\d[\d.T-]*")


def turned_over(path: Path, place: FilePlace) -> tuple[str | None, list[str]]:
    """Return the name that a file has now which was read as `path`, and of those between the two.

    They are looked for in the folder of the path: that is where programs that write logs keep old
    ones. Those between were written later than the one that was read, in that order. The name is
    None where the file is gone.
    """
    folder = path.resolve().parent
    old: tuple[int, str] | None = None
    others: list[tuple[int, str]] = []
    try:
        current = path.stat()
    except OSError:  # the new one is still to come
        return None, []
    with os.scandir(folder) as entries:
        for each in entries:
            if not each.is_file(follow_symlinks=False):
                continue
            found = each.stat(follow_symlinks=False)
            if f"{found.st_dev}:{found.st_ino}" == place.inode:
                old = (found.st_mtime_ns, each.path)
            elif (
                found.st_size
                and (found.st_dev, found.st_ino) != (current.st_dev, current.st_ino)
                and _is_turned(each.name, path)
            ):
                others.append((found.st_mtime_ns, each.path))
    if old is None:
        return None, []
    return old[1], [name for written, name in sorted(others) if written >= old[0]]


def _is_turned(name: str, path: Path) -> bool:
    """Tell whether a name is that of a file that was turned over: the path's, with a number."""
    rests = [name.removeprefix(path.name)] if name.startswith(path.name) else []
    if path.suffix and name.startswith(path.stem) and name.endswith(path.suffix):
        rests.append(name[len(path.stem) : len(name) - len(path.suffix)])
    return any(_NUMBER.fullmatch(rest) for rest in rests)
