"""The straight way: an event's body goes to librdkafka at once, framed with its schema id."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from freezer_events.avro.wire import prefix
from freezer_events.config.settings import REGISTRY_TIMEOUT_S
from freezer_events.errors import SchemaError
from freezer_events.kafka import topics
from freezer_events.kafka.topic_limits import TopicLimits
from freezer_events.registry.client import NotRegistered, subject_name
from freezer_events.registry.known_ids import RememberingRegistry
from freezer_events.registry.serializer import EventSerializer
from freezer_events.send.delivery import DEFAULT_TIMEOUT_S, Delivery
from freezer_events.send.on_its_way import Address
from freezer_events.send.route import Route

if TYPE_CHECKING:
    from collections.abc import Callable

    from freezer_events.config import Settings
    from freezer_events.event import EventType
    from freezer_events.registry.client import Registry
    from freezer_events.send.lifetime import Lifetime
    from freezer_events.send.line import Extra
    from freezer_events.send.spooled_delivery import SpooledDelivery
    from freezer_events.spool.records import BodyKind


class StraightWay:
    """Opens routes that end in the line: the topic exists, may be written to, is registered.

    Args:
        settings: the cluster and the registry.
        delivery: whose line takes the messages.
        lifetime: ends a wait for an answer.
        timeout_s: seconds allowed for one.

    Attributes:
        stop: asked while waiting for an answer; True ends the wait.

    Raises:
        ConfigError: no registry is named.

    """

    # Subclasses of ours replace the methods that begin with an underscore, in
    # `freezer_events.testing` for example.

    def __init__(
        self,
        settings: Settings,
        delivery: Delivery | SpooledDelivery,
        lifetime: Lifetime,
        timeout_s: float = DEFAULT_TIMEOUT_S,
    ) -> None:
        self._settings = settings
        self._delivery = delivery
        self._timeout_s = timeout_s
        self.stop: Callable[[], bool] = lambda: lifetime.stop() or delivery.trouble is not None
        self._registry_s = min(timeout_s, REGISTRY_TIMEOUT_S)
        self._registry = self._connect_registry()
        self._limits: dict[str, TopicLimits] = {}
        self._registry.stop = lambda: self.stop()  # noqa: PLW0108 - another one may be set

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
            before = serializer.prefix(topic)
        except NotRegistered as error:
            own = self._settings.topic_for(event_type, named=event_type.name)
            raise self._not_registered(
                event_type.name, event_type.version, topic, "" if topic == own else topic
            ) from error
        delivery = self._delivery
        if not isinstance(delivery, Delivery):
            raise TypeError("events for a spool go by SpoolWay")
        delivery.pump.start()
        line, encode = delivery.line, serializer.encoder
        limits = self._limits.get(topic, TopicLimits())
        route = Route(event_type, topic, partitions, encode, before, line.taker(topic))
        route.refuse = partial(limits.refuse, topic)
        if event_type.key is None and limits.needs_key:
            route.take = partial(_refused, limits, topic)
            return route
        if route.fill is None:
            route.send = line.sender(topic, encode, before, route.key)
        route.send_run = line.run_sender(topic, before)
        return route

    def address(self, kind: BodyKind) -> Address:
        """Return where messages of a kind go, having checked the same for what a spool holds.

        Raises:
            EventError: as `open`.

        """
        partitions = self._partitions(kind.topic)
        try:
            schema_id = self._registry.schema_id(subject_name(kind.topic), kind.schema)
        except NotRegistered as error:
            raise self._not_registered(kind.event, kind.version, kind.topic) from error
        return Address(kind.topic, prefix(schema_id), partitions)

    def close(self) -> None:
        """Close the connections to the registry."""
        self._registry.close()

    def _connect_registry(self) -> Registry:
        return RememberingRegistry.connect(self._settings, self._registry_s)

    def _partitions(self, topic: str) -> int:
        found = topics.preflight(self._settings, topic, timeout_s=self._timeout_s, stop=self.stop)
        self._limits[topic] = limits = found.limits
        if limits.largest_bytes is not None:
            # A topic refuses a whole batch that is larger than it allows for one message.
            self._delivery.bound_batches(limits.largest_bytes)
        if found.seen.topic_id:  # else there is nobody to tell one from the next
            self._delivery.watch.add(topic, found.seen)
        return found.seen.partitions

    def _serializer(self, event_type: EventType) -> EventSerializer:
        return EventSerializer.through(self._registry, event_type.record)

    def _not_registered(
        self, name: str, version: int, topic: str, option: str | None = None
    ) -> SchemaError:
        """Make the error; the command to type names the topic, unless `option` is ""."""
        named = topic if option is None else option
        register = f"freezer schema register --event {name}" + (named and f" --topic {named}")
        return SchemaError(
            f"produce {name} version {version} to {topic!r}",
            f"its schema is not registered at {self._registry.address}",
            f"register it: {register}",
        )


def _refused(
    limits: TopicLimits, topic: str, _: bytes, key: str | bytes | None, *__: Extra | Any
) -> bool:
    """Refuse a message of an event that has no key."""
    limits.refuse(topic, key, 0)
    return True
