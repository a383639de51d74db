"""What a reader fails on: each problem of resolution as a finding, with why and what to do."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from freezer_events.avro.parse.types import (
    EnumType,
    Fixed,
    Primitive,
    RecordField,
    RecordType,
    Ref,
    UnionType,
)
from freezer_events.schema.compare.findings import Code, Kind
from freezer_events.schema.compare.phrases import described, kinded, quoted
from freezer_events.schema.compare.resolution import Mismatch, Rule
from freezer_events.schema.levels import Direction

if TYPE_CHECKING:
    from collections.abc import Iterator

    from freezer_events.avro.parse import Schema
    from freezer_events.avro.parse.types import Type
    from freezer_events.schema.compare.resolution import Resolution

_NEW: Final = Direction.NEW_READS_OLD

_CODES: Final = {
    Rule.NO_DEFAULT: (Code.FIELD_ADDED_WITHOUT_DEFAULT, Code.FIELD_REMOVED_WITHOUT_DEFAULT),
    Rule.CLAIMED_TWICE: (Code.FIELD_ALIAS_AMBIGUOUS,) * 2,
    Rule.NOT_PROMOTABLE: (Code.TYPE_NARROWED, Code.TYPE_WIDENED),
    Rule.OTHER_KIND: (Code.TYPE_CHANGED,) * 2,
    Rule.OTHER_NAME: (Code.NAME_CHANGED,) * 2,
    Rule.OTHER_SIZE: (Code.FIXED_SIZE_CHANGED,) * 2,
    Rule.UNKNOWN_SYMBOL: (Code.ENUM_SYMBOL_REMOVED, Code.ENUM_SYMBOL_ADDED),
    Rule.UNKNOWN_BRANCH: (Code.UNION_BRANCH_REMOVED, Code.UNION_BRANCH_ADDED),
    Rule.OTHER_NAMESPACE: (Code.NAMESPACE_CHANGED,) * 2,
    Rule.JAVA_NAME_TWICE: (Code.ALIAS_MAKES_NAME_TWICE,) * 2,
    Rule.JAVA_DEFAULT_SPOILT: (Code.ALIAS_SPOILS_DEFAULT,) * 2,
    Rule.FASTAVRO_LOOKUP: (Code.FASTAVRO_CANNOT_RESOLVE,) * 2,
}


@dataclass(frozen=True, slots=True)
class Draft:
    """A finding before its places are looked up; `w_at` and `r_at` are writer's and reader's."""

    kind: Kind
    code: Code
    path: str
    w_at: str
    r_at: str
    why: str
    fix: str


def drafts(resolution: Resolution, reader: Schema, direction: Direction) -> Iterator[Draft]:
    """Yield the decode findings of one direction."""
    for problem in resolution.mismatches:
        codes = _CODES[problem.rule]
        code = codes[0] if direction is _NEW else codes[1]
        why, fix = _sentences(problem, reader, direction)
        yield Draft(Kind.DECODE, code, problem.path, problem.w_at, problem.r_at, why, fix)


def _sentences(problem: Mismatch, reader: Schema, direction: Direction) -> tuple[str, str]:
    if problem.rule is Rule.NO_DEFAULT:
        return _added(problem, reader) if direction is _NEW else _removed(problem)
    return _ADVICE[problem.rule](problem, direction)


def _sides(direction: Direction) -> tuple[str, str]:
    """Return the words for writer and reader."""
    return ("old", "new") if direction is _NEW else ("new", "old")


def _added(problem: Mismatch, reader: Schema) -> tuple[str, str]:
    why = f"old data has no {problem.name!r}, and the new schema gives no default to read instead"
    fix = f"write {_nullable(problem, reader)}"
    former = _former(problem)
    if former:
        fix += f'; or, if it is {former!r} by a new name, add "aliases": ["{former}"]'
    return why, fix


def _removed(problem: Mismatch) -> tuple[str, str]:
    why = f"old readers need {problem.name!r}: new data has none, and the old schema no default"
    renamed = isinstance(problem.writer, RecordType) and any(
        problem.name in field.aliases for field in problem.writer.fields
    )
    if renamed:
        return why, (
            f"keep the name {problem.name!r}: an alias helps the readers that have the new schema, "
            "not those that have the old one"
        )
    return why, (
        f"keep {problem.name!r}; to drop it later, first release a version that gives it a "
        "default and let every reader upgrade to that"
    )


def _nullable(problem: Mismatch, reader: Schema) -> str:
    """Return the field as it would be safe to add."""
    assert problem.field is not None  # noqa: S101 - the rule is about it
    name = json.dumps(problem.name)
    safe = ", ".join(['"null"', *_values(problem.field.type, reader)])
    return f'{{"name": {name}, "type": [{safe}], "default": null}}'


def _values(use: Type, reader: Schema) -> list[str]:
    """Return what a field can be beside null, as it stands in the file."""
    branches = use.branches if isinstance(use, UnionType) else (use,)
    kept = (each for each in branches if isinstance(each, Ref) or each.kind != "null")
    return [quoted(each, reader.document) for each in kept]


def _former(problem: Mismatch) -> str:
    """Return the one field of the same type that the reader's record has no place for, or ""."""
    w, r = problem.writer, problem.reader
    if not (isinstance(w, RecordType) and isinstance(r, RecordType) and problem.field):
        return ""
    placed = {name for field in r.fields for name in (field.name, *field.aliases)}
    wanted = described(problem.field.type)
    alike = [f.name for f in w.fields if f.name not in placed and described(f.type) == wanted]
    return alike[0] if len(alike) == 1 else ""


