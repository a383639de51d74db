"""Read TOML strictly: known keys, right types, errors that name file, line, table and key."""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_left
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar

from freezer_events.config.merge_marker import merge_marker
from freezer_events.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

T = TypeVar("T")

_DEEP_KEY: Final = re.compile(
    r"""(?:^|[{,\[])\s*(?:(?:[\w-]+|"[^"\n]*"|'[^'\n]*')[ \t]*\.[ \t]*){128}""", re.MULTILINE
)
"""A key of more than 128 parts."""

_NAMES: Final[Mapping[type, str]] = {
    str: "a string",
    int: "a whole number",
    dict: "a table",
    list: "an array",
    bool: "true or false",
}


@dataclass(frozen=True, slots=True)
class Table:
    """One table of a TOML file, the file's top table or one inside of it.

    Attributes:
        file: where it was read.
        text: the whole file's text.
        values: what the table holds.
        path: the keys that lead to it, numbers (from 0) in an array of tables.

    """

    file: Path
    text: str
    values: Mapping[str, Any]
    path: tuple[str | int, ...] = ()

    @classmethod
    def read(cls, file: Path) -> Self:
        """Read a file's top table.

        Raises:
            ConfigError: the file is missing, unreadable, not UTF-8 or not TOML.

        """
        try:
            text = file.read_text(encoding="utf-8-sig")
            if _DEEP_KEY.search(text):  # tomllib's time grows with the square of its length
                raise _too_deep(file)
            return cls(file, text, tomllib.loads(text))
        except OSError as error:
            raise ConfigError(str(file), f"cannot be read: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise ConfigError(str(file), "is not UTF-8 text") from error
        except tomllib.TOMLDecodeError as error:
            raise _not_toml(file, text, error) from error
        except RecursionError as error:
            raise _too_deep(file) from error

    @classmethod
    def empty(cls) -> Self:
        """Return a table that holds nothing, for a file that need not exist."""
        return cls(Path(), "", {})

    def only(self, *known: str) -> None:
        """Refuse keys that nobody reads, so that a typing error does not pass as a default."""
        for key in self.values:
            if key not in known:
                raise self.error(f"no such key; there are: {', '.join(known)}", key)

    def get(self, key: str, kind: type[T]) -> T | None:
        """Return the value of `key` if it is there, checked to be of `kind`."""
        value = self.values.get(key)
        # A bool is an int to Python, and to nobody who writes `partitions = true`.
        if value is None or (isinstance(value, kind) and isinstance(value, bool) == (kind is bool)):
            return value
        raise self.error(f"{value!r} is not {_NAMES[kind]}", key)

    def need(self, key: str, kind: type[T]) -> T:
        """Return the value of a key that must be there."""
        value = self.get(key, kind)
        if value is None:
            raise self.error(f"{key} is missing")
        return value

    def one_of(self, key: str, choices: Collection[str]) -> str:
        """Return the value of a key that must be there and be one of these."""
        value = self.need(key, str)
        if value not in choices:
            raise self.error(f"{value!r} is none of {', '.join(choices)}", key)
        return value

    def flag(self, key: str) -> bool:
        """Return whether a key is true; false where it is not there.

        Raises:
            ConfigError: it is neither true nor false.

        """
        value = self.values.get(key, False)
        if not isinstance(value, bool):
            raise self.error(f"{value!r} is neither true nor false", key)
        return value

    def count(self, key: str) -> int | None:
        """Return a whole number from 1 up, if it is there."""
        value = self.get(key, int)
        if value is not None and value < 1:
            raise self.error(f"{value} is less than 1", key)
        return value

    def table(self, key: str) -> Table:
        """Return the table under `key`, an empty one if it is not there."""
        return Table(self.file, self.text, self.get(key, dict) or {}, (*self.path, key))

    def tables(self, key: str) -> Iterator[Table]:
        """Yield the tables of the array `[[key]]`."""
        for index, values in enumerate(self.get(key, list) or []):
            table = Table(self.file, self.text, values, (*self.path, key, index))
            if not isinstance(values, dict):
                raise table.error(f"{values!r} is not a table: write [[{key}]]")
            yield table

    def error(self, why: str, key: str = "") -> ConfigError:
        """Make the error that names file, line, table and key; about a file as such, the file."""
        path = (*self.path, key) if key else self.path
        if not path:
            return ConfigError(str(self.file), why)
        where = f"{self.file}:{_line_of(self.text, path)}"
        return ConfigError(f"{where}: {titled(self.path, key)}", why)

    def line(self, *path: str) -> int:
        """Return the line (from 1) of a key or table in here, else of the nearest one around it."""
        return _line_of(self.text, (*self.path, *path))


def _too_deep(file: Path) -> ConfigError:
    return ConfigError(str(file), "is nested too deep", "write it flat: tables of plain values")


def _not_toml(file: Path, text: str, error: tomllib.TOMLDecodeError) -> ConfigError:
    line = merge_marker(text)
    if line:
        return ConfigError(f"{file}:{line}", "has merge markers", "resolve the conflict")
    return ConfigError(str(file), f"is not TOML: {error}")


def titled(path: Sequence[str | int], key: str = "") -> str:
    """Return a key as people look for it: `[the.table] key`."""
    table = ".".join(each for each in path if isinstance(each, str))
    return " ".join(filter(None, (f"[{table}]" if table else "", key)))


def _line_of(text: str, path: Sequence[str | int]) -> int:
    """Return the line of a key or table, else of the nearest table around it, else 1.

    tomllib keeps no positions. But it reads the first lines of a file as well as the whole: a key
    begins on the first line without which it is not there. Lines are cut where a value ends, as a
    value that is cut in two is no TOML.
    """
    lines = text.split("\n")
    while path:
        needed = bisect_left(
            range(len(lines) + 1), 1, key=lambda n: int(_holds(_first(lines, n)[1], path))
        )
        if needed <= len(lines):
            return _first(lines, needed - 1)[0] + 1
        path = path[:-1]
    return 1


def _first(lines: Sequence[str], count: int) -> tuple[int, Mapping[str, Any]]:
    """Parse up to `count` lines, fewer if the last of them begin a value; returns how many."""
    while True:
        try:
            return count, tomllib.loads("\n".join(lines[:count]))
        except tomllib.TOMLDecodeError:
            count -= 1


def _holds(value: Any, path: Sequence[str | int]) -> bool:
    for key in path:
        if isinstance(key, int):
            if not isinstance(value, list) or key >= len(value):
                return False
        elif not isinstance(value, dict) or key not in value:
            return False
        value = value[key]
    return True
