"""Pass over a writer's values: what their schema says, with nothing kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from freezer_events.avro import binary
from freezer_events.avro.parse.types import (
    ArrayType,
    EnumType,
    Fixed,
    MapType,
    RecordType,
    UnionType,
)

if TYPE_CHECKING:
    from freezer_events.avro.binary import Cursor, Read
    from freezer_events.avro.parse import Schema
    from freezer_events.avro.parse.types import Type


class Skipper:
    """Reads a writer's values and forgets them."""

    def __init__(self, writer: Schema) -> None:
        self._writer = writer
        self._records: dict[str, Read] = {}

    def of(self, use: Type) -> Read:  # noqa: PLR0911 - one return per kind
        """Return the function that passes over a value of a type."""
        w = self._writer.resolve(use)
        match w:
            case ArrayType():
                return array_of(self.of(w.items))
            case MapType():
                return map_of(self.of(w.values))
            case EnumType():
                return binary.read_long
            case UnionType():
                readers = [self.of(each) for each in w.branches]

                def read(cursor: Cursor) -> Any:
                    index = binary.read_long(cursor)
                    if not 0 <= index < len(readers):
                        raise binary.DamagedError(f"has branch {index} of {len(readers)}")
                    return readers[index](cursor)

                return read
            case RecordType():
                return self._record(w)
            case Fixed(size=size):
                return binary.read_fixed(size)
        return binary.PRIMITIVES[w.kind]

    def _record(self, w: RecordType) -> Read:
        name = w.name.full
        if name not in self._records:
            readers: list[Read] = []

            def read(cursor: Cursor) -> None:
                cursor.enter()
                for each in readers:
                    each(cursor)
                cursor.depth -= 1

            self._records[name] = read  # now, because it may hold itself
            readers += [self.of(field.type) for field in w.fields]
        return self._records[name]


def array_of(item: Read) -> Read:
    """Return the function that reads an array of items."""

    def read(cursor: Cursor) -> list[Any]:
        cursor.enter()
        found: list[Any] = []
        for count in binary.blocks(cursor):
            for _ in range(count):
                found.append(item(cursor))  # noqa: PERF401 - one frame less for each level
        cursor.depth -= 1
        return found

    return read


def map_of(item: Read) -> Read:
    """Return the function that reads a map of items."""

    def read(cursor: Cursor) -> dict[str, Any]:
        cursor.enter()
        found: dict[str, Any] = {}
        for count in binary.blocks(cursor):
            for _ in range(count):
                key = binary.read_string(cursor)
                found[key] = item(cursor)
        cursor.depth -= 1
        return found

    return read
