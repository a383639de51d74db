"""Example values of a schema: the least that fits it, and the most."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from freezer_events.avro.parse import types

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freezer_events.avro.parse import Schema

_PRIMITIVES: Final[dict[str, tuple[Any, Any]]] = {
    "null": (None, None),
    "boolean": (False, True),
    "int": (0, 2**31 - 1),
    "long": (0, 2**63 - 1),
    "float": (0.0, -0.5),
    "double": (0.0, -18.1),
    "bytes": (b"", b"\x00\xff"),
    "string": ("", "sensor0 \u00e9\u4e16"),
}
_LOGICAL: Final[dict[str, Any]] = {
    "uuid": "00000000-0000-4000-8000-000000000001",
    "decimal": b"\x05",
    "timestamp-millis": 1_767_225_600_123,
    "timestamp-micros": 1_767_225_600_123_456,
    "local-timestamp-millis": 1_767_225_600_123,
    "local-timestamp-micros": 1_767_225_600_123_456,
    "date": 20_454,
    "time-millis": 43_200_000,
    "time-micros": 43_200_000_000,
}
_DEEP: Final = 4
_ENDLESS: Final = math.inf


def examples(schema: Schema) -> list[Any]:
    """Return two data of the schema: unions at their first branch, then at their last.

    In the second one arrays and maps have an element, and enums are at their last symbol. Values
    are Avro's own, without logical types: a timestamp is its number, a uuid its text.

    Raises:
        SchemaError: no value fits, because a record always holds another one of its kind.

    """
    depths = _depths(schema)
    if _depth(schema.root, depths) == _ENDLESS:
        raise schema.error("", "no value fits: it always holds another one of its kind")
    return [_Maker(schema, depths, most=most).make(schema.root) for most in (False, True)]


def _depths(schema: Schema) -> dict[str, int]:
    """Return how deep the least value of each named type is; one that has none is left out."""
    found: dict[str, int] = {}
    for level in range(len(schema.names)):
        reached = {
            name: level
            for name, named in schema.names.items()
            if name not in found and _inside(named, found) != _ENDLESS
        }
        if not reached:
            break
        found |= reached
    return found


def _depth(of: types.Type, depths: Mapping[str, int]) -> float:
    match of:
        case types.Ref(name=name):
            return depths.get(name, _ENDLESS)
        case types.RecordType() | types.EnumType() | types.Fixed():
            return depths.get(of.name.full, _ENDLESS)
        case types.UnionType(branches=branches):
            return min(_depth(each, depths) for each in branches)
        case _:
            return -1  # a primitive, or an array or map that can be empty


def _inside(named: types.Named, depths: Mapping[str, int]) -> float:
    if not isinstance(named, types.RecordType):
        return 0
    return max((_depth(field.type, depths) for field in named.fields), default=0)


class _Maker:
    def __init__(self, schema: Schema, depths: Mapping[str, int], *, most: bool) -> None:
        self._schema = schema
        self._depths = depths
        self._most = most
        self._depth = 0

    def make(self, of: types.Type) -> Any:  # noqa: PLR0911 - one return per kind
        match self._schema.resolve(of):
            case types.Primitive(kind=kind, logical=logical):
                if logical and not logical.ignored and logical.name in _LOGICAL:
                    return _LOGICAL[logical.name]
                return _PRIMITIVES[kind][self._most]
            case types.UnionType(branches=branches):
                return self._branch(branches)
            case types.ArrayType(items=items):
                return [self.make(items)] if self._full else []
            case types.MapType(values=values):
                return {"key": self.make(values)} if self._full else {}
            case types.EnumType(symbols=symbols):
                return symbols[-1 if self._most else 0]
            case types.Fixed(size=size):
                return bytes(range(size % 256)).ljust(size, b"\0")
            case types.RecordType() as record:
                return self._record(record)

    @property
    def _full(self) -> bool:
        return self._most and self._depth < _DEEP

    def _branch(self, branches: tuple[types.Type, ...]) -> Any:
        finite = [each for each in branches if _depth(each, self._depths) != _ENDLESS]
        chosen = finite[-1 if self._most else 0]
        if self._depth >= _DEEP:  # the shortest way to the end of a recursive type
            chosen = min(finite, key=lambda each: _depth(each, self._depths))
        made = self.make(chosen)
        resolved = self._schema.resolve(chosen)
        # fastavro's way of saying which record of a union is meant.
        return (resolved.name.full, made) if isinstance(resolved, types.RecordType) else made

    def _record(self, record: types.RecordType) -> dict[str, Any]:
        self._depth += 1
        made = {field.name: self.make(field.type) for field in record.fields}
        self._depth -= 1
        return made
