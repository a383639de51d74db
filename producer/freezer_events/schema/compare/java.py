"""How Java's Avro (1.12) resolves, where that is its own way: aliases, union branches, defaults.

- An alias rewrites the writer's schema before anything is resolved (`Schema.applyAliases`): a
  field of that name is then called as the reader's field is, even where the reader still has a
  field of the old name. Of two that claim a name the last has it, and a type comes last where it
  is used last, not where it is written. It does so twice (`GenericDatumReader`, then `Resolver`),
  so that a name may move on by two. What comes out with a name twice is an error, and so is a
  default of the writer's that has a renamed field in it.
- A field's alias applies to the record of the same full name only.
- A fixed and an enum match by full name, also outside of unions; a record there by nothing.
- In a reader's union the branch of the same type and full name is taken; without one the first
  that a number or text is promoted to (`Resolver.ReaderUnion`).
- A union's default goes to the first branch that takes JSON of that sort, and a record, enum, array
  or map takes everything (`ResolvingGrammarGenerator.encode`). An empty array as the default of a
  field that is a union fails (`GenericData.getDefaultValue`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from freezer_events.avro.parse.defaults import unfit
from freezer_events.avro.parse.types import (
    MISSING,
    ArrayType,
    EnumType,
    Fixed,
    MapType,
    Primitive,
    RecordType,
    UnionType,
)
from freezer_events.avro.promotion import promotable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from freezer_events.avro.parse import Schema
    from freezer_events.avro.parse.types import Named, RecordField, Resolved, Type


class JavaReader:
    """Java's reader with one schema, for what was written with another."""

    def __init__(self, writer: Schema, reader: Schema) -> None:
        self._writer = writer
        self._reader = reader
        # The last of two that claim a name has it.
        self._types = {
            alias: each.name.full
            for each in _in_javas_order(reader, reader.root, set())
            for alias in each.name.aliases
        }
        self._fields = {
            each.name.full: {alias: f.name for f in each.fields for alias in f.aliases}
            for each in reader.names.values()
            if isinstance(each, RecordType)
        }

    def name(self, written: Named) -> str:
        """Return the full name that a written type has after the reader's aliases."""
        return self._names(written)[-1]

    def field_name(self, written: RecordType, field: str) -> str:
        """Return the name that a written field has after the reader's aliases."""
        return self._field_names(written, field)[-1]

    def _names(self, written: Named) -> tuple[str, str]:
        once = self._types.get(written.name.full, written.name.full)
        return once, self._types.get(once, once)

    def _field_names(self, written: RecordType, field: str) -> tuple[str, str]:
        first, second = (self._fields.get(name, {}) for name in self._names(written))
        once = first.get(field, field)
        return once, second.get(once, once)

    def fields(self, written: RecordType) -> Mapping[str, RecordField]:
        """Return the written fields by the names that the reader looks them up by."""
        return {self.field_name(written, field.name): field for field in written.fields}

    def repeated(self) -> Iterator[tuple[Named, str]]:
        """Yield what the reader's aliases give one name twice, anywhere in the writer's schema."""
        there: set[str] = set()
        for named in self._writer.names.values():
            if self.name(named) in there:
                yield named, self.name(named)
            there.add(self.name(named))
            if isinstance(named, RecordType):
                names = [self.field_name(named, field.name) for field in named.fields]
                twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
                yield from ((named, name) for name in twice)

    def spoilt_defaults(self) -> Iterator[tuple[RecordField, str]]:
        """Yield the writer's fields whose default has a field in it that is renamed."""
        for named in self._writer.names.values():
            for field in named.fields if isinstance(named, RecordType) else ():
                if field.default is not MISSING:
                    renamed = self._renamed(field.default, field.type)
                    yield from ((field, name) for name in renamed)

    def _renamed(self, value: Any, use: Type) -> Iterator[str]:
        each = self._writer.resolve(use)
        match each:
            case UnionType():
                fits = (b for b in each.branches if not unfit(value, b, "", self._writer.names))
                yield from self._renamed(value, next(fits))
            case ArrayType():
                for item in value:
                    yield from self._renamed(item, each.items)
            case MapType():
                for item in value.values():
                    yield from self._renamed(item, each.values)
            case RecordType():
                for field in (f for f in each.fields if f.name in value):
                    if {*self._field_names(each, field.name)} != {field.name}:
                        yield field.name
                    yield from self._renamed(value[field.name], field.type)
            case _:
                pass

    def same_name(self, written: Named, read: Named) -> bool:
        """Whether two types of one kind match where no union is read."""
        return isinstance(written, RecordType) or self.name(written) == read.name.full

    def branch(self, written: Type, branches: tuple[Type, ...]) -> Type | None:
        """Return the branch that a value is read as, or None.

        A record without a branch of its name is read as one that it happens to fit; that is left
        out here, as nobody who renames a type means it.
        """
        wanted = self._writer.resolve(written)
        for each in branches:
            found = self._reader.resolve(each)
            if found.kind == wanted.kind and self._called_alike(wanted, found):
                return each
        kinds = ((each, self._reader.resolve(each).kind) for each in branches)
        return next((each for each, kind in kinds if promotable(wanted.kind, kind)), None)

    def _called_alike(self, written: Resolved, read: Resolved) -> bool:
        match written, read:
            case ((RecordType() | EnumType() | Fixed()), (RecordType() | EnumType() | Fixed())):
                return self.name(written) == read.name.full
            case _:
                return True


