"""For your own tests: a cluster in this process, events in, decoded events out.

With pytest nothing needs to be imported; the fixture `event_cluster` is there:

    def test_alarm(event_cluster):
        with event_cluster.producer() as producer:
            producer.send(FreezerReading(sensor_id="sensor0", temperature=-3.2))
        assert event_cluster.events(FreezerReading) == [...]
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self, TypeVar

from freezer_events.errors import ConfigError, SchemaError
from freezer_events.kafka.embedded import EmbeddedCluster
from freezer_events.kafka.topics import listed_partitions
from freezer_events.read.consumer import EventConsumer, Record
from freezer_events.registry.memory import MemoryRegistry, OpenRegistry
from freezer_events.send.producer import EventProducer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freezer_events.config import Settings

__all__ = ["EventCluster"]

E = TypeVar("E")


class EventCluster:
    """An in-process Kafka cluster and registry that take any generated event.

    A topic is created, and a schema registered, when the first event of its type is sent: in a
    test nobody has provisioned anything.

    Args:
        partitions: how many partitions a topic gets.

    Attributes:
        registry: the registry; it registers only what it is asked to register.

    """

    def __init__(self, partitions: int = 3) -> None:
        self._partitions = partitions
        self._embedded = EmbeddedCluster()
        self.registry = MemoryRegistry()
        self._open = OpenRegistry(self.registry)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._embedded.close()

    @property
    def settings(self) -> Settings:
        """What a client needs to reach the cluster: your own consumer, for example."""
        return replace(self._embedded.settings, schema_registry_url=self.registry.address)

    @property
    def cluster(self) -> EmbeddedCluster:
        """The cluster itself: take brokers down, make requests fail."""
        return self._embedded

    def producer(
        self, *, timeout_s: float = 10.0, properties: Mapping[str, str] | None = None
    ) -> EventProducer:
        """Return a producer to this cluster, with librdkafka properties of your own."""
        return EventProducer(
            replace(self.settings, properties=properties or {}),
            timeout_s=timeout_s,
            registry=self._open,
            check_topic=self._ensure_topic,
        )

    def events(self, kind: type[E], topic: str | None = None) -> list[E]:
        """Return all events of a class on its topic, decoded: each partition in order.

        Raises:
            SchemaError: a record on the topic is no such event.

        """
        found = []
        for record in self.records(kind, topic):
            if record.problem is not None:
                raise SchemaError(record.place, record.problem)
            found.append(record.event)
        return found

    def records(self, kind: type[Any], topic: str | None = None) -> list[Record]:
        """Return the records behind `events`: with partition, offset, key and problems."""
        with EventConsumer(
            self.settings,
            self._open,
            kind.__event__,
            topic=topic,
            check_topic=self._ensure_topic,
        ) as consumer:
            return list(consumer.records(until_end=True, timeout_s=10.0))

    def _ensure_topic(self, settings: Settings, topic: str, **_: object) -> int:
        try:
            return listed_partitions(settings, topic)
        except ConfigError:
            self._embedded.create_topic(topic, self._partitions)
            return self._partitions
