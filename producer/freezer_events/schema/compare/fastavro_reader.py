"""How fastavro (1.13) resolves, where that is its own way: names, aliases, union branches.

- Named types match by simple name, or by an alias as it is written, for any namespace, whatever
  their kind; where the kinds differ it fails, or reads bytes, later.
- A written field goes to the reader's field of its name, else to the one with such an alias; a
  field that two claim fails, unless the second can still go to an alias.
- In a reader's union the first branch that matches is taken, without a look inside of records.
- Where a type becomes a branch of a union, it looks the branch up by what stands in the union
  (`match_schemas` returns the branch unresolved) and fails where only one schema defines it there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from freezer_events.avro.parse.types import (
    ArrayType,
    EnumType,
    Fixed,
    MapType,
    RecordType,
    Ref,
    UnionType,
)
from freezer_events.avro.promotion import promotable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freezer_events.avro.parse import Schema
    from freezer_events.avro.parse.types import Name, RecordField, Resolved, Type


class FastavroReader:
    """fastavro's reader with one schema, for what was written with another."""

    def __init__(self, writer: Schema, reader: Schema) -> None:
        self._writer = writer
        self._reader = reader

    def fields(self, written: RecordType, read: RecordType) -> Mapping[str, RecordField]:
        """Return the written field that each of the reader's fields is read from, by name."""
        free = {field.name: field for field in read.fields}
        aliased = {alias: field for field in read.fields for alias in field.aliases}
        found: dict[str, RecordField] = {}
        for field in written.fields:
            place = free.get(field.name) or aliased.get(field.name)
            if place is not None and place.name in free:
                found[place.name] = field
                del free[place.name]
        return found

    def branch(self, written: Type, branches: tuple[Type, ...]) -> Type | None:
        """Return the branch that a value is read as, or None."""
        return next((each for each in branches if self.matches(written, each)), None)

    def matches(self, written: Type, read: Type) -> bool:
        """Whether two types are taken for each other before a look inside of records."""
        w, r = self._writer.resolve(written), self._reader.resolve(read)
        match w, r:
            case (UnionType(), _) | (_, UnionType()):
                return True
            case ArrayType(), ArrayType():
                return self.matches(w.items, r.items)
            case MapType(), MapType():
                return self.matches(w.values, r.values)
            case ((RecordType() | EnumType() | Fixed()), (RecordType() | EnumType() | Fixed())):
                return _same_name(w.name, r.name) and _size(w, r) == _size(r, w)
            case _:
                return w.kind == r.kind or promotable(w.kind, r.kind)

    def loses(self, written: Type, branch: Type) -> bool:
        """Whether it fails to look up the branch it has chosen, outside of a writer's union."""
        w = self._writer.resolve(written)
        if isinstance(written, Ref) == isinstance(branch, Ref):
            return False
        return isinstance(w, RecordType | EnumType) or (
            isinstance(w, Fixed) and isinstance(written, Ref)
        )


def _same_name(writer: Name, reader: Name) -> bool:
    known = (writer.simple == reader.simple, writer.full in reader.written)
    return any(known) or writer.simple in reader.written


def _size(one: Resolved, other: Resolved) -> int:
    """Return a fixed's size where both are fixed; others do not differ in size."""
    return one.size if isinstance(one, Fixed) and isinstance(other, Fixed) else 0
