"""What changed between two versions, in plain words: for a person who reviews, not for a verdict.

Fields are paired by name, then by the new one's aliases; named types inside are walked once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from freezer_events.avro.parse.types import (
    MISSING,
    ArrayType,
    EnumType,
    Fixed,
    MapType,
    RecordField,
    RecordType,
    Ref,
    UnionType,
)
from freezer_events.avro.rules import rules_at
from freezer_events.schema.compare.phrases import described, kinded, listed, value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from freezer_events.avro.parse import Schema
    from freezer_events.avro.parse.types import Named, Resolved, Type

_ROOT: Final = "(root)"


@dataclass(frozen=True, slots=True)
class Change:
    """One change.

    Attributes:
        path: the field, as a person names it: `device.model`, `tags[]`, `limits{}`.
        what: one word for machines: added, removed, renamed, type, default, doc, symbols, order,
            name, aliases, size, rules.
        words: the change as a clause: "added: double or null, default null".

    """

    path: str
    what: str
    words: str


def changes(old: Schema, new: Schema) -> tuple[Change, ...]:
    """Return what changed, in the order of the new schema; what was removed comes last."""
    walk = _Walk(old, new)
    return tuple(walk.types(old.root, new.root, ""))


class _Walk:
    def __init__(self, old: Schema, new: Schema) -> None:
        self._old = old
        self._new = new
        self._seen: set[tuple[str, str]] = set()

    def types(self, old: Type, new: Type, path: str) -> Iterator[Change]:
        """Yield what changed inside of two types that stand at the same place."""
        o, n = self._old.resolve(old), self._new.resolve(new)
        match o, n:
            case ((RecordType() | EnumType() | Fixed()), (RecordType() | EnumType() | Fixed())) if (
                o.kind == n.kind
            ):
                yield from self._named(o, n, path)
            case ArrayType(), ArrayType():
                yield from self.types(o.items, n.items, f"{path}[]")
            case MapType(), MapType():
                yield from self.types(o.values, n.values, path + "{}")
            case (UnionType(), _) | (_, UnionType()):
                yield from self._unions(o, n, path)
            case _ if kinded(o) != kinded(n):
                yield _type(path, kinded(o), kinded(n))
            case _:
                return

    def _unions(self, o: Resolved, n: Resolved, path: str) -> Iterator[Change]:
        before, after = (_branches(each) for each in (o, n))
        old_names, new_names = ([_name(each) for each in side] for side in (before, after))
        if old_names != new_names:
            yield _type(path, " or ".join(old_names), " or ".join(new_names))
        for each in after:
            same = next((b for b in before if _name(b) == _name(each)), None)
            if same is not None:
                yield from self.types(same, each, path)

    def _named(self, o: Named, n: Named, path: str) -> Iterator[Change]:
        if (o.pointer, n.pointer) in self._seen:
            return
        self._seen.add((o.pointer, n.pointer))
        at = path or _ROOT
        if o.name.full != n.name.full:
            yield Change(at, "name", f"{n.kind} {o.name.full} is now called {n.name.full}")
        if o.name.aliases != n.name.aliases:
            yield Change(at, "aliases", _aliases(o.name.written, n.name.written))
        yield from _doc(at, o.doc, n.doc)
        if isinstance(o, RecordType) and isinstance(n, RecordType):
            yield from self._rules(o, n, at)
            yield from self._records(o, n, path)
        elif isinstance(o, EnumType) and isinstance(n, EnumType):
            yield from _enums(o, n, at)
        elif isinstance(o, Fixed) and isinstance(n, Fixed):
            if o.size != n.size:
                yield Change(at, "size", f"{o.size} bytes became {n.size}")
            if described(o) != described(n) and o.name.full == n.name.full:
                yield _type(at, described(o), described(n))

    def _records(self, o: RecordType, n: RecordType, path: str) -> Iterator[Change]:
        prefix = f"{path}." if path else ""
        left = {field.name: field for field in o.fields}
        paired: list[str] = []
        for field in n.fields:
            name = next((e for e in (field.name, *field.aliases) if e in left), None)
            if name is None:
                yield Change(prefix + field.name, "added", _added(field))
                for rule in rules_at(self._new, field):
                    words = f"rule {rule.name} added: {rule.expr}"
                    yield Change(prefix + field.name, "rules", words)
                continue
            before = left.pop(name)
            paired.append(name)
            yield from self._field(before, field, prefix)
        for field in left.values():
            yield Change(prefix + field.name, "removed", f"removed: it was {kinded(field.type)}")
        order = [field.name for field in o.fields if field.name in paired]
        if order != paired:
            at = path or _ROOT
            yield Change(at, "order", f"the order of fields is now {listed(_names(n))}")

    def _field(self, o: RecordField, n: RecordField, prefix: str) -> Iterator[Change]:
        path = prefix + n.name
        if o.name != n.name:
            yield Change(path, "renamed", f"renamed from {o.name}, which is its alias now")
        elif o.aliases != n.aliases:
            yield Change(path, "aliases", _aliases(o.aliases, n.aliases))
        yield from self.types(o.type, n.type, path)
        if value(o.default) != value(n.default):
            yield Change(path, "default", f"default {value(o.default)} became {value(n.default)}")
        yield from _doc(path, o.doc, n.doc)
        yield from self._rules(o, n, path)

    def _rules(
        self, o: RecordType | RecordField, n: RecordType | RecordField, path: str
    ) -> Iterator[Change]:
        before = {each.name: each for each in rules_at(self._old, o)}
        after = {each.name: each for each in rules_at(self._new, n)}
        for name, rule in after.items():
            if name not in before:
                yield Change(path, "rules", f"rule {name} added: {rule.expr}")
            elif rule.expr != before[name].expr:
                yield Change(path, "rules", f"rule {name}: {before[name].expr} became {rule.expr}")
        for name, rule in before.items():
            if name not in after:
                yield Change(path, "rules", f"rule {name} removed: it was {rule.expr}")


def _branches(each: Resolved) -> tuple[Type, ...]:
    return each.branches if isinstance(each, UnionType) else (each,)


def _name(each: Type) -> str:
    return each.name.rpartition(".")[2] if isinstance(each, Ref) else described(each)


def _names(record: RecordType) -> list[str]:
    return [field.name for field in record.fields]


def _type(path: str, before: str, after: str) -> Change:
    return Change(path or _ROOT, "type", f"type {before} became {after}")


def _added(field: RecordField) -> str:
    default = "no default" if field.default is MISSING else f"default {value(field.default)}"
    return f"added: {kinded(field.type)}, {default}"


def _aliases(before: tuple[str, ...], after: tuple[str, ...]) -> str:
    return f"aliases {listed(list(before)) or 'none'} became {listed(list(after)) or 'none'}"


def _doc(path: str, before: Any, after: Any) -> Iterator[Change]:
    if before == after:
        return
    if before is None:
        yield Change(path, "doc", f"doc added: {after}")
    elif after is None:
        yield Change(path, "doc", f"doc removed: {before}")
    else:
        yield Change(path, "doc", f'doc "{before}" became "{after}"')


def _enums(o: EnumType, n: EnumType, at: str) -> Iterator[Change]:
    come = [each for each in n.symbols if each not in o.symbols]
    gone = [each for each in o.symbols if each not in n.symbols]
    if come:
        yield Change(at, "symbols", f"symbols added: {listed(come)}")
    if gone:
        yield Change(at, "symbols", f"symbols removed: {listed(gone)}")
    if not come and not gone and o.symbols != n.symbols:
        yield Change(at, "order", f"the order of symbols is now {listed(list(n.symbols))}")
    if o.default != n.default:
        before, after = o.default or "none", n.default or "none"
        yield Change(at, "default", f"the enum's default {before} became {after}")
