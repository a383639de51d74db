"""The catalogue: which events there are, their versions, and what each `event.toml` declares."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from freezer_events.avro.parse import Schema, load, read_text
from freezer_events.config.merge_marker import merge_marker
from freezer_events.config.project import Project, upwards
from freezer_events.config.toml_table import Table
from freezer_events.errors import ConfigError, SchemaError, UsageError
from freezer_events.event import default_event
from freezer_events.schema.levels import Level

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freezer_events.event import Fill

EVENT_NAME: Final = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
LOCK: Final = "lock"  # in the folder of an event: what was released of it
PROFILES: Final = "profiles"  # there too: how exports of it are written
OLD_LOCK: Final = "schemas.lock"  # one for all events, as it was before
_PACKAGE: Final = Path(__file__).resolve().parent.parent

_VERSION_FILE: Final = re.compile(r"v([1-9][0-9]*)\.avsc")
_KEYS: Final = ("topic", "partitions", "key", "compatibility", "version", "fill")
_ABOUT: Final = ("owner", "contact", "pii", "suppress")
_FILLS: Final = ("now", "uuid", "count")
_OF_FIELDS: Final = re.compile(r"uuid5:[A-Za-z_]\w*(,[A-Za-z_]\w*)*", re.ASCII)


@dataclass(frozen=True)
class EventSpec:
    """One event's folder: what `event.toml` says, and the versions beside it.

    Attributes:
        name: the folder's name ("freezer-reading").
        folder: where it is.
        topic: the topic that event.toml names; `Settings.topic_for` says where messages go.
        partitions: how many partitions that topic is to have.
        key: the field that becomes the message key, or None.
        level: the compatibility level that its subject promises.
        version: the version that producers write.
        fill: field to the way a producer supplies it: now, uuid, count, `uuid5:FIELD,FIELD`.
        owner: who answers for it, or None.
        contact: how to reach them, or None.
        pii: the fields that say something of a person.
        suppress: rule of `review.lint` to the reason why it does not hold here.
        versions: version number to the path of its `.avsc`, ascending.
        default: whether it is meant where no event is named.

    """

    name: str
    folder: Path
    topic: str
    partitions: int
    key: str | None
    level: Level
    version: int
    fill: Mapping[str, Fill] = field(default_factory=dict)
    owner: str | None = None
    contact: str | None = None
    pii: tuple[str, ...] = ()
    suppress: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[int, Path] = field(default_factory=dict)
    default: bool = False
    _parsed: dict[int, Schema] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def read(cls, folder: Path, *, default: bool = False) -> Self:
        """Read one event's folder.

        Raises:
            ConfigError: `event.toml` is missing or wrong; names file, line and key.

        """
        toml = Table.read(folder / "event.toml")
        toml.only(*_KEYS, *_ABOUT)
        if not EVENT_NAME.fullmatch(folder.name):
            why = f"{folder.name!r} is no event name: small letters, digits and single dashes"
            raise ConfigError(str(folder), why, "rename the folder")
        toml.need("partitions", int)
        return cls(
            name=folder.name,
            folder=folder,
            topic=toml.need("topic", str),
            partitions=toml.count("partitions") or 1,
            key=toml.get("key", str),
            level=Level[toml.one_of("compatibility", list(Level.__members__))],
            version=toml.need("version", int),
            fill=_fill(toml.table("fill")),
            owner=toml.get("owner", str),
            contact=toml.get("contact", str),
            pii=tuple(_texts(toml, "pii")),
            suppress=_suppress(toml.table("suppress")),
            versions=_versions(folder),
            default=default,
        )

    @property
    def latest(self) -> int:
        """The highest version number; 0 where there is none."""
        return max(self.versions, default=0)

    @property
    def toml(self) -> Path:
        """The file that declares it."""
        return self.folder / "event.toml"

    def path(self, version: int) -> Path:
        """Return the file of one version.

        Raises:
            SchemaError: there is no such version.

        """
        path = self.versions.get(version)
        if path is None:
            raise SchemaError(
                f"version {version} of event {self.name!r}",
                f"{self.folder / f'v{version}.avsc'} does not exist",
                f"versions there are: {', '.join(map(str, self.versions)) or 'none'}",
            )
        return path

    def text(self, version: int) -> str:
        """Return the text of one version's schema, valid or not.

        Raises:
            SchemaError: there is no such version, or its file cannot be read as UTF-8.

        """
        return read_text(self.path(version))

    def schema(self, version: int) -> Schema:
        """Return one version's schema, parsed once.

        Raises:
            SchemaError: there is no such version, or it is no valid schema.

        """
        if version not in self._parsed:
            line = merge_marker(self.text(version))
            if line:
                where = f"{self.path(version)}:{line}"
                raise SchemaError(where, "has merge markers", "resolve the conflict")
            self._parsed[version] = load(self.path(version))
        return self._parsed[version]


@dataclass(frozen=True)
class Catalogue:
    """All events of one `schemas/` folder, read when first asked for.

    Attributes:
        root: the folder.
        into: the package folder of the generated events, where one is named.
        borrowed: there are no schemas of one's own, and these are the package's.

    """

    root: Path
    into: Path | None = None
    borrowed: bool = False

    @classmethod
    def find(cls, schemas: Path | None = None, into: Path | None = None) -> Self:
        """Find the events: in the argument, pyproject.toml's folder, `schemas`, the package.

        A folder of one's own is never passed over for the package's: without events it is an error.

        Raises:
            ConfigError: the folder that was named is not there, or nothing in it is an event.

        """
        found = cls.at(schemas, into)
        begin = (
            f"begin an event: freezer schema new EVENT{f' --schemas {schemas}' if schemas else ''}"
        )
        if not found.root.is_dir():
            why = "is no directory" if found.root.exists() else "is not there"
            raise ConfigError(f"the schemas folder {found.root}", why, begin)
        # Where events were released and are gone, the lock remembers them, and `check` says so.
        if not found.folders and not _released_once(found.root):
            why = "holds no event: a folder with an event.toml"
            raise ConfigError(f"the schemas folder {found.root}", why, begin)
        return found

    @classmethod
    def at(cls, schemas: Path | None = None, into: Path | None = None) -> Self:
        """Find them as `find` does, but let the folder be one that is still to be made."""
        project = Project.find()
        own = project.schemas or upwards("schemas")
        # The project's package holds the events of the project's schemas, and of no others.
        if schemas is None or (own is not None and schemas.resolve() == own.resolve()):
            schemas, into = schemas or own, into or project.into
        return cls(schemas, into) if schemas else cls(packaged(), into, borrowed=True)

    @property
    def notice(self) -> str:
        """What a command says, once, about events that are not the project's; else ""."""
        if not self.borrowed:
            return ""
        names = ", ".join(self.events)
        return f"no schemas/ here; using the event that comes with the package: {names}"

    @property
    def folders(self) -> list[Path]:
        """The folders that declare an event, in the order of their names."""
        there = self.root.iterdir() if self.root.is_dir() else ()
        return sorted(path for path in there if (path / "event.toml").exists())

    @cached_property
    def events(self) -> Mapping[str, EventSpec]:
        """Every event by name, in the order of their names.

        Raises:
            ConfigError: an `event.toml` is wrong.

        """
        for error in self.broken.values():
            raise error
        return self._read[0]

    @property
    def readable(self) -> Mapping[str, EventSpec]:
        """The events whose `event.toml` is well, whatever is wrong with others."""
        return self._read[0]

    @property
    def broken(self) -> Mapping[str, ConfigError]:
        """What is wrong with the `event.toml` of others, by event."""
        return self._read[1]

    @cached_property
    def _read(self) -> tuple[dict[str, EventSpec], dict[str, ConfigError]]:
        default = default_event([folder.name for folder in self.folders])
        well, broken = {}, {}
        for folder in self.folders:
            try:
                well[folder.name] = EventSpec.read(folder, default=folder.name == default)
            except ConfigError as error:
                broken[folder.name] = error
        return well, broken

    @property
    def default(self) -> str | None:
        """The event that is meant where none is named; None where nobody can tell."""
        return default_event([folder.name for folder in self.folders])

    def event(self, name: str | None = None) -> EventSpec:
        """Return the named event; without a name the only one, or freezer-reading.

        Raises:
            UsageError: there is no such event; lists those there are.
            ConfigError: its `event.toml` is wrong; another event's does not matter.

        """
        name = name or self.default
        if name is not None and name in self.broken:
            raise self.broken[name]
        found = self.readable.get(name or "")
        if found is not None:
            return found
        listed = ", ".join(self.events) or "none"
        if name is None:
            why = f"{self.root} holds several, and none is named"
            raise UsageError("choose an event", why, f"name one of them: {listed}")
        why = f"is not in {self.root}"
        if (self.root / name).is_dir():
            why = f"{self.root / name} has no event.toml"
        raise UsageError(f"event {name!r}", why, f"events: {listed}")


