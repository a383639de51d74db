"""Which inputs names stand for: files, folders, patterns, and what is in zip archives."""

from __future__ import annotations

import glob
import zipfile
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING, Final

from freezer_events.errors import UsageError
from freezer_events.sources import stores
from freezer_events.sources.inputs import AS_CSV, EXCEL, MEMBER, ZIP
from freezer_events.sources.reading import short_list

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from freezer_events.sources.reading import Tell

_HIDDEN: Final = ("_", ".")
# Beside the rows of a data lake, and known to hold none: nobody needs to be told of them.
_NO_ROWS: Final = {"_SUCCESS", "_metadata", "_common_metadata", "_delta_log", "_spark_metadata"}


def expanded(names: Sequence[str], tell: Tell = lambda _: None) -> list[str]:
    """Return the inputs that names stand for: patterns, folders and archives hold several.

    The order is that of the names; inside of each, that of the paths. In folders, what Spark, Hive
    and pyarrow take for no data is passed over: a name that begins with "_" or "." (`_temporary`,
    where jobs that failed leave their rows), unless it is a partition's (`_day=1`).

    Args:
        names: as they were given.
        tell: told in a sentence of files that are passed over and may hold rows.

    Raises:
        UsageError: a folder or pattern holds nothing, or an archive cannot be read.

    """
    found = [each for name in names for each in _expanded(name, tell)]
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


def _expanded(name: str, tell: Tell) -> Iterator[str]:
    if name == "-":
        yield name
        return
    if stores.is_stored(name):
        yield from _stored(name, tell)
        return
    path = Path(name)
    is_folder = _asked(path.is_dir)
    if is_folder or (not _asked(path.exists) and glob.has_magic(name)):
        inside = _files_in(path, tell) if is_folder else _matches(name, tell)
        if not inside:
            what = "the folder holds no file" if is_folder else "no file has such a name"
            raise UsageError(f"--from {name}", what)
        for each in inside:
            if not Path(each).is_dir():
                yield from _members(each)
        return
    yield from _members(name)


def _stored(uri: str, tell: Tell) -> Iterator[str]:
    """Yield the files of a folder in a store that are data."""
    base = len(uri.partition("?")[0])
    inside = {each: each.partition("?")[0][base:].lstrip("/") for each in stores.files_in(uri)}
    found = _data(uri, inside, tell)
    if not found:
        raise UsageError(f"--from {uri}", "the folder holds no file")
    yield from found


def _files_in(folder: Path, tell: Tell) -> list[str]:
    """Return the files of a folder, and of those in it, that are data."""
    inside = sorted(str(each) for each in folder.rglob("*") if each.is_file())
    return _data(str(folder), {each: str(Path(each).relative_to(folder)) for each in inside}, tell)


def _matches(pattern: str, tell: Tell) -> list[str]:
    """Return what a pattern stands for; where it searches folders (`**`), what is data in them."""
    found = sorted(glob.glob(pattern, recursive=True))  # noqa: PTH207
    parts = Path(pattern).parts
    if "**" not in parts:
        return found
    named = [each for each in parts if each.startswith(_HIDDEN)]

    def unnamed(path: str) -> str:
        rest = (each for each in Path(path).parts if not any(fnmatch(each, of) for of in named))
        return str(Path(*rest))

    return _data(pattern, {each: unnamed(each) for each in found if Path(each).is_file()}, tell)


def _data(name: str, inside: Mapping[str, str], tell: Tell) -> list[str]:
    """Return the files that are data, of their paths below the folder that was named."""
    hidden = {each: path for each, path in inside.items() if any(map(_is_hidden, Path(path).parts))}
    told = [path for path in hidden.values() if _may_hold_rows(path)]
    if told:
        why = 'a part of their paths begins with "_", which Spark takes for no data'
        tell(f"{name}: passed over, because {why}: {short_list(told)}; to read one: --from FILE")
    return [each for each in inside if each not in hidden]


def _may_hold_rows(path: str) -> bool:
    return not any(part.startswith(".") or part in _NO_ROWS for part in Path(path).parts)


def _is_hidden(part: str) -> bool:
    """Tell whether it is no data, by the rule of Spark (`shouldFilterOutPathName`)."""
    return part.startswith(_HIDDEN) and (part.startswith(".") or "=" not in part)


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
