"""Whether `event.toml` fits the schemas beside it: version, key, and what producers fill in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from producer.schema.avsc.types import Enum, Fixed, Primitive, Record, Ref, Union
from producer.schema.review.problem import Check, Problem, Severity
from producer.schema.toml_file import TomlFile

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from producer.event import Fill
    from producer.schema.avsc import Schema
    from producer.schema.avsc.types import Field, Resolved, Type
    from producer.schema.catalogue import EventSpec

_FILLS: Final[Mapping[Fill, tuple[str, tuple[tuple[str, str], ...]]]] = {
    "now": (
        'a nullable timestamp: ["null", {"type": "long", "logicalType": "timestamp-millis"}]',
        (("long", "timestamp-millis"), ("long", "timestamp-micros")),
    ),
    "uuid": (
        'a nullable uuid: ["null", {"type": "string", "logicalType": "uuid"}]',
        (("string", "uuid"), ("fixed", "uuid")),
    ),
    "count": ('a nullable long: ["null", "long"]', (("long", ""),)),
}


def problems(event: EventSpec, schemas: Mapping[int, Schema]) -> Iterator[Problem]:
    """Yield what does not fit; `schemas` are the versions that could be parsed."""
    toml = TomlFile.read(event.toml)

    def problem(key: str, why: str, fix: str) -> Problem:
        line = toml.line(key)
        return Problem(
            event.name, Check.DECLARED, Severity.BREAK, event.toml, f"{key}: {why}", fix, line
        )

    if event.versions and event.version not in event.versions:
        there = ", ".join(map(str, event.versions))
        yield problem("version", f"there is no v{event.version}.avsc", f"versions: {there}")
    records = {n: s.root for n, s in schemas.items() if isinstance(s.root, Record)}
    fields = {n: {each.name: each for each in r.fields} for n, r in records.items()}
    for number, its in fields.items():
        if event.key is None:
            break
        why = _key_misfit(its.get(event.key), schemas[number])
        if why:
            fix = "name a required string field that every version has, or none"
            yield problem("key", f"{event.key!r} {why} in v{number}.avsc", fix)
    for name, way in event.fill.items():
        if fields and not any(name in its for its in fields.values()):
            yield problem(name, "no version has such a field", "remove the line, or add the field")
        wanted, kinds = _FILLS[way]
        for number, its in fields.items():
            if name in its and not _fits(its[name].type, kinds, schemas[number]):
                why = f"{way!r} does not fit the field's type in v{number}.avsc"
                yield problem(name, why, f"it takes {wanted}")


def _key_misfit(field: Field | None, schema: Schema) -> str:
    if field is None:
        return "is no field"
    found = schema.resolve(field.type)
    if found.kind == "string":
        return ""
    return f"is no required string, but {_named(found)},"


def _named(found: Resolved) -> str:
    if isinstance(found, Union):
        kinds = [each.name if isinstance(each, Ref) else each.kind for each in found.branches]
        return f"a union of {', '.join(kinds)}"
    return found.name.full if isinstance(found, Record | Enum | Fixed) else found.kind


def _fits(of: Type, kinds: tuple[tuple[str, str], ...], schema: Schema) -> bool:
    """Tell whether a field is null or one of these (kind, logical type)."""
    if not isinstance(of, Union):
        return False
    branches = [schema.resolve(each) for each in of.branches]
    others = [each for each in branches if each.kind != "null"]
    if len(others) != 1 or len(branches) == 1 or not isinstance(others[0], Primitive | Fixed):
        return False
    logical = others[0].logical
    meant = logical.name if logical and not logical.ignored else ""
    return (others[0].kind, meant) in kinds
