"""Example events of a schema: the least that fits it, and the most."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from freezer_events.avro.finite import ENDLESS, depth_of, depths_of
from freezer_events.avro.model import model_of, scalar_of
from freezer_events.avro.obeying import obeying
from freezer_events.avro.parse import types

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freezer_events.event import EventType

_DEEP: Final = 4


def examples(event_type: EventType) -> list[Any]:
    """Return two events: one whose unions are at their first branch, and one at their last.

    In the second one arrays and maps have an element, and enums are at their last symbol.

    Raises:
        SchemaError: no value fits, because a record always holds another one of its kind.

    """
    schema = model_of(event_type).schema
    depths = depths_of(schema)
    if depth_of(schema.root, depths) == ENDLESS:
        raise schema.error("", "no value fits: it always holds another one of its kind")
    return [_Maker(event_type, depths, most=most).make(schema.root) for most in (False, True)]


class _Maker:
    def __init__(self, event_type: EventType, depths: Mapping[str, int], *, most: bool) -> None:
        self._model = model_of(event_type)
        self._types = event_type.types
        self._depths = depths
        self._most = most
        self._depth = 0

    def make(self, of: types.Type) -> Any:
        resolved = self._model.resolve(of)
        match resolved:
            case types.UnionType(branches=branches):
                return self.make(self._branch(branches))
            case types.ArrayType(items=items):
                return [self.make(items)] if self._full else []
            case types.MapType(values=values):
                return {"key": self.make(values)} if self._full else {}
            case types.EnumType(symbols=symbols):
                return self._types[resolved.name.full](symbols[-1 if self._most else 0])
            case types.RecordType():
                return self._record(resolved)
        scalar = scalar_of(resolved)
        assert scalar is not None  # noqa: S101 - nothing else is left
        return scalar.typed(scalar.examples[self._most])

    @property
    def _full(self) -> bool:
        return self._most and self._depth < _DEEP

    def _branch(self, branches: tuple[types.Type, ...]) -> types.Type:
        finite = [each for each in branches if depth_of(each, self._depths) != ENDLESS]
        if self._depth >= _DEEP:  # the shortest way to the end of a recursive type
            return min(finite, key=lambda each: depth_of(each, self._depths))
        return finite[-1 if self._most else 0]

    def _record(self, record: types.RecordType) -> Any:
        self._depth += 1
        names = self._model.attributes[record.name.full]
        made = {
            names[field.name]: obeying(
                self._model, record, field.name, partial(self.make, field.type)
            )
            for field in record.fields
        }
        self._depth -= 1
        return self._types[record.name.full](**made)
