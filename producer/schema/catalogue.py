"""The catalogue: which events there are, their versions, and what each `event.toml` declares."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self, cast

from producer.errors import ConfigError, SchemaError, UsageError
from producer.schema.levels import Level
from producer.schema.toml_file import TomlFile

if TYPE_CHECKING:
    from collections.abc import Mapping

    from producer.event import Fill

DEFAULT_EVENT: Final = "freezer-reading"
EVENT_NAME: Final = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_PACKAGE: Final = Path(__file__).resolve().parent.parent

_VERSION_FILE: Final = re.compile(r"v([1-9][0-9]*)\.avsc")
_KEYS: Final = ("topic", "partitions", "key", "compatibility", "version", "fill")
_FILLS: Final = ("now", "uuid", "count")


@dataclass(frozen=True)
class EventSpec:
    """One event's folder: what `event.toml` says, and the versions beside it.

    Attributes:
        name: the folder's name ("freezer-reading").
        folder: where it is.
        topic: the topic that its messages go to, unless the setting TOPIC overrides it.
        partitions: how many partitions that topic is to have.
        key: the field that becomes the message key, or None.
        level: the compatibility level that its subject promises.
        version: the version that producers write.
        fill: field to the way a producer supplies it: now, uuid, count.
        versions: version number to the path of its `.avsc`, ascending.

    """

    name: str
    folder: Path
    topic: str
    partitions: int
    key: str | None
    level: Level
    version: int
    fill: Mapping[str, Fill] = field(default_factory=dict)
    versions: Mapping[int, Path] = field(default_factory=dict)

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read one event's folder.

        Raises:
            ConfigError: `event.toml` is missing or wrong; names file, line and key.

        """
        toml = TomlFile.read(folder / "event.toml")
        toml.only(_KEYS)
        partitions = toml.need("partitions", int)
        if partitions < 1:
            raise toml.error("partitions", f"{partitions} is less than 1")
        return cls(
            name=folder.name,
            folder=folder,
            topic=toml.need("topic", str),
            partitions=partitions,
            key=toml.get("key", str),
            level=_level(toml),
            version=toml.need("version", int),
            fill=_fill(toml),
            versions=_versions(folder),
        )

    @property
    def latest(self) -> int:
        """The highest version number; 0 where there is none."""
        return max(self.versions, default=0)

    @property
    def module(self) -> str:
        """The name of the generated module ("freezer_reading")."""
        return self.name.replace("-", "_")

    def text(self, version: int) -> str:
        """Return the text of one version's schema.

        Raises:
            SchemaError: there is no such version, or its file cannot be read as UTF-8.

        """
        path = self.versions.get(version)
        if path is None:
            raise SchemaError(
                f"version {version} of event {self.name!r}",
                f"{self.folder / f'v{version}.avsc'} does not exist",
                f"versions there are: {', '.join(map(str, self.versions)) or 'none'}",
            )
        try:
            return path.read_text(encoding="utf-8")
        except OSError as error:
            raise SchemaError(str(path), f"cannot be read: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise SchemaError(str(path), "is not UTF-8 text") from error


@dataclass(frozen=True)
class Catalogue:
    """All events of one `schemas/` folder, read when first asked for."""

    root: Path
    into: Path | None = None

    @classmethod
    def find(cls, schemas: Path | None = None, into: Path | None = None) -> Self:
        """Find the schemas: the argument, `pyproject.toml`, `./schemas`, those in the package.

        Raises:
            ConfigError: the folder that was named is not there.

        """
        if schemas is None:
            pyproject_schemas, pyproject_into = _from_pyproject()
            schemas = pyproject_schemas
            into = into or pyproject_into
        if schemas is None:
            here = Path("schemas")
            schemas = here if here.is_dir() else packaged()
        if not schemas.is_dir():
            raise ConfigError("the schemas folder", f"{schemas} is no directory", "see --schemas")
        return cls(schemas, into)

    @cached_property
    def events(self) -> Mapping[str, EventSpec]:
        """Every event by name, in the order of their names."""
        folders = sorted(p for p in self.root.iterdir() if (p / "event.toml").exists())
        return {folder.name: EventSpec.read(folder) for folder in folders}

    @property
    def default(self) -> str:
        """The event that is meant where none is named: the only one, or freezer-reading."""
        return next(iter(self.events)) if len(self.events) == 1 else DEFAULT_EVENT

    def event(self, name: str | None = None) -> EventSpec:
        """Return the named event; without a name the only one, or freezer-reading.

        Raises:
            UsageError: there is no such event; lists those there are.

        """
        events = self.events
        if name is None:
            name = self.default
        if name not in events:
            listed = ", ".join(events) or "none"
            raise UsageError(f"event {name!r}", f"is not in {self.root}", f"events: {listed}")
        return events[name]


def packaged() -> Path:
    """Return the schemas that travel inside the package; in a checkout, those beside it."""
    inside = _PACKAGE / "_schemas"
    return inside if inside.is_dir() else _PACKAGE.parent / "schemas"


def _from_pyproject() -> tuple[Path | None, Path | None]:
    path = Path("pyproject.toml")
    if not path.is_file():
        return None, None
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(str(path), f"cannot be read: {error}") from error
    ours = table.get("tool", {}).get("freezer", {})
    schemas, into = ours.get("schemas"), ours.get("into")
    for key, value in (("schemas", schemas), ("into", into)):
        if value is not None and not isinstance(value, str):
            raise ConfigError(f"{path}: [tool.freezer] {key}", f"{value!r} is not a string")
    return Path(schemas) if schemas else None, Path(into) if into else None


def _level(toml: TomlFile) -> Level:
    text = toml.need("compatibility", str)
    if text not in Level.__members__:
        raise toml.error("compatibility", f"{text!r} is none of {', '.join(Level.__members__)}")
    return Level[text]


def _fill(toml: TomlFile) -> Mapping[str, Fill]:
    table = cast("dict[str, Fill]", toml.get("fill", dict) or {})
    for name, way in table.items():
        if way not in _FILLS:
            raise toml.error(name, f"{way!r} is none of {', '.join(_FILLS)}")
    return table


def _versions(folder: Path) -> Mapping[int, Path]:
    found = ((_VERSION_FILE.fullmatch(path.name), path) for path in folder.iterdir())
    return dict(sorted((int(match[1]), path) for match, path in found if match))
