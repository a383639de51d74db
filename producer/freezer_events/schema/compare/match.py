"""Which types match which: names, aliases and promotions, by the specification and by fastavro.

The two differ, and both count: fastavro reads in this project, other implementations and the
registry's own check read by the specification. What is found here:

- Names match without their namespace in both, as the specification has it since 1.8.
- An unqualified alias stands in the namespace of its type (specification, Java). fastavro takes
  it for any namespace.
- In a reader's union fastavro takes the first branch that matches without looking inside of
  records, as the specification says. Java prefers the branch of the same full name and type.
- fastavro matches named types of one name whatever their kind, and fails, or reads bytes, later.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from freezer_events.avro.parse.types import (
    ArrayType,
    EnumType,
    Fixed,
    MapType,
    Name,
    RecordType,
    Resolved,
    Type,
    UnionType,
)

if TYPE_CHECKING:
    from freezer_events.avro.parse import Schema

PROMOTIONS: Final = {
    "int": ("long", "float", "double"),
    "long": ("float", "double"),
    "float": ("double",),
    "string": ("bytes",),
    "bytes": ("string",),
}
"""What a reader may expect, by what was written (Avro 1.12, Schema Resolution)."""


def promotable(written: str, read: str) -> bool:
    """Whether every value of one primitive kind can be read as the other."""
    return read in PROMOTIONS.get(written, ())


def same_name(writer: Name, reader: Name) -> bool:
    """Whether the specification matches the names of two types of one kind."""
    return writer.simple == reader.simple or writer.full in reader.aliases


def first_match(written: Type, branches: tuple[Type, ...], sides: Sides) -> Type | None:
    """Return the branch that fastavro reads a value as, or None."""
    return next((each for each in branches if sides.match(written, each)), None)


def best_match(written: Type, branches: tuple[Type, ...], sides: Sides) -> Type | None:
    """Return the branch that Java reads a value as: of the same type and full name, else first."""
    wanted = sides.writer.resolve(written)
    for each in branches:
        branch = sides.reader.resolve(each)
        if branch.kind == wanted.kind and _full(branch) == _full(wanted):
            return each if sides.match(written, each) else None
    return first_match(written, branches, sides)


class Sides:
    """The writer's schema and the reader's, to look names up in."""

    def __init__(self, writer: Schema, reader: Schema) -> None:
        self.writer = writer
        self.reader = reader

    def match(self, written: Type, read: Type) -> bool:
        """Whether fastavro takes two types for each other before it looks inside of records."""
        w, r = self.writer.resolve(written), self.reader.resolve(read)
        match w, r:
            case (UnionType(), _) | (_, UnionType()):
                return True
            case ArrayType(), ArrayType():
                return self.match(w.items, r.items)
            case MapType(), MapType():
                return self.match(w.values, r.values)
            case ((RecordType() | EnumType() | Fixed()), (RecordType() | EnumType() | Fixed())):
                return _fastavro_name(w.name, r.name) and _size(w, r) == _size(r, w)
            case _:
                return w.kind == r.kind or promotable(w.kind, r.kind)


def _fastavro_name(writer: Name, reader: Name) -> bool:
    known = (writer.simple == reader.simple, writer.full in reader.written)
    return any(known) or writer.simple in reader.written


def _size(one: Resolved, other: Resolved) -> int:
    """Return a fixed's size where both are fixed; others do not differ in size."""
    return one.size if isinstance(one, Fixed) and isinstance(other, Fixed) else 0


def _full(each: Resolved) -> str:
    return each.name.full if isinstance(each, RecordType | EnumType | Fixed) else ""
