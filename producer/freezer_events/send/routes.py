"""The routes of one producer: each is opened once, before the first event of its type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from freezer_events.errors import InvalidEvent
from freezer_events.send.standard_headers import header_maker

if TYPE_CHECKING:
    from collections.abc import Callable

    from freezer_events.config import Settings
    from freezer_events.event import EventType
    from freezer_events.send.report import Report
    from freezer_events.send.route import Route


class Way(Protocol):
    """What is between an event's Avro body and librdkafka: nothing (`straight`), or a spool.

    A route has a `prefix`, which `send` puts before the body, and `take`, which gets the two with
    key, extra and who wants the report. A way that keeps bodies gives an empty prefix and a `take`
    of its own.
    """

    def open(self, event_type: EventType, topic: str) -> Route:
        """Open the route of an event type to a topic, having checked what can be checked.

        Raises:
            EventError: its events cannot be delivered.

        """

    def close(self) -> None:
        """Close connections, after the last event."""


class Routes:
    """Keeps the routes of one producer.

    Args:
        settings: know the topic of a type.
        way: opens the routes.
        topic: where all of them lead, instead.

    Attributes:
        by_class: the route of each generated class; empty again once the producer has ended, which
            is how `send` comes to know.
        on_undelivered: told of each event that was not delivered and for which nobody else asked.

    """

    def __init__(self, settings: Settings, way: Way, topic: str | None) -> None:
        self.by_class: dict[type, Route] = {}
        self.on_undelivered: Callable[[Any, Report], None] | None = None
        self._settings = settings
        self._way = way
        self._topic = topic
        self._opened: list[Route] = []  # after the end, too: to name what is given up

    def get(self, event_type: EventType) -> Route:
        """Return the route of an event type, opened if it is the first."""
        route = self.by_class.get(event_type.record)
        if route is None:
            topic = self._topic or self._settings.topic_for(event_type)
            route = self._way.open(event_type, topic)
            route.headers = header_maker(event_type, self._settings.registry_address, route.prefix)
            self.by_class[event_type.record] = route
            self._opened.append(route)
        return route

    def tell(self, value: bytes, report: Report) -> None:
        """Tell `on_undelivered` of the event whose message was not delivered."""
        if self.on_undelivered is not None:
            found = (route.event(report.topic, value) for route in self._opened)
            event = next((each for each in found if each is not None), None)
            if event is not None:
                self.on_undelivered(event, report)


def type_of(kind: type) -> EventType:
    """Return the event type that a class was generated for.

    Raises:
        InvalidEvent: it is not a generated class.

    """
    found: EventType | None = getattr(kind, "__event__", None)
    if found is None:
        raise InvalidEvent(
            "send",
            f"{kind.__name__} is not a generated event class",
            "see freezer_events.events",
        )
    return found
