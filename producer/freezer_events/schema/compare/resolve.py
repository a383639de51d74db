"""Walk a writer's schema and a reader's together, as a decoder resolves one against the other.

What comes out are the problems, and the types and fields that met; what to think of them is said
elsewhere. Every pair of named types is walked once: recursive schemas end, and what is wrong
inside of a type is found once, however often the type is used. Pairs wait in a queue, so that a
long chain of types does not become a deep recursion.

A writer's branch without a match in the reader's union is walked against the branch that it was
probably meant to be, if there is one: so a break inside of a nullable record is found at its own
field. Nothing becomes compatible by that: what did not match differs somewhere inside.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import Enum as PythonEnum
from enum import auto
from typing import TYPE_CHECKING

from freezer_events.avro.parse.types import (
    MISSING,
    ArrayType,
    EnumType,
    Fixed,
    MapType,
    Named,
    RecordField,
    RecordType,
    Ref,
    Resolved,
    Type,
    UnionType,
    child,
)
from freezer_events.schema.compare.match import (
    Sides,
    best_match,
    first_match,
    promotable,
    same_name,
)

if TYPE_CHECKING:
    from freezer_events.avro.parse import Schema

ROOT = "(root)"


class Rule(PythonEnum):
    """Why a reader fails."""

    NO_DEFAULT = auto()
    CLAIMED_TWICE = auto()
    NOT_PROMOTABLE = auto()
    OTHER_KIND = auto()
    OTHER_NAME = auto()
    OTHER_SIZE = auto()
    UNKNOWN_SYMBOL = auto()
    UNKNOWN_BRANCH = auto()
    FASTAVRO_LOOKUP = auto()


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One reason why a reader fails.

    Attributes:
        rule: the reason.
        path: the field, with the reader's names.
        writer: what was written.
        reader: what the reader expects instead.
        w_at: pointer into the writer's schema.
        r_at: pointer into the reader's schema.
        name: the symbol or field that it is about.
        field: the reader's field that has no default, or that two fields claim.

    """

    rule: Rule
    path: str
    writer: Type
    reader: Type
    w_at: str
    r_at: str
    name: str = ""
    field: RecordField | None = None


@dataclass(frozen=True, slots=True)
class TypesMet:
    """A written type that is read as another, or as itself."""

    path: str
    writer: Resolved
    reader: Resolved


@dataclass(frozen=True, slots=True)
class FieldsMet:
    """A written field that is read as a field."""

    path: str
    writer: RecordField
    reader: RecordField


@dataclass(frozen=True, slots=True)
class BranchesMet:
    """A written type for which fastavro and Java take different branches of a union."""

    path: str
    writer: Type
    union: UnionType
    fastavro: Type
    java: Type


