"""Files that keep rows of an input as they stood there, so that they can be fed in again."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from itertools import chain, count
from pathlib import Path, PurePath
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from freezer_events.cli.kept_file import KeptBefore, KeptFile, OthersRows
from freezer_events.errors import EventError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from freezer_events.sources import ReadingPlace


_NAMELESS: Final = {"-": "stdin", "": "readings.jsonl"}
_NUMBER: Final = re.compile(r"\.\d+$")
_COLUMNAR: Final = {".parquet", ".feather", ".arrow"}  # their rows are kept as JSON lines


class KeptRows:
    """One file, or a folder with a file for each input, under the input's name.

    The rows keep their bytes, and what stood before the first row of their input stands before
    them: encoding, header, quotes and line ends are those of the input.

    Args:
        option: the option that names the path.
        path: a file that must not hold anything yet; or a folder.
        inputs: their names.
        known: what an earlier part of the same run has kept of inputs; what stands behind it is of
            readings that will be read again. An input that has another name now keeps its file.
        read: the inputs that will be read; None for all.
        named: something is read from the name of an input, which must therefore be kept.

    Raises:
        UsageError: one file is named, and there are several inputs; or it holds something already
            that an earlier part of the same run did not write.

    """

    def __init__(
        self,
        option: str,
        path: str,
        inputs: Sequence[str],
        known: Mapping[str, KeptBefore] = MappingProxyType({}),
        read: Sequence[str] | None = None,
        *,
        named: bool,
    ) -> None:
        self._option = option
        self._path = Path(path)
        self._files: dict[Path, KeptFile] = {}
        self._kept: dict[str, KeptBefore] = {}  # asked for with each reading
        self._inputs = inputs or ("",)
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
        self._shared = {each for each, times in names.items() if times > 1}
        self._now: dict[str, Path] = {}  # where an input keeps the file of its former name
        own = {str(path.resolve()): path for path in map(self.path_of, inputs)}
        self._now = {
            name: own[kept.path]
            for name, kept in known.items()
            if name not in inputs and kept.path in own
        }
        for each in inputs:
            if read is None or each in read:
                self._begin(self.path_of(each), known.get(each))

    def _begin(self, path: Path, kept: KeptBefore | None) -> None:
        """Go on with the file of an input, or make sure that there is nothing in it."""
        if kept is None or kept.path != str(path.resolve()):
            refuse_to_overwrite(self._option, path, readings=True)
            return
        try:
            self._files[path] = KeptFile(path, kept)
        except OthersRows:
            raise _is_there(self._option, path, readings=True) from None
        except OSError as error:
            raise UsageError(
                f"{self._option} {path}", f"cannot be read: {error.strerror}"
            ) from error

    def kept_of(self, name: str) -> KeptBefore:
        """Return what has been kept of an input until now."""
        found = self._kept.get(name)
        if found is None:
            path = self.path_of(name)
            file = self._files.get(path)
            known = (0, "") if file is None else (file.size_bytes, file.digest)
            found = self._kept[name] = KeptBefore(str(path.resolve()), *known)
        return found

    def path_of(self, name: str, apart: str = "") -> Path:
        """Return the file for the rows of an input; `apart` goes before the suffix."""
        if name in self._now:
            return self._now[name]
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
            EventError: it cannot be written: the disk is full, say. No part of it is in the file.

        """
        path = self.path_of(place.input, apart)
        try:
            file = self._files.get(path)
            if file is None:
                file = self._files[path] = KeptFile(path)
            self._kept.clear()
            file.write(heading, chain((raw,), rest))
        except OthersRows:
            raise _is_there(self._option, path, readings=True) from None
        except OSError as error:
            raise EventError(
                f"{self._option} {path}",
                f"cannot be written: {error.strerror}",
                f"make room; {place.shown} is the first row that is not in it",
            ) from error
        return path

    def another(self, apart: str = "") -> str | None:
        """Return a path for the rows of a further run; None where this one is free for them.

        Args:
            apart: rows may also have been written with that.

        """
        names = {"", apart}
        if not any(_holds(self.path_of(each, name)) for each in self._inputs for name in names):
            return None
        path = self._path
        stem, suffix = (path.name, "") if self._is_folder else (path.stem, path.suffix)
        stem = _NUMBER.sub("", stem)
        for number in count(2):
            found = [path.with_name(f"{stem}.{number}{name}{suffix}") for name in ("", apart)]
            if not any(each.exists() for each in found):
                break
        return f"{found[0]}/" if self._is_folder else str(found[0])

    def close(self) -> None:
        """Close the files."""
        for each in self._files.values():
            each.close()


def _name_of(name: str) -> str:
    return PurePath(name.replace("!", "/")).name


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
        if _holds(path):
            raise _is_there(option, path, readings=readings)
    except OSError as error:
        raise UsageError(f"{option} {path}", f"cannot be read: {error.strerror}") from error


def _holds(path: Path) -> bool:
    return path.is_file() and path.stat().st_size > 0


def _is_there(option: str, path: Path, *, readings: bool) -> UsageError:
    why, fix = "is there already", "remove it, or name another file"
    if readings:
        why += ", and may hold lines that are nowhere else"
        fix = "feed it in with --from, then remove it; or name another file"
    return UsageError(f"{option} {path}", why, fix)
