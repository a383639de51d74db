"""Resolve a writer's schema against a reader's, as the specification has it.

What comes out are the mismatches, and the types, fields and branches that met; what to think of
them is said elsewhere. A reader that matters and resolves in its own way has a module of its own
(`java`, `fastavro_reader`): where the two differ, that is an outcome too.

Every pair of named types is walked once: recursive schemas end, and what is wrong inside of a type
is found once, however often the type is used. Pairs wait in a queue, so that a long chain of types
does not become a deep recursion.

A writer's branch without a match in the reader's union is walked against the branch that it was
probably meant to be, if there is one: so a break inside of a nullable record is found at its own
field. Nothing becomes compatible by that: what did not match differs somewhere inside.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from freezer_events.avro.parse.types import (
    MISSING,
    ArrayType,
    EnumType,
    Fixed,
    MapType,
    Named,
    RecordType,
    Ref,
    Resolved,
    Type,
    UnionType,
    child,
)
from freezer_events.avro.promotion import promotable
from freezer_events.schema.compare.fastavro_reader import FastavroReader
from freezer_events.schema.compare.java import JavaReader
from freezer_events.schema.compare.resolution import (
    ROOT,
    BranchesMet,
    DefaultRead,
    FieldsMet,
    Mismatch,
    PlacesDiffer,
    Resolution,
    Rule,
    TypesMet,
)

if TYPE_CHECKING:
    from freezer_events.avro.parse import Schema
    from freezer_events.avro.parse.types import Name


def resolve(writer: Schema, reader: Schema) -> Resolution:
    """Resolve two schemas; the same two always give the same."""
    walk = _Walk(writer, reader)
    walk.run()
    return Resolution(
        tuple(walk.mismatches),
        tuple(walk.types),
        tuple(walk.fields),
        tuple(walk.branches),
        tuple(walk.places),
        tuple(walk.defaults),
    )


class _Walk:
    def __init__(self, writer: Schema, reader: Schema) -> None:
        self.mismatches: list[Mismatch] = []
        self.types: list[TypesMet] = []
        self.fields: list[FieldsMet] = []
        self.branches: list[BranchesMet] = []
        self.places: list[PlacesDiffer] = []
        self.defaults: list[DefaultRead] = []
        self._writer = writer
        self._reader = reader
        self._java = JavaReader(writer, reader)
        self._fastavro = FastavroReader(writer, reader)
        self._seen: set[tuple[str, str]] = set()
        self._queue: deque[tuple[RecordType, RecordType, str]] = deque()

    def run(self) -> None:
        self._meet(self._writer.root, self._reader.root, ROOT)
        while self._queue:
            self._records(*self._queue.popleft())
        met = {each.writer for each in self.mismatches if each.rule is Rule.CLAIMED_TWICE}
        for where, name in self._java.repeated():
            if where not in met:
                self._mismatch(Rule.JAVA_NAME_TWICE, ROOT, where, self._reader.root, name)
        for field, name in self._java.spoilt_defaults():
            root = self._reader.root
            at = child(field.pointer, "default"), root.pointer
            spoilt = Mismatch(Rule.JAVA_DEFAULT_SPOILT, field.name, field.type, root, *at, name)
            self.mismatches.append(spoilt)

    def _meet(self, written: Type, read: Type, path: str) -> None:
        w, r = self._writer.resolve(written), self._reader.resolve(read)
        match w, r:
            case UnionType(), _:
                for branch in w.branches:
                    self._branch(branch, w, read, _into(path, w, branch))
            case _, UnionType():
                picked = self._branch(written, w, read, path)
                if picked is not None and self._fastavro.loses(written, picked):
                    self._mismatch(Rule.FASTAVRO_LOOKUP, path, written, picked)
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
                self._mismatch(rule, path, written, read)

    def _branch(self, branch: Type, whole: Resolved, read: Type, path: str) -> Type | None:
        """Let one written type meet what a reader takes; return the reader's branch if any."""
        r = self._reader.resolve(read)
        offered = r.branches if isinstance(r, UnionType) else (read,)
        picked = self._fastavro.branch(branch, offered)
        if picked is None:
            picked = self._meant(branch, whole, offered)
            if picked is None:
                self._mismatch(Rule.UNKNOWN_BRANCH, path, branch, read)
            else:
                self._meet(branch, picked, path)
            return None
        if isinstance(r, UnionType):
            java = self._java.branch(branch, offered)
            kinds = (self._writer.resolve(branch).kind, self._reader.resolve(picked).kind)
            if java is None and kinds[0] == kinds[1]:
                self._mismatch(Rule.OTHER_NAMESPACE, path, branch, picked)
                if kinds[0] != "record":
                    return picked
            elif java is not None and java is not picked:
                self.branches.append(BranchesMet(path, branch, r, picked, java))
        self._meet(branch, picked, path)
        return picked

    def _meant(self, branch: Type, whole: Resolved, offered: tuple[Type, ...]) -> Type | None:
        """Return the branch that an unmatched one was probably meant to be."""
        w = self._writer.resolve(branch)
        choices = [e for e in offered if self._reader.resolve(e).kind != "null"]
        if w.kind == "null" or not choices:
            return None
        if len(choices) == 1 and len(_values(whole)) == 1:
            return choices[0]
        return next((each for each in choices if self._alike(w, each)), None)

    def _alike(self, w: Resolved, each: Type) -> bool:
        r = self._reader.resolve(each)
        if isinstance(w, Fixed) and isinstance(r, Fixed):
            return _same_name(w.name, r.name)
        return w.kind == r.kind and w.kind in ("array", "map")

    def _named(self, w: Named, r: Named, written: Type, read: Type, path: str) -> None:
        if w.kind != r.kind:
            self._mismatch(Rule.OTHER_KIND, path, written, read)
            return
        if (w.pointer, r.pointer) in self._seen:
            return
        self._seen.add((w.pointer, r.pointer))
        at = child(w.pointer, "name"), child(r.pointer, "name")
        if not _same_name(w.name, r.name):
            self.mismatches.append(Mismatch(Rule.OTHER_NAME, path, w, r, *at))
            return
        if not self._java.same_name(w, r):
            self.mismatches.append(Mismatch(Rule.OTHER_NAMESPACE, path, w, r, *at))
        self.types.append(TypesMet(path, w, r))
        match w, r:
            case RecordType(), RecordType():
                self._queue.append((w, r, path))
            case EnumType(), EnumType():
                self._enums(w, r, path)
            case Fixed(), Fixed() if w.size != r.size:
                at = child(w.pointer, "size"), child(r.pointer, "size")
                self.mismatches.append(Mismatch(Rule.OTHER_SIZE, path, w, r, *at))
            case _:
                pass

    def _enums(self, w: EnumType, r: EnumType, path: str) -> None:
        if r.default is not None:
            return
        for number, symbol in enumerate(w.symbols):
            if symbol not in r.symbols:
                at = child(w.pointer, "symbols", number), child(r.pointer, "symbols")
                self.mismatches.append(Mismatch(Rule.UNKNOWN_SYMBOL, path, w, r, *at, name=symbol))

    def _records(self, w: RecordType, r: RecordType, path: str) -> None:
        prefix = "" if path == ROOT else f"{path}."
        java, fastavro = self._java.fields(w), self._fastavro.fields(w, r)
        for field in r.fields:
            inner = prefix + field.name
            claimed = [each for each in w.fields if each.name in (field.name, *field.aliases)]
            met = fastavro.get(field.name)
            if len(claimed) > 1:
                at = claimed[-1].pointer, field.pointer
                twice = Mismatch(Rule.CLAIMED_TWICE, inner, w, r, *at, field.name, field)
                self.mismatches.append(twice)
            elif java.get(field.name) is not met:
                places = PlacesDiffer(inner, w, field, java.get(field.name), met)
                self.places.append(places)
            if met is not None:
                self.fields.append(FieldsMet(inner, met, field))
                self._meet(met.type, field.type, inner)
            elif field.default is MISSING:
                at = child(w.pointer, "fields"), field.pointer
                missing = Mismatch(Rule.NO_DEFAULT, inner, w, r, *at, field.name, field)
                self.mismatches.append(missing)
            else:
                self.defaults.append(DefaultRead(inner, w, field))

    def _mismatch(self, rule: Rule, path: str, written: Type, read: Type, name: str = "") -> None:
        at = written.pointer, read.pointer
        self.mismatches.append(Mismatch(rule, path, written, read, *at, name))


def _same_name(writer: Name, reader: Name) -> bool:
    """Whether two types of one kind match: by name without namespace, as since 1.8, or alias."""
    return writer.simple == reader.simple or writer.full in reader.aliases


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