class Resolution:
    """The outcome of walking two schemas together; made once, then read."""

    def __init__(self, writer: Schema, reader: Schema) -> None:
        self.problems: list[Mismatch] = []
        self.types: list[TypesMet] = []
        self.fields: list[FieldsMet] = []
        self.branches: list[BranchesMet] = []
        self._sides = Sides(writer, reader)
        self._seen: set[tuple[str, str]] = set()
        self._queue: deque[tuple[RecordType, RecordType, str]] = deque()
        self._meet(writer.root, reader.root, ROOT)
        while self._queue:
            self._records(*self._queue.popleft())

    def _meet(self, written: Type, read: Type, path: str) -> None:
        w, r = self._sides.writer.resolve(written), self._sides.reader.resolve(read)
        match w, r:
            case UnionType(), _:
                for branch in w.branches:
                    self._branch(branch, w, read, _into(path, w, branch))
            case _, UnionType():
                picked = self._branch(written, w, read, path)
                if picked is not None and self._fastavro_loses(written, picked):
                    self._problem(Rule.FASTAVRO_LOOKUP, path, written, picked)
            case ((RecordType() | EnumType() | Fixed()), (RecordType() | EnumType() | Fixed())):
                self._named(w, r, written, read, path)
            case ArrayType(), ArrayType():
                self.types.append(TypesMet(path, w, r))
                self._meet(w.items, r.items, f"{path}[]")
            case MapType(), MapType():
                self.types.append(TypesMet(path, w, r))
                self._meet(w.values, r.values, path + "{}")
            case _ if w.kind == r.kind or promotable(w.kind, r.kind):
                self.types.append(TypesMet(path, w, r))
            case _:
                narrow = promotable(r.kind, w.kind)
                rule = Rule.NOT_PROMOTABLE if narrow else Rule.OTHER_KIND
                self._problem(rule, path, written, read)

    def _branch(self, branch: Type, whole: Resolved, read: Type, path: str) -> Type | None:
        """Let one written type meet what a reader takes; return the reader's branch if any."""
        r = self._sides.reader.resolve(read)
        offered = r.branches if isinstance(r, UnionType) else (read,)
        picked = first_match(branch, offered, self._sides)
        if picked is None:
            picked = self._meant(branch, whole, offered)
            if picked is None:
                self._problem(Rule.UNKNOWN_BRANCH, path, branch, read)
            else:
                self._meet(branch, picked, path)
            return None
        best = best_match(branch, offered, self._sides)
        if isinstance(r, UnionType) and best is not None and best is not picked:
            self.branches.append(BranchesMet(path, branch, r, picked, best))
        self._meet(branch, picked, path)
        return picked

    def _meant(self, branch: Type, whole: Resolved, offered: tuple[Type, ...]) -> Type | None:
        """Return the branch that an unmatched one was probably meant to be."""
        w = self._sides.writer.resolve(branch)
        choices = [e for e in offered if self._sides.reader.resolve(e).kind != "null"]
        if w.kind == "null" or not choices:
            return None
        if len(choices) == 1 and len(_values(whole)) == 1:
            return choices[0]
        return next((each for each in choices if self._alike(w, each)), None)

    def _alike(self, w: Resolved, each: Type) -> bool:
        r = self._sides.reader.resolve(each)
        if isinstance(w, Fixed) and isinstance(r, Fixed):
            return same_name(w.name, r.name)
        return w.kind == r.kind and w.kind in ("array", "map")

    def _fastavro_loses(self, written: Type, picked: Type) -> bool:
        """Whether fastavro trips over a name on one side and the definition on the other.

        Outside of a writer's union it looks the reader's branch up by what stands in the union
        (fastavro 1.13: `match_schemas` returns the branch unresolved).
        """
        w = self._sides.writer.resolve(written)
        if isinstance(written, Ref) == isinstance(picked, Ref):
            return False
        return isinstance(w, RecordType | EnumType) or (
            isinstance(w, Fixed) and isinstance(written, Ref)
        )

    def _named(self, w: Named, r: Named, written: Type, read: Type, path: str) -> None:
        if w.kind != r.kind:
            self._problem(Rule.OTHER_KIND, path, written, read)
            return
        if (w.pointer, r.pointer) in self._seen:
            return
        self._seen.add((w.pointer, r.pointer))
        if not same_name(w.name, r.name):
            at = child(w.pointer, "name"), child(r.pointer, "name")
            self.problems.append(Mismatch(Rule.OTHER_NAME, path, w, r, *at))
            return
        self.types.append(TypesMet(path, w, r))
        match w, r:
            case RecordType(), RecordType():
                self._queue.append((w, r, path))
            case EnumType(), EnumType():
                self._enums(w, r, path)
            case Fixed(), Fixed() if w.size != r.size:
                at = child(w.pointer, "size"), child(r.pointer, "size")
                self.problems.append(Mismatch(Rule.OTHER_SIZE, path, w, r, *at))
            case _:
                pass

    def _enums(self, w: EnumType, r: EnumType, path: str) -> None:
        if r.default is not None:
            return
        for number, symbol in enumerate(w.symbols):
            if symbol not in r.symbols:
                at = child(w.pointer, "symbols", number), child(r.pointer, "symbols")
                self.problems.append(Mismatch(Rule.UNKNOWN_SYMBOL, path, w, r, *at, name=symbol))

    def _records(self, w: RecordType, r: RecordType, path: str) -> None:
        prefix = "" if path == ROOT else f"{path}."
        named = {field.name: field for field in r.fields}
        aliased = {alias: field for field in r.fields for alias in field.aliases}
        met: dict[str, RecordField] = {}
        for field in w.fields:
            found = named.get(field.name) or aliased.get(field.name)
            if found is None:
                continue
            inner = prefix + found.name
            if found.name in met:
                at = field.pointer, found.pointer
                problem = Mismatch(Rule.CLAIMED_TWICE, inner, w, r, *at, field.name, found)
                self.problems.append(problem)
                found = aliased.get(field.name)  # names that moved on by one: a is b, b is c
                if found is None or found.name in met:
                    continue
                inner = prefix + found.name
            met[found.name] = field
            self.fields.append(FieldsMet(inner, field, found))
            self._meet(field.type, found.type, inner)
        for field in r.fields:
            if field.name not in met and field.default is MISSING:
                at = child(w.pointer, "fields"), field.pointer
                inner = prefix + field.name
                self.problems.append(Mismatch(Rule.NO_DEFAULT, inner, w, r, *at, field.name, field))

    def _problem(self, rule: Rule, path: str, written: Type, read: Type) -> None:
        self.problems.append(Mismatch(rule, path, written, read, written.pointer, read.pointer))


def _values(whole: Resolved) -> tuple[Type, ...]:
    """Return the branches of a union that are not null; of another type, itself."""
    if not isinstance(whole, UnionType):
        return (whole,)
    return tuple(e for e in whole.branches if isinstance(e, Ref) or e.kind != "null")


def _into(path: str, union: UnionType, branch: Type) -> str:
    """Return the path into a branch: the union's own where only one branch holds a value."""
    if len(_values(union)) == 1:
        return path
    name = branch.name if isinstance(branch, Ref) else branch.kind
    if isinstance(branch, RecordType | EnumType | Fixed):
        name = branch.name.full
    return f"{path}<{name.rpartition('.')[2]}>"
