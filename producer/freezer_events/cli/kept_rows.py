"""Files that keep rows of an input as they stood there, so that they can be fed in again."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from contextlib import ExitStack
from pathlib import Path, PurePath
from types import MappingProxyType
from typing import IO, TYPE_CHECKING, Final, NamedTuple

from freezer_events.errors import EventError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from freezer_events.sources import ReadingPlace


_NAMELESS: Final = {"-": "stdin", "": "readings.jsonl"}
_COLUMNAR: Final = {".parquet", ".feather", ".arrow"}  # their rows are kept as JSON lines


class KeptBefore(NamedTuple):
    """What an earlier part of a run has kept of an input: in which file, and how much of it."""

    path: str
    size_bytes: int


class KeptRows:
    """One file, or a folder with a file for each input, under the input's name.

    The rows keep their bytes, and what stood before the first row of their input stands before
    them: encoding, header, quotes and line ends are those of the input.

    Args:
        option: the option that names the path.
        path: a file that must not hold anything yet; or a folder.
        inputs: their names.
        known: what an earlier part of the same run has kept of inputs; what stands behind it is of
            readings that will be read again.
        named: something is read from the name of an input, which must therefore be kept.

    Raises:
        UsageError: one file is named, and there are several inputs; or it holds something already.

    """

    def __init__(
        self,
        option: str,
        path: str,
        inputs: Sequence[str],
        known: Mapping[str, KeptBefore] = MappingProxyType({}),
        *,
        named: bool,
    ) -> None:
        self._option = option
        self._path = Path(path)
        self._stack = ExitStack()
        self._files: dict[str, IO[bytes]] = {}
        self._is_folder = path.endswith("/") or self._path.is_dir()
        if not self._is_folder and (len(inputs) > 1 or named):
            why = "keeps the rows of one input, and there are several"
            if named:
                why = "would get another name than the input, whose name says a field"
            raise UsageError(f"{option} {path}", why, f"name a folder: {option} {path}.d/")
        if not self._is_folder and self._path.suffix.lower() in _COLUMNAR:
            why, other = (
                "rows are kept as JSON lines, not in columns",
                self._path.with_suffix(".jsonl"),
            )
            raise UsageError(f"{option} {path}", why, f"name it so: {option} {other}")
        names = Counter(map(_name_of, inputs))
        self._shared = {each for each, count in names.items() if count > 1}
        self._sizes: dict[str, int] = {}
        for each in inputs:
            file, kept = self.path_of(each), known.get(each)
            if kept is not None and kept.path == str(file.resolve()):
                self._sizes[each] = _cut(option, file, kept.size_bytes)
            else:
                refuse_to_overwrite(option, file, readings=True)

    def size_bytes(self, name: str) -> int:
        """Return how much has been written for an input."""
        return self._sizes.get(name, 0)

    def path_of(self, name: str, apart: str = "") -> Path:
        """Return the file for the rows of an input; `apart` goes before the suffix."""
        own = _NAMELESS.get(name) or _name_of(name)
        if own in self._shared:  # a data lake has a part-0.parquet in each of its folders
            apart_by = hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()[:8]
            own = f"{PurePath(own).stem}-{apart_by}{PurePath(own).suffix}"
        if PurePath(own).suffix.lower() in _COLUMNAR:
            own += ".jsonl"
        path = self._path / own if self._is_folder else self._path
        return path.with_name(f"{path.stem}{apart}{path.suffix}") if apart else path

    def write(
        self,
        place: ReadingPlace,
        heading: bytes,
        raw: bytes,
        rest: Iterable[bytes] = (),
        apart: str = "",
    ) -> Path:
        """Write one row, at once; returns the file.

        Raises:
            EventError: it cannot be written: the disk is full, say.

        """
        path = self.path_of(place.input, apart)
        try:
            file = self._files.get(str(path))
            if file is None:
                path.parent.mkdir(parents=True, exist_ok=True)
                file = self._stack.enter_context(path.open("ab", buffering=0))
                self._files[str(path)] = file
                if not file.tell():  # else an earlier part of the run has written it
                    _write(file, heading)
            _write(file, raw)
            for each in rest:
                _write(file, each)
            self._sizes[place.input] = file.tell()
        except OSError as error:
            raise EventError(
                f"{self._option} {path}",
                f"cannot be written: {error.strerror}",
                f"{place.shown} is the first row that is not in it; make room, and go on with "
                f"--start-at {place.line}",
            ) from error
        return path

    def close(self) -> None:
        """Close the files."""
        self._stack.close()


def _name_of(name: str) -> str:
    return PurePath(name.replace("!", "/")).name


def _cut(option: str, path: Path, kept_bytes: int) -> int:
    """Cut a file behind what an earlier run has kept; returns its length."""
    try:
        size = path.stat().st_size if path.exists() else 0
        if size > kept_bytes:
            os.truncate(path, kept_bytes)
    except OSError as error:
        raise UsageError(f"{option} {path}", f"cannot be written: {error.strerror}") from error
    return min(size, kept_bytes)


def _write(file: IO[bytes], data: bytes) -> None:
    """Write all of some bytes: a disk that is nearly full takes a part of them."""
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) :]


def refuse_to_overwrite(option: str, path: Path, *, readings: bool = False) -> None:
    """Make sure that a file holds nothing.

    Args:
        option: what names it.
        path: the file.
        readings: it would hold readings that are on no topic.

    Raises:
        UsageError: it does, or cannot be looked at.

    """
    try:
        if path.is_file() and path.stat().st_size:
            why, fix = "is there already", "remove it, or name another file"
            if readings:
                why += ", and may hold lines that are nowhere else"
                fix = "feed it in with --from, then remove it; or name another file"
            raise UsageError(f"{option} {path}", why, fix)
    except OSError as error:
        raise UsageError(f"{option} {path}", f"cannot be read: {error.strerror}") from error
