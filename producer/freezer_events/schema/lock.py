"""The lock of an event: what each released version looked like, so that it never changes unseen.

Every event has its own, `lock` in its folder, so that two people conflict only where both release
the same event. Projects made before had one `schemas.lock` for all; it is read where an event has
no lock of its own, and a release converts it.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Self

from freezer_events.avro.parse.document import indented
from freezer_events.config.atomic import read_or_none
from freezer_events.config.merge_marker import merge_marker
from freezer_events.errors import SchemaError
from freezer_events.schema.catalogue import LOCK, OLD_LOCK

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from freezer_events.avro.parse import Schema
    from freezer_events.schema.catalogue import EventSpec
    from freezer_events.schema.shared_types import SharedType

_RESTORE: Final = "restore it from version control"
_SEPARATOR: Final = "======="  # between the sides of a merge conflict; no line of ours
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
        schema: the schema as JSON on one line, whole.
        uses: full name of a shared type to the version that it was released with.

    """

    sha256: str
    fingerprint: str
    schema: str
    uses: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, schema: Schema, uses: Mapping[str, int] | None = None) -> Self:
        """Make the entry for a version's schema, and the shared types that it uses."""
        text = json.dumps(schema.parsed)
        return cls(_sha256(schema.text), schema.fingerprint, text, dict(uses or {}))


@dataclass(frozen=True, slots=True)
class Lock:
    """The released versions of one event, by number."""

    entries: Mapping[int, Entry] = field(default_factory=dict)

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read an event's lock, else its part of the old one; without any, nothing is released.

        Raises:
            SchemaError: the file is damaged, or holds merge markers.

        """
        path = folder / LOCK
        if path.exists():
            return cls.parse(_text_of(path), str(path))
        return cls(dict(old_entries(folder.parent).get(folder.name, {})))

    @classmethod
    def parse(cls, text: str, where: str) -> Self:
        """Read the text of a lock; `where` is what errors call it.

        Raises:
            SchemaError: it is damaged, or holds merge markers.

        """
        return cls(_entries(_values(text, where), where))

    def with_entry(self, version: int, entry: Entry) -> Lock:
        """Return the lock with one more release."""
        return Lock({**self.entries, version: entry})

    def text(self) -> str:
        """Return the file's text; versions in order."""
        blocks = [_HEADER]
        for version, entry in sorted(self.entries.items()):
            blocks.append(
                f"[{version}]\n"
                f'sha256 = "{entry.sha256}"\n'
                f'fingerprint = "{entry.fingerprint}"\n'
                f"schema = {_toml_string(entry.schema)}\n"
                f"{_uses(entry.uses)}"
            )
        return "\n".join(blocks)

    @property
    def released(self) -> list[int]:
        """The released version numbers, ascending."""
        return sorted(self.entries)

    def violations(self, event: EventSpec | SharedType) -> list[tuple[int, str]]:
        """Return version and reason for every released version that is not as it was."""
        found = []
        now = {version: _text(event, version) for version in event.versions}
        for version in self.released:
            entry = self.entries[version]
            text = now.get(version)
            if text is not None and _sha256(text) == entry.sha256:
                continue
            moved = [v for v, other in now.items() if other and _sha256(other) == entry.sha256]
            if moved:
                why = f"is now v{moved[0]}.avsc; versions are never renumbered"
            elif text is None:
                gone = "gone" if version not in event.versions else "cannot be read"
                why = f"is released and {gone}; it was:\n{indented(entry.schema)}"
            else:
                why = f"is released and changed:\n{diff(entry.schema, text, f'v{version}.avsc')}"
            found.append((version, why))
        return found


def old_entries(root: Path) -> Mapping[str, Mapping[int, Entry]]:
    """Return what the old lock of all events says, by event; nothing where there is none.

    Raises:
        SchemaError: the file is damaged, or holds merge markers.

    """
    path = root / OLD_LOCK
    return parse_old(_text_of(path), str(path)) if path.exists() else {}


def parse_old(text: str, where: str) -> Mapping[str, Mapping[int, Entry]]:
    """Read the text of an old lock of all events; as `old_entries`."""
    return {event: _entries(table, where) for event, table in _values(text, where).items()}


def _text_of(path: Path) -> str:
    text = read_or_none(path)
    if text is None:
        raise SchemaError(str(path), "is damaged: it cannot be read as UTF-8", _RESTORE)
    return text


def _values(text: str, where: str) -> dict[str, Any]:
    refuse_markers(text, where)
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SchemaError(where, f"is damaged: it is not TOML: {error}", _RESTORE) from error


def refuse_markers(text: str, where: str) -> None:
    """Refuse a file that a merge has left with both sides in it.

    Raises:
        SchemaError: names the line, and the way out.

    """
    lines = text.splitlines()
    separator = lines.index(_SEPARATOR) + 1 if _SEPARATOR in lines else 0
    found = [number for number in (merge_marker(text), separator) if number]
    if found:
        raise SchemaError(
            f"{where}:{min(found)}",
            "holds the markers of a merge conflict",
            "two branches released the same version: take the file of the branch that is "
            "merged already (git checkout --theirs or --ours), give your .avsc the next "
            "number, and run: freezer schema release",
        )


def _entries(table: Any, where: str) -> dict[int, Entry]:
    try:
        found = {int(number): Entry(**fields) for number, fields in table.items()}
    except (TypeError, ValueError, AttributeError) as error:
        raise SchemaError(where, f"is damaged: {error}", _RESTORE) from error
    for version, entry in found.items():
        texts = (entry.sha256, entry.fingerprint, entry.schema)
        if not all(isinstance(each, str) for each in texts) or not isinstance(entry.uses, dict):
            why = f"is damaged: the entry of v{version} holds something else than texts"
            raise SchemaError(where, why, _RESTORE)
    return found


def _text(event: EventSpec | SharedType, version: int) -> str | None:
    try:
        return event.text(version)
    except SchemaError:
        return None


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def diff(released: str, now: str, name: str) -> str:
    """Show how a version's text differs from the released one, as a unified diff of the JSON."""
    lines = difflib.unified_diff(
        indented(released).splitlines(),
        indented(now).splitlines(),
        f"{name} (released)",
        f"{name} (now)",
        lineterm="",
        n=2,
    )
    return "\n".join(lines) or "only white space differs"


def _uses(uses: Mapping[str, int]) -> str:
    inside = ", ".join(f"{_toml_string(name)} = {number}" for name, number in uses.items())
    return f"uses = {{ {inside} }}\n" if inside else ""


def _toml_string(value: Any) -> str:
    # JSON's escapes are TOML's, but for the DEL character, which JSON leaves as it is.
    return json.dumps(value).replace("\x7f", "\\u007f")
