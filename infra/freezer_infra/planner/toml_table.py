"""One table of a TOML file, read strictly: errors name file, line, table and key.

Beyond `freezer_events.config.toml_file`, which knows one table per file: here a key is looked for
in its own table, since several tables have the same keys.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from freezer_events.config.toml_file import TomlFile
from freezer_events.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

T = TypeVar("T")

_HEADER: Final = re.compile(r"\s*\[\[?\s*(.+?)\s*\]\]?\s*(#.*)?$")
_PART: Final = re.compile(r"""\s*(?:"([^"]*)"|'([^']*)'|([A-Za-z0-9_-]+))\s*(\.|=)?""")
_NAMES: Final = {str: "a string", int: "a whole number", dict: "a table", list: "an array"}


@dataclass(frozen=True, slots=True)
class Table:
    """A table, with its path of keys in the file; `nth` counts from 1 in an array of tables."""

    file: TomlFile
    values: Mapping[str, Any]
    path: tuple[str, ...] = ()
    nth: int = 1

    @classmethod
    def read(cls, path: Path) -> Table:
        """Read a file's top table.

        Raises:
            ConfigError: it cannot be read, or is not TOML.

        """
        file = TomlFile.read(path)
        return cls(file, file.table)

    @classmethod
    def empty(cls) -> Table:
        """Give a table that has nothing, for a file that is not there."""
        return cls(TomlFile(Path(), "", {}), {})

    def only(self, *known: str) -> None:
        """Refuse keys that nobody reads, so that a typing error does not pass as a default."""
        for key in self.values:
            if key not in known:
                raise self.error(f"no such key; there are: {', '.join(known)}", key)

    def get(self, key: str, kind: type[T]) -> T | None:
        """Give the value of `key` if it is there, checked to be of `kind`."""
        value = self.values.get(key)
        # A bool is an int to Python, and to nobody who writes `partitions = true`.
        if value is None or (isinstance(value, kind) and not isinstance(value, bool)):
            return value
        raise self.error(f"{value!r} is not {_NAMES[kind]}", key)

    def need(self, key: str, kind: type[T]) -> T:
        """Give the value of a key that must be there."""
        value = self.get(key, kind)
        if value is None:
            raise self.error(f"{key} is missing")
        return value

    def one_of(self, key: str, choices: Collection[str]) -> str:
        """Give the value of a key that must be there and be one of these."""
        value = self.need(key, str)
        if value not in choices:
            raise self.error(f"{value!r} is none of {', '.join(choices)}", key)
        return value

    def count(self, key: str) -> int | None:
        """Give a whole number from 1 up, if it is there."""
        value = self.get(key, int)
        if value is not None and value < 1:
            raise self.error(f"{value} is less than 1", key)
        return value

    def table(self, key: str) -> Table:
        """Give the table under `key`, an empty one if it is not there."""
        return Table(self.file, self.get(key, dict) or {}, (*self.path, key), self.nth)

    def tables(self, key: str) -> Iterator[Table]:
        """Give the tables of the array `[[key]]`."""
        for nth, values in enumerate(self.get(key, list) or [], 1):
            table = Table(self.file, values, (*self.path, key), nth)
            if not isinstance(values, dict):
                raise table.error(f"{values!r} is not a table: write [[{key}]]")
            yield table

    def error(self, why: str, key: str = "") -> ConfigError:
        """Make the error that names file, line, table and key."""
        path = (*self.path, key) if key else self.path
        where = f"{self.file.path}:{line(self.file.text, path, self.nth)}"
        title = f" [{'.'.join(self.path)}]" if self.path else ""
        return ConfigError(f"{where}:{title}{f' {key}' if key else ''}", why)


def line(text: str, path: tuple[str, ...], nth: int = 1) -> int:
    """Give the line (from 1) of a key or table, else of the nearest table around it, else 1."""
    while path:
        if found := _find(text, path, nth):
            return found
        path = path[:-1]
    return 1


def _find(text: str, wanted: tuple[str, ...], nth: int) -> int | None:
    seen: dict[tuple[str, ...], int] = {}
    table: tuple[str, ...] = ()
    for number, content in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(content):
            here = table = _parts(header[1])
            seen[table] = seen.get(table, 0) + 1
        else:
            here = (*table, *_parts(content)) if "=" in content else table
        if here[: len(wanted)] == wanted and seen.get(table, 1) == nth:
            return number
    return None


def _parts(text: str) -> tuple[str, ...]:
    """Read a dotted key up to its `=`: `configs."a.b" = 1` is ("configs", "a.b")."""
    parts: list[str] = []
    position = 0
    while found := _PART.match(text, position):
        parts.append(found[1] or found[2] or found[3] or "")
        position = found.end()
        if found[4] != ".":
            break
    return tuple(parts)
