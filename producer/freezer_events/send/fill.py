"""Fill in what a reading did not bring and the producer supplies: now, uuid, count per key.

The one place where that happens, for every source and for `send` alike.
"""

from __future__ import annotations

import uuid
from collections import Counter
from dataclasses import fields
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from freezer_events.event import twin

if TYPE_CHECKING:
    from collections.abc import Callable

    from freezer_events.event import EventType, Fill


class Filler:
    """Fill the events of one type; `count` goes on from event to event, from 1 for each key.

    Args:
        event_type: whose events.
        live: they are made now; `now` is not the time of a reading from a file.

    """

    def __init__(self, event_type: EventType, *, live: bool = True) -> None:
        self.event_type = event_type
        self._counts: Counter[Any] = Counter()
        self._key = event_type.key
        self._makers = tuple(
            (name, self._maker(way))
            for name, way in event_type.fill.items()
            if live or way != "now"
        )
        self._record = event_type.record
        self._names = [each.name for each in fields(event_type.record)]

    @cached_property
    def _twin(self) -> type[Any]:
        """Made when it is needed: most events have nothing to be filled in."""
        return twin(self._record, self._names)

    def __call__(self, event: Any) -> Any:
        """Return the event, or a copy in which declared fields that were None have a value."""
        missing = {name: make(event) for name, make in self._makers if getattr(event, name) is None}
        if not missing or type(event) is not self._record:
            return event  # no encoder takes an object of another class
        values = [getattr(event, name) for name in self._names]
        filled: Any = self._twin(*values)
        for name, value in missing.items():
            setattr(filled, name, value)
        filled.__class__ = self._record
        return filled

    def _maker(self, way: Fill) -> Callable[[Any], Any]:
        makers: dict[Fill, Callable[[Any], Any]] = {
            "now": lambda _: datetime.now(UTC),
            "uuid": lambda _: uuid.uuid4(),
            "count": self._count,
        }
        return makers[way]

    def _count(self, event: Any) -> int:
        key = getattr(event, self._key) if self._key else None
        self._counts[key] += 1
        return self._counts[key]