def _in_javas_order(schema: Schema, use: Type, seen: set[str]) -> Iterator[Named]:
    """Yield named types as `Schema.getAliases` comes by them: at every use, the fields once."""
    each = schema.resolve(use)
    if isinstance(each, RecordType | EnumType | Fixed):
        yield each
    inner: tuple[Type, ...] = ()
    match each:
        case RecordType() if each.name.full not in seen:
            seen.add(each.name.full)
            inner = tuple(field.type for field in each.fields)
        case ArrayType():
            inner = (each.items,)
        case MapType():
            inner = (each.values,)
        case UnionType():
            inner = each.branches
        case _:
            pass
    for one in inner:
        yield from _in_javas_order(schema, one, seen)


def misread_default(field: RecordField, schema: Schema) -> str:
    """Return what Java makes of a field's default that is not what it says, or "".

    Begins with "fails" where no value comes of it.
    """
    if field.default == [] and isinstance(schema.resolve(field.type), UnionType):
        return "fails on an empty array as the default of a union"
    return _misread(field.default, field.type, schema)


def _misread(value: Any, use: Type, schema: Schema) -> str:
    each = schema.resolve(use)
    match each:
        case UnionType():
            return _misread_union(value, each, schema)
        case ArrayType():
            inner = [_misread(item, each.items, schema) for item in value]
        case MapType():
            inner = [_misread(item, each.values, schema) for item in value.values()]
        case RecordType():
            given = ((field, value.get(field.name, field.default)) for field in each.fields)
            inner = [_misread(v, field.type, schema) for field, v in given]
        case _:
            return ""
    return next(filter(None, inner), "")


def _misread_union(value: Any, union: UnionType, schema: Schema) -> str:
    meant = next(b for b in union.branches if unfit(value, b, "", schema.names) is None)
    taken = next(b for b in union.branches if _takes(schema.resolve(b), value))
    if taken is meant:
        return _misread(value, meant, schema)
    found = schema.resolve(taken)
    match found:
        case EnumType() | ArrayType():
            return f"fails: it takes it for the {found.kind}"
        case RecordType() if any(field.default is MISSING for field in found.fields):
            return "fails: it takes it for the record"
        case _:
            return f"takes it for the {found.kind}"


def _takes(branch: Resolved, value: Any) -> bool:
    match branch:
        case Primitive(kind="null"):
            return value is None
        case Primitive(kind="boolean"):
            return isinstance(value, bool)
        case Primitive(kind="string" | "bytes") | Fixed():
            return isinstance(value, str)
        case Primitive():
            return isinstance(value, int | float) and not isinstance(value, bool)
        case _:
            return True
