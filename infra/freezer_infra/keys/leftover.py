"""The keys that a rotation has not finished with: ids in the state folder, never a secret.

An entry is written down as soon as a new key is made, and goes when the old one is deleted. Which
of the two is to be deleted follows from what the file holds now, so a run that was killed between
any two changes is finished by the next one.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from freezer_events.config.atomic import read_or_none, write_private
from freezer_events.config.state_folder import state_folder
from freezer_events.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

_NAME = "unfinished-keys.json"


@dataclass(frozen=True, slots=True)
class Unfinished:
    """One rotation that is not over.

    Attributes:
        place: the environment (`env-…`) that the resource is in.
        resource: what both keys open: `lkc-…`, `lsrc-…`.
        old: the id of the key that is replaced; empty where there was none.
        new: the id of the key that was made.
        file: the absolute path of the file that gets the new key.

    """

    place: str
    resource: str
    old: str
    new: str
    file: str

    def useless(self, held: str | None) -> str | None:
        """Give the id of the key that nobody needs, "" for none; None where nobody can tell.

        A new key is put into the file only once it works, so a file that holds it needs no other.

        Args:
            held: the id that the file holds for the resource; None where it holds none.

        """
        if held == self.new:
            return self.old
        return self.new if held == (self.old or None) else None


@dataclass(frozen=True, slots=True)
class Leftovers:
    """All such rotations of this user on this machine, of all targets."""

    @property
    def path(self) -> Path:
        """Where they are written down."""
        return state_folder() / _NAME

    def all(self) -> tuple[Unfinished, ...]:
        """Read them.

        Raises:
            ConfigError: the list is damaged.

        """
        text = read_or_none(self.path)
        try:
            return tuple(Unfinished(**entry) for entry in json.loads(text or "[]"))
        except (ValueError, TypeError) as error:
            fix = f"look at it, delete the keys it names by hand, then: rm {self.path}"
            raise ConfigError(str(self.path), "is no list of unfinished keys", fix) from error

    def add(self, entry: Unfinished) -> None:
        """Write one down; it is on the disk when this returns."""
        self._write((*self.all(), entry))

    def forget(self, key: str) -> None:
        """Take out what is about this key: it is gone."""
        kept = tuple(entry for entry in self.all() if key not in (entry.old, entry.new))
        if kept != self.all():
            self._write(kept)

    def _write(self, entries: tuple[Unfinished, ...]) -> None:
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_private(self.path, json.dumps([asdict(entry) for entry in entries], indent=1))
        except OSError as error:
            why = f"cannot be written: {error.strerror}"
            raise ConfigError(str(self.path), why, "make its folder writable") from error
