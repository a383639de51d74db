"""Habits of good schemas: small rules in one table, each of which `event.toml` can suppress.

A version that is released cannot be mended any more: its findings only tell whether a suppression
is still of use.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from freezer_events.avro.parse.types import (
    MISSING,
    EnumType,
    Primitive,
    RecordType,
    UnionType,
    child,
)
from freezer_events.avro.units import units
from freezer_events.config.toml_table import Table
from freezer_events.schema.compare import ACCEPTABLE, compare, judge
from freezer_events.schema.review.problem import Aspect, Problem, Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from freezer_events.avro.parse import Schema
    from freezer_events.avro.parse.types import RecordField
    from freezer_events.schema.catalogue import EventSpec, Suppression
    from freezer_events.schema.lock import Lock

_FIELD_NAME: Final = re.compile(r"_*[a-z][a-z0-9]*(_[a-z0-9]+)*_*")
_UNIT_SUFFIX: Final = re.compile(r"_(celsius|fahrenheit|kelvin|c|f|k|pct|ratio|[munk]?[smgvwal]|"
    r"seconds|minutes|hours|days|kg|mm|cm|km|h?pa|kpa|bar|bytes|hz|khz|rpm|ppm|deg)")  # fmt: skip


class Flaw(NamedTuple):
    """What a rule finds: the pointer to it, what it is called, why, and what to do."""

    pointer: str
    name: str
    why: str
    fix: str


class Habit(NamedTuple):
    """A rule: what it is called in `event.toml`, how bad, and what finds its flaws.

    The second schema is that of the version before, None for the first.
    """

    name: str
    severity: Severity
    flaws: Callable[[Schema, Schema | None], Iterator[Flaw]]


def _field_names(schema: Schema, _: Schema | None) -> Iterator[Flaw]:
    for field in _fields(schema):
        if not _FIELD_NAME.fullmatch(field.name):
            why = "is not in small letters with underscores, as the names of other fields are"
            yield Flaw(child(field.pointer, "name"), field.name, why, "call it like_this")


def _docs(schema: Schema, _: Schema | None) -> Iterator[Flaw]:
    for field in _fields(schema):
        if not (field.doc or "").strip():
            fix = 'add "doc": what it says, in which unit, and what null means'
            yield Flaw(field.pointer, field.name, "has no doc", fix)


def _units(schema: Schema, _: Schema | None) -> Iterator[Flaw]:
    for field in _fields(schema):
        measured = any(
            isinstance(each, Primitive) and each.kind in ("float", "double")
            for each in _branches(schema, field)
        )
        if measured and not (units(field.doc or "") or _UNIT_SUFFIX.search(field.name)):
            why = "is a measure, and neither name nor doc says its unit"
            fix = "say the unit in the doc, or in the name: _celsius, _pct, _ms"
            yield Flaw(field.pointer, field.name, why, fix)


def _enum_defaults(schema: Schema, _: Schema | None) -> Iterator[Flaw]:
    for named in schema.names.values():
        if isinstance(named, EnumType) and named.default is None:
            why = "is an enum without a default: no symbol can be added without breaking readers"
            fix = 'add a symbol UNKNOWN and "default": "UNKNOWN"'
            yield Flaw(named.pointer, named.name.simple, why, fix)


def _nullable_additions(schema: Schema, before: Schema | None) -> Iterator[Flaw]:
    if before is None or not isinstance(before.root, RecordType):
        return
    there = {field.name for field in before.root.fields}
    for field in schema.root.fields if isinstance(schema.root, RecordType) else ():
        added = not there & {field.name, *field.aliases}
        enum = any(isinstance(each, EnumType) for each in _branches(schema, field))
        if added and not enum and field.default is not MISSING and field.default is not None:
            why = "is added with a default that looks like a value: old readings did not have it"
            fix = 'make it ["null", …] with "default": null'
            yield Flaw(field.pointer, field.name, why, fix)


RULES: Final = (
    Habit("field-name", Severity.WARNING, _field_names),
    Habit("doc", Severity.WARNING, _docs),
    Habit("unit", Severity.WARNING, _units),
    Habit("enum-default", Severity.WARNING, _enum_defaults),
    Habit("nullable-addition", Severity.WARNING, _nullable_additions),
)


def _accepted(event: EventSpec, schemas: Mapping[int, Schema]) -> set[str]:
    """Return the codes of breaks between versions that event.toml may accept."""
    pairs = [
        compare(schemas[old], schemas[new])
        for new in schemas
        for old in event.level.against(new, schemas)
    ]
    return {str(each.code) for found in pairs for each in judge(found, event.level)} & ACCEPTABLE


def problems(event: EventSpec, lock: Lock, schemas: Mapping[int, Schema]) -> Iterator[Problem]:
    """Yield what the rules find in unreleased versions, and suppressions that are of no use."""
    used: set[Suppression] = set()
    previous: Schema | None = None
    for version, schema in schemas.items():
        for rule in RULES:
            for flaw in rule.flaws(schema, previous):
                # The one that names the field is of use first.
                meant = [_of(event, rule.name, name) for name in (flaw.name, "")]
                found = next(filter(None, meant), None)
                if found is not None:
                    used.add(found)
                elif version not in lock.entries:
                    yield _problem(event, version, schema, rule, flaw)
        previous = schema
    accepted = _accepted(event, schemas) if ACCEPTABLE & event.accepted else set()
    for each in event.suppress:
        if each not in used and each.path[1:] not in {(code,) for code in accepted}:
            yield _idle(event, each)


def _of(event: EventSpec, rule: str, field: str) -> Suppression | None:
    return next((e for e in event.suppress if (e.rule, e.field) == (rule, field)), None)


def _idle(event: EventSpec, found: Suppression) -> Problem:
    line = Table.read(event.toml).line(*found.path)
    known = found.rule in {rule.name for rule in RULES}
    why = f"[suppress] {'.'.join(found.path[1:])}: "
    why += "suppresses nothing" if known else "is no rule"
    fix = "remove the line; rules: " + ", ".join(rule.name for rule in RULES)
    return Problem(event.name, Aspect.DECLARED, Severity.WARNING, event.toml, why, fix, line)


def _problem(event: EventSpec, version: int, schema: Schema, rule: Habit, flaw: Flaw) -> Problem:
    line, column = schema.position(flaw.pointer)
    return Problem(
        event.name,
        Aspect.SCHEMAS,
        rule.severity,
        event.path(version),
        f"{flaw.name}: {flaw.why}",
        f'{flaw.fix}; or in event.toml: [suppress] {rule.name}.{flaw.name} = "why"',
        line,
        column,
        rule.name,
    )


def _fields(schema: Schema) -> Iterator[RecordField]:
    for named in schema.names.values():
        if isinstance(named, RecordType):
            yield from named.fields


def _branches(schema: Schema, field: RecordField) -> list[object]:
    found = schema.resolve(field.type)
    branches = found.branches if isinstance(found, UnionType) else (found,)
    return [schema.resolve(each) for each in branches]
