"""Schema ids that a registry has given before, kept on this machine for when it is out of reach.

An id never changes once it is given, so a producer that restarts while its registry is out of reach
needs to ask for nothing that it knows.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
from typing import TYPE_CHECKING, Any, Final

from freezer_events.config.atomic import read_or_none, write_private
from freezer_events.config.state_folder import state_folder
from freezer_events.errors import UnreachableError
from freezer_events.registry.client import Registry
from freezer_events.registry.in_memory import IN_PROCESS
from freezer_events.registry.registered import canonical

if TYPE_CHECKING:
    from pathlib import Path

_MOST: Final = 200  # ids kept for one registry; the oldest go first

_log = logging.getLogger("freezer_events.registry")


class RememberingRegistry(Registry):
    """A registry whose ids are remembered, for the time when it is out of reach."""

    def schema_id(self, subject: str, text: str) -> int:
        """Return the id of this exact schema; a known one if the registry does not answer.

        Raises:
            NotRegistered: the subject is missing, or has no such version.
            UnreachableError: the registry does not answer, and has not told this id before.

        """
        name = _name(subject, text)
        try:
            found = super().schema_id(subject, text)
        except UnreachableError as error:
            known = _read(_path()).get(self.address, {}).get(name)
            if not isinstance(known, int):
                raise
            _log.warning("%s; going on with schema id %d, which it gave before", error.why, known)
            return known
        if self.address.startswith("http") and IN_PROCESS not in self.address:
            with contextlib.suppress(OSError):  # a home that is read-only, or full
                _remember(_path(), self.address, name, found)
        return found


def _path() -> Path:
    return state_folder() / "schema-ids.json"


def _name(subject: str, text: str) -> str:
    return f"{subject} {hashlib.sha256(canonical(text).encode()).hexdigest()}"


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(read_or_none(path) or "{}")
    except ValueError:
        return {}  # damaged: it is asked for again, and written anew
    return found if isinstance(found, dict) else {}


def _remember(path: Path, address: str, name: str, schema_id: int) -> None:
    known = _read(path)
    ids = known.setdefault(address, {})
    if ids.get(name) != schema_id:
        ids.pop(name, None)
        known[address] = dict([*ids.items(), (name, schema_id)][-_MOST:])
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(path, json.dumps(known, indent=1))
