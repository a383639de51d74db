"""Read a TOML table strictly: known keys, right types, errors that name file, line and key."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar

from freezer_events.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

T = TypeVar("T")

_NAMES: Final = {str: "a string", int: "a whole number", dict: "a table", list: "an array"}


@dataclass(frozen=True, slots=True)
class TomlFile:
    """A parsed TOML file that can say on which line a key stands."""

    path: Path
    text: str
    table: dict[str, Any]

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read and parse.

        Raises:
            ConfigError: the file is missing, unreadable, not UTF-8 or not TOML.

        """
        try:
            text = path.read_text(encoding="utf-8-sig")
            return cls(path, text, tomllib.loads(text))
        except OSError as error:
            raise ConfigError(str(path), f"cannot be read: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise ConfigError(str(path), "is not UTF-8 text") from error
        except tomllib.TOMLDecodeError as error:
            raise ConfigError(str(path), f"is not TOML: {error}") from error

    def get(self, key: str, kind: type[T], *, table: dict[str, Any] | None = None) -> T | None:
        """Return the value of `key` if it is there, checked to be of `kind`."""
        value = (self.table if table is None else table).get(key)
        # A bool is an int to Python, and to nobody who writes `partitions = true`.
        if value is None or (isinstance(value, kind) and not (kind is int and value is True)):
            return value
        raise self.error(key, f"{value!r} is not {_NAMES.get(kind, kind.__name__)}")

    def need(self, key: str, kind: type[T]) -> T:
        """Return the value of a key that must be there."""
        value = self.get(key, kind)
        if value is None:
            raise ConfigError(str(self.path), f"{key} is missing")
        return value

    def only(self, known: Collection[str], *, table: dict[str, Any] | None = None) -> None:
        """Refuse keys that nobody reads, so that a typing error does not pass as a default."""
        for key in self.table if table is None else table:
            if key not in known:
                raise self.error(key, f"no such key; there are: {', '.join(sorted(known))}")

    def error(self, key: str, why: str) -> ConfigError:
        """Make the error that names file, line and key."""
        return ConfigError(f"{self.path}:{self.line(key)}", f"{key}: {why}")

    def line(self, key: str, nth: int = 1) -> int:
        """Return the line (from 1) where `key` is given the `nth` time, else 1."""
        pattern = re.compile(rf"""^\s*(\[+\s*)?["']?{re.escape(key)}["']?\s*(=|\.|\])""")
        hits = [n for n, line in enumerate(self.text.splitlines(), 1) if pattern.match(line)]
        return hits[nth - 1] if len(hits) >= nth else 1
