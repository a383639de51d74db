"""Readings in golden files of form 1: Avro's own values, without logical types.

A timestamp was its number, bytes were `{"bytes": hex}`, and a record of a union of several was
`[name, fields]`. Of other types of a union nothing said which one it was.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from freezer_events.avro.forms.branches import Branches
from freezer_events.avro.model import model_of, scalar_of
from freezer_events.avro.parse.types import ArrayType, EnumType, MapType, RecordType, UnionType

if TYPE_CHECKING:
    from freezer_events.avro.parse.types import Type
    from freezer_events.event import EventType

_PAIR = 2  # a record's name and its fields


def agrees(event_type: EventType, event: Any, wanted: Any) -> bool:
    """Tell whether an event is what a reading of form 1 says, all the way down."""
    walk = _Comparison(event_type)
    return walk.alike(model_of(event_type).root, event, wanted)


class _Comparison:
    def __init__(self, event_type: EventType) -> None:
        self._model = model_of(event_type)
        self._types = event_type.types

    def alike(self, use: Type, value: Any, wanted: Any) -> bool:
        of = self._model.resolve(use)
        match of:
            case RecordType():
                return self._record(of, value, wanted)
            case EnumType():
                return type(value) is self._types[of.name.full] and str(value) == wanted
            case ArrayType():
                pairs = zip(value, wanted, strict=False) if isinstance(wanted, list) else ()
                same = isinstance(wanted, list) and len(value) == len(wanted)
                return same and all(self.alike(of.items, v, w) for v, w in pairs)
            case MapType():
                same = isinstance(wanted, dict) and value.keys() == wanted.keys()
                return same and all(self.alike(of.values, value[k], wanted[k]) for k in value)
            case UnionType():
                return self._union(of, value, wanted)
        return self._scalar(of, value, wanted)

    def _record(self, of: RecordType, value: Any, wanted: Any) -> bool:
        names = self._model.attributes[of.name.full]
        if type(value) is not self._types[of.name.full] or not isinstance(wanted, dict):
            return False
        return wanted.keys() == names.keys() and all(
            self.alike(field.type, getattr(value, names[field.name]), wanted[field.name])
            for field in of.fields
        )

    def _union(self, of: UnionType, value: Any, wanted: Any) -> bool:
        if value is None or wanted is None:
            return value is wanted
        branches = self._model.branches(of)
        branch = branches[Branches(self._model, of, self._types).of_value(value)]
        records = [each for each in branches if isinstance(each, RecordType)]
        if isinstance(branch, RecordType) and len(records) > 1:
            if not isinstance(wanted, list) or len(wanted) != _PAIR:
                return False
            name, wanted = wanted
            if name not in {branch.name.full, branch.name.simple, *branch.name.aliases}:
                return False
        return self.alike(branch, value, wanted)

    def _scalar(self, of: Any, value: Any, wanted: Any) -> bool:
        found = scalar_of(of)
        assert found is not None  # noqa: S101 - nothing else is left
        try:
            if found.base in {"bytes", "fixed"}:
                wanted = bytes.fromhex(wanted["bytes"])
            typed = found.typed(wanted)
        except (TypeError, ValueError, KeyError, OverflowError):
            return False
        return isinstance(typed, bool) is isinstance(value, bool) and bool(typed == value)
