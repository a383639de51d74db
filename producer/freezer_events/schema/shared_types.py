"""Types in files of their own, `common/<type>/vN.avsc`, which events use by their full name.

They are versioned and locked as events are. `uses` in event.toml says which version an event's next
release is made with; the lock of the event remembers it for those that are released.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from freezer_events.avro.parse import Document, load, read_text
from freezer_events.avro.parse.types import EnumType, Fixed, RecordType
from freezer_events.config.atomic import read_or_none
from freezer_events.errors import SchemaError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from freezer_events.avro.parse import Schema

COMMON: Final = "common"  # the folder of shared types, beside those of events
VERSION_FILE: Final = re.compile(r"v([1-9][0-9]*)\.avsc")


@dataclass(frozen=True)
class SharedType:
    """A named type in a folder of its own.

    Attributes:
        folder: where it is; its name is for people.
        full: the type's full name, by which events use it.
        versions: version number to the path of its `.avsc`, ascending.

    """

    folder: Path
    full: str
    versions: Mapping[int, Path]

    @property
    def name(self) -> str:
        """The folder as findings name it: "common/device"."""
        return f"{COMMON}/{self.folder.name}"

    def schema(self, version: int) -> Schema:
        """Return one version's schema.

        Raises:
            SchemaError: there is no such version, or it is no valid schema of a named type.

        """
        path = self.versions.get(version)
        if path is None:
            known = ", ".join(map(str, self.versions))
            why = f"{self.folder / f'v{version}.avsc'} does not exist"
            raise SchemaError(f"version {version} of {self.full}", why, f"versions: {known}")
        return load(path)

    def text(self, version: int) -> str:
        """Return the text of one version, valid or not."""
        return read_text(self.versions[version])


def shared_types(root: Path) -> Mapping[str, SharedType]:
    """Return the shared types of a schemas folder by full name; the latest version names the type.

    A folder whose latest version names none is left out: `check` says what is wrong with it.
    """
    found = {}
    for folder in shared_folders(root):
        versions = version_files(folder)
        full = _full_name(versions[max(versions)]) if versions else None
        if full is not None:
            found[full] = SharedType(folder, full, versions)
    return found


def shared_folders(root: Path) -> list[Path]:
    """Return the folders of shared types, in the order of their names."""
    common = root / COMMON
    if not common.is_dir() or (common / "event.toml").exists():
        return []
    return sorted(each for each in common.iterdir() if each.is_dir() and each.name[0] != ".")


def version_files(folder: Path) -> Mapping[int, Path]:
    """Return the versions in a folder, number to file, ascending."""
    found = ((VERSION_FILE.fullmatch(path.name), path) for path in folder.iterdir())
    return dict(sorted((int(match[1]), path) for match, path in found if match))


def documents(root: Path, uses: Mapping[str, int]) -> Mapping[str, Document]:
    """Return the texts of the shared types that are used, by full name.

    Raises:
        SchemaError: a type is not there, or not in that version.

    """
    known = shared_types(root) if uses else {}
    found = {}
    for full, version in uses.items():
        if full not in known:
            listed = ", ".join(known) or "none"
            why = f"is no shared type in {root / COMMON}"
            raise SchemaError(full, why, f"shared types: {listed}")
        found[full] = known[full].schema(version).document
    return found


def pinned(lock: Path) -> Mapping[int, Mapping[str, int]]:
    """Return which versions of shared types the released versions of an event were made with.

    A damaged lock says nothing here: `check` says what is wrong with it.
    """
    try:
        table = tomllib.loads(read_or_none(lock) or "")
    except tomllib.TOMLDecodeError:
        return {}
    return {
        int(number): dict(entry.get("uses", {}))
        for number, entry in table.items()
        if number.isdigit() and isinstance(entry, dict)
    }


def _full_name(path: Path) -> str | None:
    try:
        root = load(path).root
    except SchemaError:
        return None
    return root.name.full if isinstance(root, RecordType | EnumType | Fixed) else None
