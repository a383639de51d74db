"""Simulated readings: the tutorial's sensors, and plausible values for any other event."""

from __future__ import annotations

import itertools
import random
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from freezer_events.avro.finite import depth_of, depths_of
from freezer_events.avro.forms import required
from freezer_events.avro.model import model_of, scalar_of
from freezer_events.avro.obeying import obeying, obeying_record
from freezer_events.avro.parse.types import ArrayType, EnumType, MapType, RecordType, UnionType
from freezer_events.avro.scalars import scalar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from freezer_events.avro.parse.types import RecordField, Type
    from freezer_events.event import EventType

_STRING: Final = scalar("string")


class Simulator:
    """Events made up from the schema: the fields that a reading must bring, each by its type.

    Args:
        event_type: what to simulate.
        count: how many; 0 for no end.
        sensors: how many keys, taken in turn: sensor0, sensor1, …
        seed: the same seed gives the same values; None gives others each time.

    """

    def __init__(
        self, event_type: EventType, *, count: int, sensors: int = 3, seed: int | None = None
    ) -> None:
        model = model_of(event_type)
        needed = required(event_type)
        self._model = model
        self._record = event_type.record
        self._names = model.attributes[model.root.name.full]
        self._fields = [each for each in model.root.fields if each.name in needed]
        self._count = count
        self._values = _Values(event_type, random.Random(seed))  # noqa: S311 - simulated, not secret
        self._key = event_type.key
        self._keys = [self._key_value(number) for number in range(sensors)] if self._key else []

    def __iter__(self) -> Iterator[Any]:
        """Yield the events."""
        for number in range(self._count) if self._count else itertools.count():
            yield obeying_record(self._model, self._model.root, partial(self._event, number))

    def _event(self, number: int) -> Any:
        return self._record(
            **{self._names[each.name]: self._value(each, number) for each in self._fields}
        )

    def _value(self, field: RecordField, number: int) -> Any:
        if self._names[field.name] == self._key:
            return self._keys[number % len(self._keys)]
        return self._values.obeying(field)

    def _key_value(self, number: int) -> Any:
        """Return the key of one sensor: a number for text, else any value of its type."""
        field = next(each for each in self._fields if self._names[each.name] == self._key)
        if self._values.is_text(field.type):
            return f"{field.name.removesuffix('_id')}{number}"
        return self._values.obeying(field)


class _Values:
    """Random typed values."""

    def __init__(self, event_type: EventType, source: random.Random) -> None:
        self._random = source
        self._types = event_type.types
        self._model = model_of(event_type)
        self._depths = depths_of(self._model.schema)

    def is_text(self, use: Type) -> bool:
        """Tell whether a type is a plain string."""
        return scalar_of(self._model.resolve(use)) == _STRING

    def obeying(self, field: RecordField) -> Any:
        """Return a value of one of the event's own fields that obeys its rules."""
        make = partial(self.of, field.type)
        return obeying(self._model, self._model.root, field.name, make)

    def of(self, use: Type) -> Any:  # noqa: PLR0911 - one return per kind
        """Return a value of a type."""
        of = self._model.resolve(use)
        match of:
            case UnionType(branches=branches):
                if any(each.kind == "null" for each in self._model.branches(of)):
                    return None
                # The first one, or the way to the end of a type that contains itself.
                return self.of(min(branches, key=lambda each: depth_of(each, self._depths)))
            case ArrayType():
                return []
            case MapType():
                return {}
            case EnumType(symbols=symbols):
                return self._types[of.name.full](self._random.choice(symbols))
            case RecordType():
                return self._record(of)
        found = scalar_of(of)
        assert found is not None  # noqa: S101 - nothing else is left
        return found.random(self._random)

    def _record(self, of: RecordType) -> Any:
        names = self._model.attributes[of.name.full]
        values = {
            names[each.name]: obeying(self._model, of, each.name, partial(self.of, each.type))
            for each in of.fields
        }
        return self._types[of.name.full](**values)
