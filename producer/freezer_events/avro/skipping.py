"""Pass over a writer's values: what their schema says, with nothing kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from freezer_events.avro.parse.types import (
    ArrayType,
    EnumType,
    Fixed,
    MapType,
    RecordType,
    UnionType,
)

if TYPE_CHECKING:
    from freezer_events.avro.binary import Read
    from freezer_events.avro.parse import Schema
    from freezer_events.avro.parse.types import Type
    from freezer_events.avro.reads import PythonReads


class Skipper:
    """Reads a writer's values and forgets them."""

    def __init__(self, writer: Schema, reads: PythonReads) -> None:
        self._writer = writer
        self._reads = reads
        self._records: dict[str, Read] = {}

    def of(self, use: Type) -> Read:  # noqa: PLR0911 - one return per kind
        """Return the function that passes over a value of a type."""
        w = self._writer.resolve(use)
        match w:
            case ArrayType():
                return self._reads.array(self.of(w.items))
            case MapType():
                return self._reads.map(self.of(w.values))
            case EnumType():
                return self._reads.primitive("long", 0)
            case UnionType():
                return self._reads.union([self.of(each) for each in w.branches])
            case RecordType():
                return self._record(w)
            case Fixed(size=size):
                return self._reads.primitive("fixed", size)
        return self._reads.primitive(w.kind, 0)

    def _record(self, w: RecordType) -> Read:
        name = w.name.full
        if name not in self._records:
            readers: list[Read] = []
            self._records[name] = self._reads.fields(readers)  # now: it may hold itself
            readers += [self.of(field.type) for field in w.fields]
        return self._records[name]
