"""Whether `event.toml` fits the schemas beside it: version, key, and what producers fill in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from freezer_events.avro.keys import KEY_TYPES, key_misfit
from freezer_events.avro.model import scalar_of
from freezer_events.avro.parse.types import RecordType, UnionType
from freezer_events.config.toml_table import titled

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from freezer_events.avro.parse import Schema
    from freezer_events.avro.parse.types import Type
    from freezer_events.event import Fill
    from freezer_events.schema.catalogue import EventSpec
    from freezer_events.schema.shared_types import SharedType

_FILLS: Final[Mapping[Fill, str]] = {
    "now": 'a nullable timestamp: ["null", {"type": "long", "logicalType": "timestamp-millis"}]',
    "uuid": 'a nullable uuid: ["null", {"type": "string", "logicalType": "uuid"}]',
    "count": 'a nullable long: ["null", "long"]',
}


@dataclass(frozen=True, slots=True)
class Misfit:
    """What a key of `event.toml` says wrongly; `path` leads to the key."""

    path: tuple[str, ...]
    why: str
    fix: str

    @property
    def key(self) -> str:
        """The key as people look for it."""
        return titled(self.path[:-1], self.path[-1])


def misfits(event: EventSpec, schemas: Mapping[int, Schema]) -> Iterator[Misfit]:
    """Yield what `event.toml` says that these versions, which are records, do not bear out."""
    fields = {
        number: {each.name: each for each in schema.root.fields}
        for number, schema in schemas.items()
        if isinstance(schema.root, RecordType)
    }
    for number in fields:
        why = key_misfit(schemas[number], event.key) if event.key is not None else ""
        if why:
            fix = f"name {KEY_TYPES} that every version has, or none"
            yield Misfit(("key",), f"{event.key!r} {why} in v{number}.avsc", fix)
    for name, way in event.fill.items():
        kind, _, of_fields = way.replace("uuid5:", "uuid:").partition(":")
        for number, its in fields.items():
            lacks = [each for each in filter(None, of_fields.split(",")) if each not in its]
            if name in its and lacks:
                why = f"{way!r} names {', '.join(lacks)}, which v{number}.avsc has not"
                yield Misfit(("fill", name), why, "name fields of every version that has this one")
            if name in its and not _fits(its[name].type, kind, schemas[number]):
                why = f"{way!r} does not fit the field's type in v{number}.avsc"
                yield Misfit(("fill", name), why, f"it takes {_FILLS[kind]}")


def missing(event: EventSpec, schemas: Mapping[int, Schema]) -> Iterator[Misfit]:
    """Yield what `event.toml` names and no version has; `schemas` are all that could be parsed."""
    if event.versions and event.version not in event.versions:
        there = ", ".join(map(str, event.versions))
        yield Misfit(("version",), f"there is no v{event.version}.avsc", f"versions: {there}")
    roots = [each.root for each in schemas.values() if isinstance(each.root, RecordType)]
    known = {field.name for root in roots for field in root.fields}
    for name in event.fill:
        if roots and name not in known:
            yield Misfit(
                ("fill", name), "no version has such a field", "remove the line, or add the field"
            )
    inside = {name for each in schemas.values() for name in _field_names(each)}
    for name in event.pii:
        if roots and name not in inside:
            fix = f"name fields: {', '.join(sorted(known))}"
            yield Misfit(("pii",), f"no version has a field {name!r}", fix)


def unknown_types(event: EventSpec, known: Mapping[str, SharedType]) -> Iterator[Misfit]:
    """Yield what `uses` names and nobody has, be it used in a version or not.

    Args:
        event: the event.
        known: the shared types beside it, by full name.

    """
    for name, version in event.uses.items():
        if name not in known:
            listed = ", ".join(known) or "none"
            yield Misfit(("uses", name), "there is no such shared type", f"shared types: {listed}")
        elif version not in known[name].versions:
            there = ", ".join(map(str, known[name].versions))
            why = f"there is no version {version} of it in {known[name].folder}"
            yield Misfit(("uses", name), why, f"versions: {there}")


def _field_names(schema: Schema) -> Iterator[str]:
    """Yield the names of fields: the event's own, and `Record.field` of records inside."""
    for record in schema.names.values():
        if isinstance(record, RecordType):
            prefix = "" if record is schema.root else f"{record.name.simple}."
            yield from (f"{prefix}{field.name}" for field in record.fields)


def _fits(of: Type, way: Fill, schema: Schema) -> bool:
    """Tell whether a field is null or something that can be filled in this way."""
    if not isinstance(of, UnionType):
        return False
    branches = [schema.resolve(each) for each in of.branches]
    others = [each for each in branches if each.kind != "null"]
    if len(others) != 1 or len(branches) == 1:
        return False
    found = scalar_of(others[0])
    return found is not None and found.fill == way
