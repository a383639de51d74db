"""For your own tests: a cluster inside the process. Send events, assert on decoded events.

With pytest, nothing needs to be imported: the plugin provides the fixture `event_cluster`.

    def test_alarm(event_cluster):
        with event_cluster.producer() as producer:
            producer.send(FreezerReading(sensor_id="sensor0", temperature=-3.2))
        assert event_cluster.events(FreezerReading) == [...]

A service that makes a producer of its own is given `event_cluster.settings`:

    event_cluster.provision(FreezerReading)
    app = make_app(event_cluster.settings)
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, Self, TypeVar

from freezer_events.errors import ConfigError, SchemaError
from freezer_events.event import Event
from freezer_events.kafka.connection import never
from freezer_events.kafka.embedded import EmbeddedCluster
from freezer_events.kafka.positions import POSITIONS_TOPIC
from freezer_events.kafka.topic_watch import TopicSight
from freezer_events.kafka.topics import listed_partitions
from freezer_events.read.consumer import EventConsumer
from freezer_events.registry.client import Registry, subject_name
from freezer_events.registry.in_memory import MemoryRegistry, OpenRegistry
from freezer_events.send.async_producer import AsyncEventProducer
from freezer_events.send.producer import EventProducer
from freezer_events.send.straight import StraightWay
from freezer_events.testing.http_registry import HttpRegistry

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from freezer_events.config import Settings
    from freezer_events.read.record import Record
    from freezer_events.send.report import Report
    from freezer_events.send.spool_at import SpoolAt

__all__ = ["EventCluster"]

E = TypeVar("E", bound=Event)


class EventCluster:
    """An in-process Kafka cluster and registry for any generated event.

    The first event of each type creates its topic and registers its schema, so tests need no
    provisioning.

    Args:
        partitions: the number of partitions of a new topic.

    Attributes:
        registry: the registry, to register further schemas in or to look at. It always answers:
            `fail_registry` concerns those who come by `settings`, and the producers of `producer`.

    """

    def __init__(self, partitions: int = 3) -> None:
        self._new_partitions = partitions
        self._embedded = EmbeddedCluster()
        self.registry = MemoryRegistry()
        self._http = HttpRegistry(self.registry)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()
        self._embedded.close()

    @property
    def settings(self) -> Settings:
        """Settings with which any client in this process reaches the cluster and its registry."""
        return replace(self._embedded.settings, schema_registry_url=self._http.url)

    def provision(self, kind: type[Event], topic: str | None = None) -> None:
        """Create the topic of a class of events and register its schema, for others' producers.

        Args:
            kind: the generated class.
            topic: another topic than its own.

        """
        name = topic or self.settings.topic_for(kind.__event__)
        self._partitions(name)
        self.registry.register(subject_name(name), kind.__event__.schema)

    def fail_registry(self, how: Literal["refuse", "hang"] | int) -> None:
        """Make the registry refuse connections, hang, or answer with an HTTP status (401, 503)."""
        self._http.fail(how)

    def mend_registry(self) -> None:
        """Undo `fail_registry`."""
        self._http.mend()

    @property
    def cluster(self) -> EmbeddedCluster:
        """The cluster itself, to take brokers down or make requests fail."""
        return self._embedded

    def producer(
        self,
        *,
        topic: str | None = None,
        timeout_s: float = 10.0,
        give_up_after_s: float = 10.0,
        on_undelivered: Callable[[Any, Report], None] | None = None,
        properties: Mapping[str, str] | None = None,
        spool: SpoolAt | Path | str | None = None,
        exactly_once: bool = False,
    ) -> EventProducer:
        """Return a producer for this cluster; `properties` are librdkafka's."""
        if exactly_once:
            with suppress(ConfigError):  # it is there already
                self._embedded.create_topic(POSITIONS_TOPIC, 1)
        return _Producer(
            self,
            replace(self.settings, properties=properties or {}),
            topic=topic,
            timeout_s=timeout_s,
            give_up_after_s=give_up_after_s,
            on_undelivered=on_undelivered,
            spool=spool,
            exactly_once=exactly_once,
        )

    def async_producer(self, **options: Any) -> AsyncEventProducer:
        """Return an asynchronous producer to this cluster, with the options of `producer`."""
        return AsyncEventProducer.over(self.producer(**options))

    def consumer(self, kind: type[E], topic: str | None = None, **options: Any) -> EventConsumer[E]:
        """Return a consumer for events of a class, with the options of EventConsumer."""
        return _Consumer(self, self.settings, kind, topic=topic, **options)

    def events(self, kind: type[E], topic: str | None = None) -> list[E]:
        """Return all events of a class on its topic, decoded, partition by partition in order.

        Raises:
            SchemaError: a record on the topic is not such an event.

        """
        found = []
        for record in self.records(kind, topic):
            if record.event is None:
                raise SchemaError(record.place, record.problem or "holds no event")
            found.append(record.event)
        return found

    def records(self, kind: type[E], topic: str | None = None) -> list[Record[E]]:
        """Return the records behind `events`, with partition, offset, key and any problem."""
        with self.consumer(kind, topic) as consumer:
            return list(consumer.records(until_end=True, timeout_s=10.0))

    def _partitions(self, topic: str, stop: Callable[[], bool] = never) -> int:
        """Return how many partitions a topic has; creates it where it is missing."""
        try:
            return listed_partitions(self.settings, topic, stop=stop)
        except ConfigError:
            self._embedded.create_topic(topic, self._new_partitions)
            return self._new_partitions


class _Producer(EventProducer):
    """A producer to a cluster in this process, whose topics and schemas need no provisioning."""

    def __init__(self, cluster: EventCluster, settings: Settings, **options: Any) -> None:
        self._cluster = cluster
        super().__init__(settings, **options)

    def _make_way(self) -> StraightWay:
        return _OpenWay(
            self._cluster, self.settings, self._delivery, self._lifetime, self._timeout_s
        )


class _OpenWay(StraightWay):
    """The way to a cluster in this process: creates and registers what is missing."""

    def __init__(self, cluster: EventCluster, *given: Any) -> None:
        self._cluster = cluster
        super().__init__(*given)

    def _connect_registry(self) -> Registry:
        self._connected = Registry.connect(self._settings, self._registry_s)
        return OpenRegistry(self._connected)

    def close(self) -> None:
        """Close the connections to the registry."""
        self._connected.close()

    def _partitions(self, topic: str) -> int:
        return self._cluster._partitions(topic, self.stop)  # noqa: SLF001 - its own cluster's


class _Consumer(EventConsumer[E]):
    """A consumer of a cluster in this process, whose topics need no provisioning."""

    def __init__(
        self, cluster: EventCluster, settings: Settings, kind: type[E], **options: Any
    ) -> None:
        self._cluster = cluster
        super().__init__(settings, kind, **options)

    def _connect_registry(self) -> Registry:
        return OpenRegistry(self._cluster.registry)

    def _seen(self) -> TopicSight:
        return TopicSight("", self._cluster._partitions(self._topic))  # noqa: SLF001
