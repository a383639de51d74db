"""Fill in what a reading did not bring and the producer supplies: now, uuids, count per key.

The one place where that happens, for every source and for `send` alike.
"""

from __future__ import annotations

import json
import threading
import uuid
from collections import Counter
from dataclasses import fields
from datetime import date, time
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from freezer_events.avro.model import model_of, scalar_of_field
from freezer_events.event import twin

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from freezer_events.event import EventType, Fill


_OF_EVENTS: Final = uuid.UUID("9a1d2f04-6c0e-5b8e-9f43-0d6a1c5f7e21")
"""The namespace of uuids that are made of an event's values: RFC 9562, section 6.5."""


class Filler:
    """Fill the events of one type; `count` goes on from event to event, from 1 for each key.

    Args:
        event_type: whose events.
        live: they are made now; `now` is not the time of a reading from a file.

    """

    def __init__(self, event_type: EventType, *, live: bool = True) -> None:
        self.event_type = event_type
        self._counts: Counter[Any] = Counter()
        self._before: Mapping[str, int] = {}
        self._here = threading.local()
        self._event = event_type.name
        self._key = event_type.key
        ways = {name: way for name, way in event_type.fill.items() if live or way != "now"}
        self._times = {name for name, way in ways.items() if way == "now"}
        made_of = {name: way for name, way in ways.items() if ":" in way}
        self._makers = tuple(
            (name, self._maker(event_type, name, way))
            for name, way in ways.items()
            if name not in made_of
        )
        self._derived = tuple(
            (name, self._of_fields(way.partition(":")[2])) for name, way in made_of.items()
        )
        self._record = event_type.record
        self._names = [each.name for each in fields(event_type.record)]

    @cached_property
    def _twin(self) -> type[Any]:
        """Made when it is needed: most events have nothing to be filled in."""
        return twin(self._record, self._names)

    def leave_out_now(self) -> None:
        """Fill no times any more: what comes was not made now."""
        self._makers = tuple(each for each in self._makers if each[0] not in self._times)

    def __call__(self, event: Any) -> Any:
        """Return the event, or a copy in which declared fields that were None have a value."""
        missing = {name: make(event) for name, make in self._makers if getattr(event, name) is None}
        for name, derive in self._derived:
            if getattr(event, name) is None:
                missing[name] = derive(event, missing)
        if not missing or type(event) is not self._record:
            return event  # no encoder takes an object of another class
        values = [getattr(event, name) for name in self._names]
        filled: Any = self._twin(*values)
        for name, value in missing.items():
            setattr(filled, name, value)
        filled.__class__ = self._record
        return filled

    def _maker(self, event_type: EventType, name: str, way: Fill) -> Callable[[Any], Any]:
        match way:
            case "now":
                now = scalar_of_field(model_of(event_type), name).now
                return lambda _: now()
            case "uuid":
                return lambda _: uuid.uuid4()
            case _:
                return self._count

    def go_on(self, counts: Mapping[str, int]) -> None:
        """Count on from the last numbers of an earlier process, by the text of the key."""
        self._before = counts

    def counted(self) -> tuple[str, str, int] | None:
        """Return, once, what was last counted in this thread: event, text of the key, number."""
        found: tuple[Any, int] | None = getattr(self._here, "counted", None)
        if found is None:
            return None
        self._here.counted = None
        key, number = found
        return self._event, "" if key is None else str(key), number

    def _of_fields(self, names: str) -> Callable[[Any, Mapping[str, Any]], uuid.UUID | None]:
        """Return what makes the same uuid of the same values, in every run.

        There is none where one of the values is not there: two readings of one sensor without a
        time would be one.
        """
        by_name = {name: attribute for attribute, name in self.event_type.model.fields.items()}
        attributes = [by_name[name] for name in names.split(",")]
        event = self.event_type.name

        def derived(given: Any, filled: Mapping[str, Any]) -> uuid.UUID | None:
            values = [filled.get(each, getattr(given, each)) for each in attributes]
            if any(value is None for value in values):
                return None
            named = json.dumps([event, *map(_as_text, values)], ensure_ascii=False)
            return uuid.uuid5(_OF_EVENTS, named)

        return derived

    def _count(self, event: Any) -> int:
        key = getattr(event, self._key) if self._key else None
        counts = self._counts
        if key not in counts and self._before:
            counts[key] = self._before.get("" if key is None else str(key), 0)
        counts[key] = number = counts[key] + 1
        self._here.counted = (key, number)
        return number


def _as_text(value: Any) -> str:
    """Return a value's text, which is the same whatever version or machine it is of."""
    return value.isoformat() if isinstance(value, date | time) else str(value)
