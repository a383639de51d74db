"""From typed values to JSON."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from freezer_events.avro.forms.branches import Branches
from freezer_events.avro.model import model_of, scalar_of
from freezer_events.avro.parse.types import ArrayType, EnumType, MapType, RecordType, UnionType

if TYPE_CHECKING:
    from collections.abc import Callable

    from freezer_events.avro.parse.types import Type
    from freezer_events.event import EventType

    Show = Callable[[Any], Any]


def to_json(event: Any) -> Any:
    """Return the JSON form of an event, which is of a generated class."""
    return _shower(event.__event__)(event)


@lru_cache(maxsize=64)
def _shower(event_type: EventType) -> Show:
    return _Shower(event_type).of(model_of(event_type).root)


class _Shower:
    """Builds a function for every type of one schema."""

    def __init__(self, event_type: EventType) -> None:
        self._model = model_of(event_type)
        self._types = event_type.types
        self._records: dict[str, Show] = {}

    def of(self, use: Type) -> Show:
        of = self._model.resolve(use)
        match of:
            case RecordType():
                return self._record(of)
            case EnumType():
                return str
            case ArrayType():
                item = self.of(of.items)
                return lambda value: [item(each) for each in value]
            case MapType():
                item = self.of(of.values)
                return lambda value: {key: item(each) for key, each in value.items()}
            case UnionType():
                return self._union(of)
        found = scalar_of(of)
        assert found is not None  # noqa: S101 - nothing else is left
        return found.to_json

    def _record(self, of: RecordType) -> Show:
        full = of.name.full
        if full not in self._records:
            names = self._model.attributes[full]
            members: list[tuple[str, str, Show]] = []

            def show(value: Any) -> Any:
                return {name: each(getattr(value, at)) for name, at, each in members}

            self._records[full] = show  # now, because it may hold itself
            members += [(each.name, names[each.name], self.of(each.type)) for each in of.fields]
        return self._records[full]

    def _union(self, of: UnionType) -> Show:
        branches = Branches(self._model, of, self._types)
        shows = [self.of(each) for each in of.branches]

        def show(value: Any) -> Any:
            if value is None:
                return None
            at = branches.of_value(value)
            plain = shows[at](value)
            return {branches.names[at]: plain} if branches.need_name(at, plain) else plain

        return show
