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
from freezer_events.schema.shared_types import documents, pinned, version_files

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freezer_events.event import Fill

# Files are called by it, and have a beginning and an end while they are written: 255 bytes in all.
EVENT_NAME: Final = re.compile(r"(?=.{1,200}\Z)[a-z][a-z0-9]*(-[a-z0-9]+)*")
NO_EVENT_NAME: Final = "is no event name: up to 200 small letters, digits and single dashes"
LOCK: Final = "lock"  # in the folder of an event: what was released of it
PROFILES: Final = "profiles"  # there too: how exports of it are written
OLD_LOCK: Final = "schemas.lock"  # one for all events, as it was before
_PACKAGE: Final = Path(__file__).resolve().parent.parent

_KEYS: Final = ("topic", "partitions", "key", "compatibility", "version", "fill", "uses")
_HEADERS: Final = ("cloudevents", "traceparent")
_ABOUT: Final = ("owner", "contact", "pii", "suppress", "opt_in")
_FILLS: Final = ("now", "uuid", "count")
_OF_FIELDS: Final = re.compile(r"uuid5:[A-Za-z_]\w*(,[A-Za-z_]\w*)*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Suppression:
    """A rule of `review.lint` that does not hold: for one field, or for all ("")."""

    rule: str
    field: str
    reason: str

    @property
    def path(self) -> tuple[str, ...]:
        """Where it stands in `event.toml`."""
        return ("suppress", self.rule, *([self.field] if self.field else []))


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
        headers: what every message carries: see `EventType.headers`.
        owner: who answers for it, or None.
        contact: how to reach them, or None.
        pii: the fields that say something of a person.
        uses: full name of a shared type to the version that the next release is made with.
        suppress: rules of `review.lint`, and codes of breaks that depend on the data, that do not
            hold here, and why.
        opt_in: its topic is made only where infra/topics.toml names the event.
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
    headers: Mapping[str, str] = field(default_factory=dict)
    owner: str | None = None
    contact: str | None = None
    pii: tuple[str, ...] = ()
    uses: Mapping[str, int] = field(default_factory=dict)
    suppress: tuple[Suppression, ...] = ()
    opt_in: bool = False
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
        toml.only(*_KEYS, *_HEADERS, *_ABOUT)
        if not EVENT_NAME.fullmatch(folder.name):
            raise ConfigError(str(folder), f"{folder.name!r} {NO_EVENT_NAME}", "rename the folder")
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
            headers=_headers(toml),
            owner=toml.get("owner", str),
            contact=toml.get("contact", str),
            pii=tuple(_texts(toml, "pii")),
            uses=_uses(toml.table("uses")),
            suppress=_suppress(toml.table("suppress")),
            opt_in=toml.flag("opt_in"),
            versions=version_files(folder),
            default=default,
        )

    @property
    def latest(self) -> int:
        """The highest version number; 0 where there is none."""
        return max(self.versions, default=0)

    @property
    def accepted(self) -> frozenset[str]:
        """What is suppressed as a whole: among it the codes of breaks that the data never meets."""
        return frozenset(each.rule for each in self.suppress if not each.field)

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
            path = self.path(version)
            others = documents(path, self.folder.parent, self.pins(version))
            self._parsed[version] = load(path, others)
        return self._parsed[version]

    def pins(self, version: int) -> Mapping[str, int]:
        """Return the versions of shared types that a version may use: those of its release."""
        return pinned(self.folder / LOCK).get(version, self.uses)

    def uses_of(self, version: int) -> Mapping[str, int]:
        """Return the shared types that a version does use, full name to version.

        Raises:
            SchemaError: there is no such version, or it is no valid schema.

        """
        pins = self.pins(version)
        return {name: pins[name] for name in self.schema(version).uses}


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
        names = self.default or ", ".join(self.readable)
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
        listed = ", ".join(self.readable) or "none"
        if name is None:
            why = f"{self.root} holds several, and none is named"
            raise UsageError("choose an event", why, f"name one of them: {listed}")
        why = f"is not in {self.root}"
        # A name that is too long for a folder is an error of the system, where it is looked for.
        if EVENT_NAME.fullmatch(name) and (self.root / name).is_dir():
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


def _headers(toml: Table) -> Mapping[str, str]:
    found = {}
    source = toml.get("cloudevents", str)
    if source is not None:
        # CloudEvents 1.0: a non-empty URI reference; a header's text must not break a line.
        if not source or not source.isascii() or not source.isprintable() or " " in source:
            raise toml.error("is no source: write a URI such as /freezers/berlin", "cloudevents")
        found["cloudevents"] = source
    if toml.get("traceparent", bool):
        found["traceparent"] = ""
    return found


def _texts(toml: Table, key: str) -> list[str]:
    found: list[object] = toml.get(key, list) or []
    if not all(isinstance(each, str) for each in found):
        raise toml.error("is no list of field names", key)
    return [str(each) for each in found]


def _uses(table: Table) -> Mapping[str, int]:
    return {name: table.need(name, int) for name in table.values}


def _suppress(table: Table) -> tuple[Suppression, ...]:
    """Read `rule = "why"`, and `rule.field = "why"` for one field."""
    found: list[Suppression] = []
    for rule, given in table.values.items():
        fields = table.table(rule) if isinstance(given, dict) else None
        holder, names = (table, [rule]) if fields is None else (fields, list(fields.values))
        for name in names:
            reason = holder.need(name, str)
            if not reason.strip():
                raise holder.error("says no reason", name)
            found.append(Suppression(rule, "" if fields is None else name, reason))
    return tuple(found)
