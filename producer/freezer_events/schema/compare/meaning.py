"""What a reader does not fail on and gets wrong, and what is legal but known to surprise."""

from __future__ import annotations

import json
from difflib import SequenceMatcher
from itertools import product
from typing import TYPE_CHECKING, Final

from freezer_events.avro.parse.types import MISSING, EnumType, Fixed, RecordField, RecordType, child
from freezer_events.avro.units import units
from freezer_events.schema.compare import logical_change
from freezer_events.schema.compare.decode import Draft
from freezer_events.schema.compare.findings import Code, Kind
from freezer_events.schema.compare.phrases import described, listed, value
from freezer_events.schema.compare.resolution import ROOT, BranchesMet, FieldsMet, Rule, TypesMet
from freezer_events.schema.levels import Direction

if TYPE_CHECKING:
    from collections.abc import Iterator

    from freezer_events.schema.compare.resolution import Resolution

_ALIKE: Final = 0.6
_PROMOTIONS: Final = {
    ("long", "double"): (Code.PROMOTION_LOSES_DIGITS, "integers above 2^53 lose digits"),
    ("long", "float"): (Code.PROMOTION_LOSES_DIGITS, "integers above 2^24 lose digits"),
    ("int", "float"): (Code.PROMOTION_LOSES_DIGITS, "integers above 2^24 lose digits"),
    ("float", "double"): (Code.FLOAT_READ_AS_DOUBLE, "-18.1 becomes -18.1000003815"),
    ("bytes", "string"): (Code.BYTES_READ_AS_STRING, "a reader fails on bytes that are no UTF-8"),
}

_SAME_NUMBER: Final = ({"int", "long"}, {"float", "double"})


def drafts(resolution: Resolution, direction: Direction) -> Iterator[Draft]:
    """Yield the meaning findings and the warnings of one direction.

    What concerns the change as such, and not who reads whose data, comes with new_reads_old.
    """
    for met in resolution.types:
        yield from logical_change.changed(met, direction)
        yield from _promotion(met)
        yield from _symbols(met)
    yield from map(_ambiguous, resolution.branches)
    if direction is not Direction.NEW_READS_OLD:
        return
    told = {each.r_at for each in resolution.mismatches if each.rule is Rule.OTHER_NAMESPACE}
    for met in resolution.types:
        if not told & {met.reader.pointer, child(met.reader.pointer, "name")}:
            yield from _namespace(met)
        yield from _enum_default(met)
        yield from _renamed(met)
        yield from logical_change.ignored(met)
    for fields in resolution.fields:
        yield from _default(fields)
        yield from _unit(fields)


def _warning(code: Code, path: str, w_at: str, r_at: str, why: str, fix: str) -> Draft:
    return Draft(Kind.WARNING, code, path, w_at, r_at, why, fix)


def _promotion(met: TypesMet) -> Iterator[Draft]:
    pair = met.writer.kind, met.reader.kind
    if pair in _PROMOTIONS:
        code, loss = _PROMOTIONS[pair]
        why = f"{pair[0]} is read as {pair[1]}, which is legal, and {loss}"
        fix = f"keep {pair[0]} unless nobody minds"
        yield _warning(code, met.path, met.writer.pointer, met.reader.pointer, why, fix)


def _symbols(met: TypesMet) -> Iterator[Draft]:
    w, r = met.writer, met.reader
    if not (isinstance(w, EnumType) and isinstance(r, EnumType)) or r.default is None:
        return
    unknown = [symbol for symbol in w.symbols if symbol not in r.symbols]
    if unknown:
        yield _warning(
            Code.ENUM_SYMBOL_READ_AS_DEFAULT,
            met.path,
            child(w.pointer, "symbols", w.symbols.index(unknown[0])),
            child(r.pointer, "symbols"),
            f"{listed(unknown)} of the writer is read as {r.default}, the enum's default",
            f"see that those who read {r.default} can live with it",
        )


