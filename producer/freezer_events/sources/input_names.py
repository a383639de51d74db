"""Which inputs names stand for: files, folders, patterns, and what is in zip archives."""

from __future__ import annotations

import glob
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from freezer_events.errors import UsageError
from freezer_events.sources import stores
from freezer_events.sources.inputs import AS_CSV, EXCEL, MEMBER, ZIP

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence


_NO_ROWS: Final = {"_SUCCESS", "_metadata", "_common_metadata"}  # beside Parquet in a data lake
# Folders of Spark and Delta Lake whose files hold no rows, or those of jobs that failed.
_NO_DATA: Final = {"_temporary", "_delta_log", "_spark_metadata", "_change_data"}


def expanded(names: Sequence[str]) -> list[str]:
    """Return the inputs that names stand for: patterns, folders and archives hold several.

    The order is that of the names; inside of each, that of the paths.

    Raises:
        UsageError: a folder or pattern holds nothing, or an archive cannot be read.

    """
    found = [each for name in names for each in _expanded(name)]
    twice = next((each for each in found if found.count(each) > 1), None)
    if twice is not None:
        raise UsageError(f"--from {twice}", "is named twice", "name it once")
    return found


def size_of(names: Sequence[str]) -> int | None:
    """Return how many bytes inputs hold, as they are stored; None where one is no file."""
    total = 0
    for name in names:
        if stores.is_stored(name):
            total += stores.look_at(name).size_bytes
            continue
        path = Path(name)
        if not _asked(path.is_file):
            return None
        total += path.stat().st_size
    return total


def _expanded(name: str) -> Iterator[str]:
    if name == "-":
        yield name
        return
    if stores.is_stored(name):
        yield from _stored(name)
        return
    path = Path(name)
    is_folder = _asked(path.is_dir)
    if is_folder or (not _asked(path.exists) and glob.has_magic(name)):
        inside = _files_in(path) if is_folder else sorted(glob.glob(name, recursive=True))  # noqa: PTH207
        if not inside:
            what = "the folder holds no file" if is_folder else "no file has such a name"
            raise UsageError(f"--from {name}", what)
        for each in inside:
            if not Path(each).is_dir():
                yield from _members(each)
        return
    yield from _members(name)


def _stored(uri: str) -> Iterator[str]:
    """Yield the files of a folder in a store, but for hidden and accompanying ones."""
    base = len(uri.partition("?")[0])
    found = [
        each for each in stores.files_in(uri) if not _is_hidden(Path(each.partition("?")[0][base:]))
    ]
    if not found:
        raise UsageError(f"--from {uri}", "the folder holds no file")
    yield from found


def _files_in(folder: Path) -> list[str]:
    """Return the files of a folder, and of those in it, but for hidden and accompanying ones."""
    inside = (each for each in folder.rglob("*") if each.is_file())
    visible = (each for each in inside if not _is_hidden(each.relative_to(folder)))
    return sorted(map(str, visible))


def _is_hidden(path: Path) -> bool:
    hidden = any(part.startswith(".") or part in _NO_DATA for part in path.parts)
    return hidden or path.name in _NO_ROWS


def _members(name: str) -> Iterator[str]:
    """Yield the files in a zip archive, else the file itself."""
    if not _asked(lambda: _begins_as_zip(Path(name))):
        yield name
        return
    try:
        with zipfile.ZipFile(name) as archive:
            members = [each for each in archive.infolist() if not each.is_dir()]
    except (OSError, zipfile.BadZipFile) as error:
        raise UsageError(f"read {name}", f"cannot be unpacked: {error}") from error
    names = sorted(each.filename for each in members)
    if "[Content_Types].xml" in names:
        raise UsageError(f"read {name}", EXCEL, AS_CSV)
    if any(each.flag_bits & 1 for each in members):
        raise UsageError(f"read {name}", "is encrypted", "unpack it first")
    yield from (f"{name}{MEMBER}{each}" for each in names)


def _begins_as_zip(path: Path) -> bool:
    if not path.is_file():  # to open a pipe would wait, and take from it
        return False
    with path.open("rb") as file:
        return file.read(len(ZIP)) == ZIP


def _asked(question: Callable[[], bool]) -> bool:
    try:
        return question()
    except (OSError, ValueError):
        return False
