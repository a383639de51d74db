"""Example values of a schema: the least that fits it, and the most."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from freezer_events.avro.finite import ENDLESS, depth_of, depths_of
from freezer_events.avro.model import scalar_of
from freezer_events.avro.parse import types

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freezer_events.avro.parse import Schema

_DEEP: Final = 4


def examples(schema: Schema) -> list[Any]:
    """Return two data of the schema: unions at their first branch, then at their last.

    In the second one arrays and maps have an element, and enums are at their last symbol. Values
    are Avro's own, without logical types: a timestamp is its number, a uuid its text.

    Raises:
        SchemaError: no value fits, because a record always holds another one of its kind.

    """
    depths = depths_of(schema)
    if depth_of(schema.root, depths) == ENDLESS:
        raise schema.error("", "no value fits: it always holds another one of its kind")
    return [_Maker(schema, depths, most=most).make(schema.root) for most in (False, True)]


class _Maker:
    def __init__(self, schema: Schema, depths: Mapping[str, int], *, most: bool) -> None:
        self._schema = schema
        self._depths = depths
        self._most = most
        self._depth = 0

    def make(self, of: types.Type) -> Any:
        resolved = self._schema.resolve(of)
        match resolved:
            case types.UnionType(branches=branches):
                return self._branch(branches)
            case types.ArrayType(items=items):
                return [self.make(items)] if self._full else []
            case types.MapType(values=values):
                return {"key": self.make(values)} if self._full else {}
            case types.EnumType(symbols=symbols):
                return symbols[-1 if self._most else 0]
            case types.RecordType() as record:
                return self._record(record)
        scalar = scalar_of(resolved)
        assert scalar is not None  # noqa: S101 - nothing else is left
        return scalar.examples[self._most]

    @property
    def _full(self) -> bool:
        return self._most and self._depth < _DEEP

    def _branch(self, branches: tuple[types.Type, ...]) -> Any:
        finite = [each for each in branches if depth_of(each, self._depths) != ENDLESS]
        chosen = finite[-1 if self._most else 0]
        if self._depth >= _DEEP:  # the shortest way to the end of a recursive type
            chosen = min(finite, key=lambda each: depth_of(each, self._depths))
        made = self.make(chosen)
        resolved = self._schema.resolve(chosen)
        # fastavro's way of saying which record of a union is meant.
        return (resolved.name.full, made) if isinstance(resolved, types.RecordType) else made

    def _record(self, record: types.RecordType) -> dict[str, Any]:
        self._depth += 1
        made = {field.name: self.make(field.type) for field in record.fields}
        self._depth -= 1
        return made
