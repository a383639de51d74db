"""The way through the spool: an event's body is put on disk, and needs no broker or registry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from freezer_events.avro.fast import encoder
from freezer_events.send.route import Route
from freezer_events.spool.records import BodyKind

if TYPE_CHECKING:
    from freezer_events.event import EventType
    from freezer_events.send.on_its_way import Address
    from freezer_events.send.spooled_delivery import SpooledDelivery
    from freezer_events.send.straight import StraightWay


class SpoolWay:
    """Opens routes that end in the spool.

    Args:
        delivery: whose spool takes the bodies.
        straight: the way on from there, which the drain takes.

    """

    def __init__(self, delivery: SpooledDelivery, straight: StraightWay) -> None:
        self._delivery = delivery
        self._straight = straight
        self._routes: list[Route] = []
        straight.stop = delivery.is_stopping
        delivery.start(self._address)

    def open(self, event_type: EventType, topic: str) -> Route:
        """Open the route of an event type to a topic; nothing outside of this process is asked.

        Raises:
            EventError: the spool cannot be written.

        """
        spool = self._delivery.spool
        kind = spool.kind(BodyKind(event_type.name, event_type.version, topic, event_type.schema))
        route = Route(event_type, topic, 0, encoder(event_type), b"", lambda *_: False)
        if route.fill is not None:
            route.fill.go_on(spool.counts(event_type.name))
        route.take = self._delivery.taker(kind, route.fill)
        if route.fill is None:
            route.send = self._delivery.sender(kind, route.encode, route.key)
        route.send_run = self._delivery.run_sender(kind)
        route.takes_whole_runs = True
        self._routes.append(route)
        return route

    def close(self) -> None:
        """Close the connections to the registry."""
        self._straight.close()

    def _address(self, kind: BodyKind) -> Address:
        """Find out, for the drain, where messages of a kind go."""
        address = self._straight.address(kind)
        for route in self._routes:
            if route.topic == kind.topic:
                route.partitions = address.partitions
        return address