def _released_once(root: Path) -> bool:
    """Whether some event was released here, be its declaration there or not."""
    return (root / OLD_LOCK).exists() or any(root.glob(f"*/{LOCK}"))


def packaged() -> Path:
    """Return the schemas that travel inside the package; in a checkout, those beside it."""
    inside = _PACKAGE / "_schemas"
    return inside if inside.is_dir() else _PACKAGE.parents[1] / "schemas"


def _fill(table: Table) -> Mapping[str, Fill]:
    return {name: _way(table, name) for name in table.values}


def _way(table: Table, name: str) -> Fill:
    way = table.need(name, str)
    if _OF_FIELDS.fullmatch(way):
        return way
    return table.one_of(name, (*_FILLS, "uuid5:FIELD,FIELD"))


def _texts(toml: Table, key: str) -> list[str]:
    found: list[object] = toml.get(key, list) or []
    if not all(isinstance(each, str) for each in found):
        raise toml.error("is no list of field names", key)
    return [str(each) for each in found]


def _suppress(table: Table) -> Mapping[str, str]:
    found = {rule: table.need(rule, str) for rule in table.values}
    for rule, reason in found.items():
        if not reason.strip():
            raise table.error("says no reason", rule)
    return found


def _versions(folder: Path) -> Mapping[int, Path]:
    found = ((_VERSION_FILE.fullmatch(path.name), path) for path in folder.iterdir())
    return dict(sorted((int(match[1]), path) for match, path in found if match))