def _ambiguous(met: BranchesMet) -> Draft:
    written, first, best = (described(each) for each in (met.writer, met.fastavro, met.java))
    same = {first, best} in _SAME_NUMBER
    return Draft(
        Kind.WARNING if same else Kind.MEANING,
        Code.UNION_BRANCH_AMBIGUOUS,
        met.path,
        met.writer.pointer,
        met.fastavro.pointer,
        f"{written} fits two branches: fastavro reads it as {first}, Java as {best}",
        f"put {best} before {first} in the union",
    )


def _namespace(met: TypesMet) -> Iterator[Draft]:
    w, r = met.writer, met.reader
    if not (
        isinstance(w, RecordType | EnumType | Fixed)
        and isinstance(r, RecordType | EnumType | Fixed)
    ):
        return
    if w.name.full != r.name.full and w.name.simple == r.name.simple:
        yield _warning(
            Code.NAMESPACE_CHANGED,
            met.path,
            child(w.pointer, "name"),
            child(r.pointer, "name"),
            f"only the namespace differs, {w.name.full!r} became {r.name.full!r}: "
            "some readers and registries match it, others do not",
            f"keep the name {w.name.full!r}",
        )


def _enum_default(met: TypesMet) -> Iterator[Draft]:
    w, r = met.writer, met.reader
    if isinstance(w, EnumType) and isinstance(r, EnumType) and w.default is not None:
        given = MISSING if r.default is None else r.default
        yield from _defaults(met.path, w.default, given, (w.pointer, r.pointer), "unknown symbols")


def _default(met: FieldsMet) -> Iterator[Draft]:
    w, r = met.writer, met.reader
    if w.default is not MISSING:
        at = w.pointer, r.pointer
        yield from _defaults(met.path, w.default, r.default, at, "data without this field")


def _defaults(
    path: str, old: object, new: object, at: tuple[str, str], what: str
) -> Iterator[Draft]:
    places = child(at[0], "default"), child(at[1], "default")
    if new is MISSING:
        why = f"the default {value(old)} is gone: new readers fail on {what}, which old ones read"
        fix = f'keep "default": {value(old)}'
        yield _warning(Code.DEFAULT_REMOVED, path, *places, why, fix)
    elif json.dumps(old, sort_keys=True) != json.dumps(new, sort_keys=True):
        why = f"old readers see {value(old)} for {what}, and new ones {value(new)}"
        fix = f'keep "default": {value(old)}, unless the old one was wrong'
        yield _warning(Code.DEFAULT_CHANGED, path, *places, why, fix)


def _unit(met: FieldsMet) -> Iterator[Draft]:
    old, new = (units(each.doc or "") for each in (met.writer, met.reader))
    if old and new and old != new:
        yield _warning(
            Code.UNIT_CHANGED,
            met.path,
            child(met.writer.pointer, "doc"),
            child(met.reader.pointer, "doc"),
            f"the doc speaks of {listed(sorted(new))} where it spoke of {listed(sorted(old))}: "
            "old data does not change its unit with it",
            "add a field with the new unit in its name beside it, and leave this one as it is",
        )


def _renamed(met: TypesMet) -> Iterator[Draft]:
    """Warn of fields that seem renamed: what old data says in one is lost to the other."""
    w, r = met.writer, met.reader
    if not (isinstance(w, RecordType) and isinstance(r, RecordType)):
        return
    placed = {name for field in r.fields for name in (field.name, *field.aliases)}
    there = {field.name for field in w.fields}
    gone = [field for field in w.fields if field.name not in placed]
    come = [f for f in r.fields if not there & {f.name, *f.aliases} and f.default is not MISSING]
    for old, new in product(gone, come):
        if described(old.type) == described(new.type) and _similar(old, new):
            prefix = "" if met.path == ROOT else f"{met.path}."
            yield _warning(
                Code.FIELD_RENAMED_WITHOUT_ALIAS,
                prefix + new.name,
                old.pointer,
                new.pointer,
                f"if {new.name!r} is {old.name!r} by a new name, new readers of old data get its "
                f"default {value(new.default)} instead of the value",
                f'add "aliases": ["{old.name}"] to {new.name!r} if it is the same thing',
            )


def _similar(old: RecordField, new: RecordField) -> bool:
    if old.doc and old.doc == new.doc:
        return True
    return SequenceMatcher(None, old.name, new.name).ratio() >= _ALIKE
