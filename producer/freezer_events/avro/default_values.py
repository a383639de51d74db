"""Typed values of a schema's defaults: what a reader puts where a writer had nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from freezer_events.avro.bad_value import BadValue
from freezer_events.avro.model import model_of, scalar_of
from freezer_events.avro.parse.defaults import unfit
from freezer_events.avro.parse.types import (
    ArrayType,
    EnumType,
    MapType,
    RecordType,
    UnionType,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from freezer_events.avro.parse.types import RecordField, Type
    from freezer_events.event import EventType


class MismatchError(BadValue):
    """The writer's type is none that the reader can take, or a default makes no value."""


class Defaults:
    """Typed values of the defaults in an event's schema."""

    def __init__(self, event_type: EventType) -> None:
        self._model = model_of(event_type)
        self._types = event_type.types

    def maker(self, field: RecordField) -> Callable[[], Any]:
        """Return the function that makes a field's default, a new one each time.

        Raises:
            MismatchError: it makes no typed value.

        """
        self._checked(field)
        return lambda: self.value(field.type, field.default)

    def _checked(self, field: RecordField) -> None:
        try:
            self.value(field.type, field.default)
        except (ValueError, OverflowError) as error:
            raise MismatchError("", f"the default of {field.name} is none: {error}") from error

    def value(self, use: Type, given: Any) -> Any:
        """Return the typed value of a default, which fits its type."""
        of = self._model.resolve(use)
        match of:
            case UnionType():
                return self._union(of, given)
            case ArrayType():
                return [self.value(of.items, each) for each in given]
            case MapType():
                return {key: self.value(of.values, each) for key, each in given.items()}
            case EnumType():
                return self._types[of.name.full](given)
            case RecordType():
                return self._record(of, given)
        found = scalar_of(of)
        assert found is not None  # noqa: S101 - nothing else is left
        if found.base in {"bytes", "fixed"}:
            given = given.encode("latin-1")
        return found.typed(float(given) if found.base in {"float", "double"} else given)

    def _record(self, of: RecordType, given: Any) -> Any:
        names = self._model.attributes[of.name.full]
        # A record that is a default may leave out what has a default itself.
        values = {
            names[each.name]: self.value(each.type, given.get(each.name, each.default))
            for each in of.fields
        }
        return self._types[of.name.full](**values)

    def _union(self, of: UnionType, given: Any) -> Any:
        """Return the value in the first branch that it fits."""
        for each in of.branches:
            if unfit(given, each, "", self._model.schema.names) is None:
                return self.value(each, given)
        raise MismatchError("", "it fits no branch of the union")


def default_value(event_type: EventType, record: str, field: str) -> Any:
    """Return a new value of a field's default: what its attribute has when nothing is given.

    Args:
        event_type: the event.
        record: full name of the field's record.
        field: the field's name in the schema.

    """
    model = model_of(event_type)
    found = next(each for each in model.records if each.name.full == record)
    one = next(each for each in found.fields if each.name == field)
    return Defaults(event_type).value(one.type, one.default)