def _claimed(problem: Mismatch, direction: Direction) -> tuple[str, str]:
    writer, reader = _sides(direction)
    name = problem.field.name if isinstance(problem.field, RecordField) else problem.name
    why = f"{writer} data has {name!r} and a field of its alias; {reader} readers take both for it"
    return why, f"take the alias away from {name!r}, or give the field a name that was never used"


def _types(problem: Mismatch, direction: Direction) -> tuple[str, str]:
    writer, reader = _sides(direction)
    w, r = kinded(problem.writer), kinded(problem.reader)
    verb = "does not fit" if problem.rule is Rule.NOT_PROMOTABLE else "is nothing like"
    why = f"{writer} data holds {w}, which {verb} the {r} that {reader} readers expect"
    old, new = (w, r) if direction is _NEW else (r, w)
    fix = f"keep {old}, and for {new} add another field beside it, nullable with default null"
    if problem.rule is Rule.NOT_PROMOTABLE and direction is not _NEW:
        fix += "; or upgrade every reader before the first writer, which is what BACKWARD promises"
    return why, fix


def _names(problem: Mismatch, direction: Direction) -> tuple[str, str]:
    writer, reader = _sides(direction)
    w, r = (_full(each) for each in (problem.writer, problem.reader))
    why = f"{writer} data holds {w!r}, and {reader} readers expect {r!r}"
    if direction is _NEW:
        return why, f'keep the name, or add "aliases": ["{w}"] to {r!r}, with the namespace'
    return why, f"keep the name {r!r}: an alias in the new schema does not help old readers"


def _full(each: object) -> str:
    return each.name.full if isinstance(each, RecordType | EnumType | Fixed) else ""


def _sizes(problem: Mismatch, direction: Direction) -> tuple[str, str]:
    writer, reader = _sides(direction)
    w, r = (e.size if isinstance(e, Fixed) else 0 for e in (problem.writer, problem.reader))
    return (
        f"{writer} data holds {w} bytes, and {reader} readers expect {r}",
        "keep the size; for another one define a fixed type by another name, in a field of its own",
    )


