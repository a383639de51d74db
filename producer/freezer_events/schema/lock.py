"""The lock: what every released version looked like, so that it can be seen never to change."""

from __future__ import annotations

import difflib
import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Self

from freezer_events.config.toml_table import Table
from freezer_events.errors import ConfigError, SchemaError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from freezer_events.avro.parse import Schema
    from freezer_events.schema.catalogue import EventSpec

NAME: Final = "schemas.lock"
_RESTORE: Final = "restore it from version control"
_HEADER: Final = """\
# Written by `freezer schema release`; do not edit. A released version never changes.
# sha256 is of the file's text as UTF-8 with plain newlines, fingerprint is CRC-64-AVRO of the
# canonical form, schema is the text itself on one line, so that a change can be shown.
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One released version.

    Attributes:
        sha256: of the file's text as UTF-8, lines ended by a newline alone, in hex.
        fingerprint: CRC-64-AVRO of the parsing canonical form, in hex.
        schema: the schema as JSON on one line.

    """

    sha256: str
    fingerprint: str
    schema: str

    @classmethod
    def of(cls, schema: Schema) -> Self:
        """Make the entry for a version's schema."""
        return cls(_sha256(schema.text), schema.fingerprint, json.dumps(schema.parsed))


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
            found = {
                (event, int(number)): Entry(**fields)
                for event, versions in Table.read(path).values.items()
                for number, fields in versions.items()
            }
        except ConfigError as error:
            raise SchemaError(str(path), error.why, _RESTORE) from error
        except (TypeError, ValueError, AttributeError) as error:
            raise SchemaError(str(path), f"is damaged: {error}", _RESTORE) from error
        for (event, version), entry in found.items():
            if not all(isinstance(getattr(entry, each), str) for each in Entry.__slots__):
                why = f"is damaged: the entry of {event} v{version} holds something else than texts"
                raise SchemaError(str(path), why, _RESTORE)
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
        now = {version: _text(event, version) for version in event.versions}
        for version in self.released(event.name):
            entry = self.entries[event.name, version]
            text = now.get(version)
            if text is not None and _sha256(text) == entry.sha256:
                continue
            moved = [v for v, other in now.items() if other and _sha256(other) == entry.sha256]
            if moved:
                why = f"is now v{moved[0]}.avsc; versions are never renumbered"
            elif text is None:
                gone = "gone" if version not in event.versions else "cannot be read"
                why = f"is released and {gone}; it was:\n{_pretty(entry.schema)}"
            else:
                why = f"is released and changed:\n{diff(entry.schema, text, f'v{version}.avsc')}"
            found.append((version, why))
        return found


def _text(event: EventSpec, version: int) -> str | None:
    try:
        return event.text(version)
    except SchemaError:
        return None


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


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
