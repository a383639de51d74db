"""The straight way: an event's body goes to librdkafka at once, framed with its schema id."""

from __future__ import annotations

from typing import TYPE_CHECKING

from freezer_events.config.settings import REGISTRY_TIMEOUT_S
from freezer_events.errors import SchemaError
from freezer_events.kafka import topics
from freezer_events.registry.client import NotRegistered
from freezer_events.registry.known_ids import RememberingRegistry
from freezer_events.registry.serializer import EventSerializer
from freezer_events.send.delivery import DEFAULT_TIMEOUT_S
from freezer_events.send.route import Route

if TYPE_CHECKING:
    from freezer_events.config import Settings
    from freezer_events.event import EventType
    from freezer_events.registry.client import Registry
    from freezer_events.send.delivery import Delivery
    from freezer_events.send.lifetime import Lifetime


class StraightWay:
    """Opens routes that end in the line: the topic exists, may be written to, is registered.

    Args:
        settings: the cluster and the registry.
        delivery: whose line takes the messages.
        lifetime: ends a wait for an answer.
        timeout_s: seconds allowed for one.

    Raises:
        ConfigError: no registry is named.

    """

    # Subclasses of ours replace the methods that begin with an underscore, in
    # `freezer_events.testing` for example.

    def __init__(
        self,
        settings: Settings,
        delivery: Delivery,
        lifetime: Lifetime,
        timeout_s: float = DEFAULT_TIMEOUT_S,
    ) -> None:
        self._settings = settings
        self._delivery = delivery
        self._lifetime = lifetime
        self._timeout_s = timeout_s
        self._registry_s = min(timeout_s, REGISTRY_TIMEOUT_S)
        self._registry = self._connect_registry()
        self._registry.stop = lambda: lifetime.stop() or delivery.trouble is not None

    def open(self, event_type: EventType, topic: str) -> Route:
        """Open the route of an event type to a topic.

        Raises:
            ConfigError: the topic does not exist.
            AccessError: the cluster or the registry denies access.
            SchemaError: the schema is not registered.
            UnreachableError: the cluster or the registry does not answer.

        """
        serializer = self._serializer(event_type)
        partitions = self._partitions(topic)
        try:
            prefix = serializer.prefix(topic)
        except NotRegistered as error:
            raise self._not_registered(event_type, topic) from error
        self._delivery.pump.start()
        take = self._delivery.line.taker(topic)
        return Route(event_type, topic, partitions, serializer.encoder, prefix, take)

    def close(self) -> None:
        """Close the connections to the registry."""
        self._registry.close()

    def _connect_registry(self) -> Registry:
        return RememberingRegistry.connect(self._settings, self._registry_s)

    def _partitions(self, topic: str) -> int:
        found = topics.preflight(
            self._settings, topic, timeout_s=self._timeout_s, stop=self._lifetime.stop
        )
        if found.largest_bytes is not None:
            # A topic refuses a whole batch that is larger than it allows for one message.
            self._delivery.bound_batches(found.largest_bytes)
        if found.seen.topic_id:  # else there is nobody to tell one from the next
            self._delivery.watch.add(topic, found.seen)
        return found.seen.partitions

    def _serializer(self, event_type: EventType) -> EventSerializer:
        return EventSerializer.through(self._registry, event_type.record)

    def _not_registered(self, event_type: EventType, topic: str) -> SchemaError:
        name = event_type.name
        register = f"freezer schema register --event {name}"
        if topic != self._settings.topic_for(event_type, named=name):
            register += f" --topic {topic}"
        return SchemaError(
            f"produce {name} version {event_type.version} to {topic!r}",
            f"its schema is not registered at {self._registry.address}",
            f"register it: {register}",
        )