def _symbol(problem: Mismatch, direction: Direction) -> tuple[str, str]:
    return _symbol_gone(problem) if direction is _NEW else _symbol_new(problem)


def _symbol_gone(problem: Mismatch) -> tuple[str, str]:
    symbols = problem.reader.symbols if isinstance(problem.reader, EnumType) else ()
    default = next((s for s in symbols if s in ("UNKNOWN", "OTHER")), symbols[0])
    return (
        f"old data may hold {problem.name}, which the new enum lacks, and it has no default",
        f'keep {problem.name}, or give the enum the symbol to read instead: "default": "{default}"',
    )


def _symbol_new(problem: Mismatch) -> tuple[str, str]:
    return (
        f"new data may hold {problem.name}, which old readers lack, and their enum has no default",
        f"leave {problem.name} out until every reader has a version whose enum has a default",
    )


def _branch(problem: Mismatch, direction: Direction) -> tuple[str, str]:
    writer, reader = _sides(direction)
    w, r = kinded(problem.writer), kinded(problem.reader)
    null = isinstance(problem.writer, Primitive) and problem.writer.kind == "null"
    holds = "may be null" if null else f"may hold {w}"
    why = f"{writer} data {holds} here, and {reader} readers expect {r}"
    if direction is _NEW:
        return why, f"keep {w} in the union"
    return why, (
        f"do not let it be {w} yet: that is safe once every reader has the new schema, "
        "which is what BACKWARD promises"
    )


def _namespace(problem: Mismatch, direction: Direction) -> tuple[str, str]:
    writer, reader = _sides(direction)
    w, r = (described(each) for each in (problem.writer, problem.reader))
    if isinstance(problem.writer, RecordType | EnumType | Fixed):
        w = problem.writer.name.full
    if isinstance(problem.reader, RecordType | EnumType | Fixed):
        r = problem.reader.name.full
    where = "a union's branch, an enum or a fixed"
    why = (
        f"{writer} data holds {w!r}, and {reader} readers have {r!r}: Java matches {where} by "
        "its full name, fastavro without the namespace"
    )
    fix = f"keep the namespace of {w!r}" if direction is _NEW else f"keep the namespace of {r!r}"
    return why, fix


def _twice(problem: Mismatch, direction: Direction) -> tuple[str, str]:
    writer, reader = _sides(direction)
    why = (
        f"{writer} data has {problem.name!r} and what {reader} readers call so by an alias: Java, "
        "which renames before it reads, fails on a name that is there twice"
    )
    return why, f"take the alias away that leads to {problem.name!r}"


def _spoilt(problem: Mismatch, direction: Direction) -> tuple[str, str]:
    writer, reader = _sides(direction)
    why = (
        f"the {writer} schema's default of {problem.path!r} has a {problem.name!r} in it, which an "
        f"alias of {reader} readers renames: Java fails, as the default does not fit any more"
    )
    return why, f"keep the name {problem.name!r}, without the alias"


def _lookup(problem: Mismatch, _: Direction) -> tuple[str, str]:
    name = described(problem.reader)
    why = (
        f"fastavro, which reads for Python, fails where {name} becomes a branch of a union and "
        "only one of the schemas defines it at this place (Java reads it)"
    )
    return why, f"define {name} at the same first use in both schemas, and by name after that"


_ADVICE: Final = {
    Rule.CLAIMED_TWICE: _claimed,
    Rule.NOT_PROMOTABLE: _types,
    Rule.OTHER_KIND: _types,
    Rule.OTHER_NAME: _names,
    Rule.OTHER_SIZE: _sizes,
    Rule.UNKNOWN_SYMBOL: _symbol,
    Rule.UNKNOWN_BRANCH: _branch,
    Rule.OTHER_NAMESPACE: _namespace,
    Rule.JAVA_NAME_TWICE: _twice,
    Rule.JAVA_DEFAULT_SPOILT: _spoilt,
    Rule.FASTAVRO_LOOKUP: _lookup,
}
