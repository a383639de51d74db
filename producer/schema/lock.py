"""The lock: what every released version looked like, so that it can be seen never to change."""

from __future__ import annotations

import difflib
import hashlib
import json
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Self

from producer.errors import SchemaError
from producer.schema.atomic import read_or_none

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from producer.schema.catalogue import EventSpec

NAME: Final = "schemas.lock"
_HEADER: Final = """\
# Written by `freezer schema release`; do not edit. A released version never changes:
# sha256 is of the file's bytes, fingerprint is CRC-64-AVRO of the canonical form, schema is the
# text itself, on one line, so that a change can be shown.
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One released version.

    Attributes:
        sha256: of the file's bytes, in hex.
        fingerprint: CRC-64-AVRO of the parsing canonical form, in hex.
        schema: the schema as JSON on one line.

    """

    sha256: str
    fingerprint: str
    schema: str

    @classmethod
    def of(cls, text: str, fingerprint: str) -> Self:
        """Make the entry for a version's text."""
        return cls(
            hashlib.sha256(text.encode()).hexdigest(), fingerprint, json.dumps(json.loads(text))
        )


@dataclass(frozen=True, slots=True)
class Lock:
    """All released versions, by event name and version number."""

    entries: Mapping[tuple[str, int], Entry]

    @classmethod
    def read(cls, root: Path) -> Self:
        """Read `schemas.lock`; without one, nothing is released.

        Raises:
            SchemaError: the file is damaged.

        """
        path = root / NAME
        if not path.exists():
            return cls({})
        try:
            table = tomllib.loads(read_or_none(path) or "!")
            found = {
                (event, int(number)): Entry(**fields)
                for event, versions in table.items()
                for number, fields in versions.items()
            }
        except (tomllib.TOMLDecodeError, TypeError, ValueError, AttributeError) as error:
            raise SchemaError(
                str(path), f"is damaged: {error}", "restore it from version control"
            ) from error
        return cls(found)

    def with_entry(self, event: str, version: int, entry: Entry) -> Lock:
        """Return the lock with one more release."""
        return Lock({**self.entries, (event, version): entry})

    def text(self) -> str:
        """Return the file's text; events and versions in order."""
        blocks = [_HEADER]
        for (event, version), entry in sorted(self.entries.items()):
            blocks.append(
                f'["{event}".{version}]\n'
                f'sha256 = "{entry.sha256}"\n'
                f'fingerprint = "{entry.fingerprint}"\n'
                f"schema = {_toml_string(entry.schema)}\n"
            )
        return "\n".join(blocks)

    def released(self, event: str) -> list[int]:
        """Return the released version numbers of an event, ascending."""
        return sorted(version for name, version in self.entries if name == event)

    def violations(self, event: EventSpec) -> list[tuple[int, str]]:
        """Return version and reason for every released version that is not as it was."""
        found = []
        for version in self.released(event.name):
            entry = self.entries[event.name, version]
            if version not in event.versions:
                moved = self._elsewhere(event, entry)
                found.append((version, f"v{version}.avsc is released and gone{moved}"))
            elif hashlib.sha256(event.text(version).encode()).hexdigest() != entry.sha256:
                difference = diff(entry.schema, event.text(version), f"v{version}.avsc")
                found.append((version, f"v{version}.avsc is released and changed:\n{difference}"))
        return found

    @staticmethod
    def _elsewhere(event: EventSpec, entry: Entry) -> str:
        for version in event.versions:
            if hashlib.sha256(event.text(version).encode()).hexdigest() == entry.sha256:
                return f": it is now v{version}.avsc; versions are never renumbered"
        return f"; it was:\n{_pretty(entry.schema)}"


def diff(released: str, now: str, name: str) -> str:
    """Show how a version's text differs from the released one, as a unified diff of the JSON."""
    lines = difflib.unified_diff(
        _pretty(released).splitlines(),
        _pretty(now).splitlines(),
        f"{name} (released)",
        f"{name} (now)",
        lineterm="",
        n=2,
    )
    return "\n".join(lines) or "only white space differs"


def _pretty(text: str) -> str:
    try:
        return json.dumps(json.loads(text), indent=2)
    except ValueError:
        return text


def _toml_string(value: Any) -> str:
    # JSON's escapes are TOML's, but for the DEL character, which JSON leaves as it is.
    return json.dumps(value).replace("\x7f", "\\u007f")
