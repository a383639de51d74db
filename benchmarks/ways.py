"""Our own ways, Confluent's, and ready bytes handed to librdkafka by its Python client."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from confluent_kafka import Producer
from confluent_kafka.schema_registry.avro import AvroSerializer
from confluent_kafka.serialization import MessageField, SerializationContext

from benchmarks.events import BenchReading
from benchmarks.way import FLUSH_S, TUNING, BenchTarget, Way
from benchmarks.workload import SCHEMA, as_dict
from freezer_events import EventProducer, Settings
from freezer_events.avro.fast import encoder
from freezer_events.avro.wire import encode, prefix
from freezer_events.console.stop import Stop
from freezer_events.registry.client import subject_name
from freezer_events.registry.in_memory import OpenRegistry
from freezer_events.send.pipeline import Pipeline
from freezer_events.send.straight import StraightWay

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from confluent_kafka import KafkaError, Message

    from freezer_events.event import EventType
    from freezer_events.registry.client import Registry
    from freezer_events.registry.serializer import EventSerializer

_BATCH: Final = 1000


class _Producer(EventProducer):
    """A producer of ours whose topic and registry are known, and whose encoder is chosen."""

    def __init__(
        self, settings: Settings, target: BenchTarget, *, compiled: bool, **given: Any
    ) -> None:
        self._target = target
        self._compiled = compiled
        super().__init__(settings, topic=target.topic, timeout_s=FLUSH_S, **given)

    def _make_way(self) -> StraightWay:
        return _BenchWay(
            self._target, self._compiled, self.settings, self._delivery, self._lifetime
        )


class _BenchWay(StraightWay):
    def __init__(self, target: BenchTarget, compiled: bool, *given: Any) -> None:  # noqa: FBT001
        self._target = target
        self._compiled = compiled
        super().__init__(*given)

    def _connect_registry(self) -> Registry:
        return OpenRegistry(self._target.registry)

    def _partitions(self, topic: str) -> int:  # noqa: ARG002 - every target has as many
        return 3

    def _serializer(self, event_type: EventType) -> EventSerializer:
        made = super()._serializer(event_type)
        made._encode = encoder(event_type, compiled=self._compiled)
        return made


def producer_to(
    target: BenchTarget,
    *,
    compiled: bool = True,
    tuning: Mapping[str, str] = TUNING,
    **given: Any,
) -> EventProducer:
    """Return our producer with everybody's tuning, and the compiled encoder or Python alone.

    What is given besides, EventProducer takes.
    """
    settings = Settings(
        bootstrap_servers=target.servers,
        schema_registry_url="mock://none",
        properties=tuning,
        freezer_line=None if compiled else "python",
    )
    producer = _Producer(settings, target, compiled=compiled, **given)
    producer.prepare(BenchReading)
    return producer


def _send(*, compiled: bool, at_once: bool = False) -> Callable[[BenchTarget], Any]:
    @contextmanager
    def opened(target: BenchTarget) -> Iterator[Callable[[Iterable[Any]], int]]:
        with producer_to(target, compiled=compiled) as producer:

            def run(events: Iterable[Any]) -> int:
                before = producer.tally.delivered
                if at_once:
                    producer.send_all(events)
                else:
                    send = producer.send
                    for event in events:
                        send(event)
                producer.flush()
                return producer.tally.delivered - before

            yield run

    return opened


def _pipeline(*, compiled: bool) -> Callable[[BenchTarget], Any]:
    """What `freezer produce` runs."""

    @contextmanager
    def opened(target: BenchTarget) -> Iterator[Callable[[Iterable[Any]], int]]:
        with producer_to(target, compiled=compiled) as producer:
            pipeline = Pipeline(producer, Stop(), flush_s=FLUSH_S)

            def run(events: Iterable[Any]) -> int:
                before = producer.tally.delivered
                return pipeline.run(events).delivered - before

            yield run

    return opened


def librdkafka(target: BenchTarget, tuning: Mapping[str, str] = TUNING) -> Producer:
    """Return a bare producer with everybody's tuning."""
    return Producer({"bootstrap.servers": target.servers, **tuning})


class Counted:
    """Counts delivery reports, as Confluent's example does."""

    def __init__(self) -> None:
        self._delivered = 0

    def __call__(self, error: KafkaError | None, _: Message) -> None:
        """Take one report."""
        if error is None:
            self._delivered += 1

    def taken(self) -> int:
        """Return how many were delivered since the last time."""
        found, self._delivered = self._delivered, 0
        return found


@contextmanager
def _confluent(target: BenchTarget) -> Iterator[Callable[[Iterable[Any]], int]]:
    """Confluent's examples/avro_producer.py, as it stands."""
    serializer = AvroSerializer(
        target.registry.client,
        SCHEMA,
        as_dict,
        conf={"auto.register.schemas": False, "subject.name.strategy.type": "TOPIC"},
    )
    producer, reports, topic = librdkafka(target), Counted(), target.topic

    def run(events: Iterable[Any]) -> int:
        for event in events:
            producer.poll(0.0)
            while True:
                try:
                    producer.produce(
                        topic=topic,
                        key=event.sensor_id.encode(),
                        value=serializer(event, SerializationContext(topic, MessageField.VALUE)),
                        on_delivery=reports,
                    )
                    break
                except BufferError:
                    producer.poll(0.1)
        producer.flush(FLUSH_S)
        return reports.taken()

    yield run


def _bytes_of(target: BenchTarget, events: Iterable[Any]) -> list[list[dict[str, bytes]]]:
    framing = prefix(target.registry.schema_id(subject_name(target.topic), SCHEMA))
    messages = [{"value": framing + encode(e), "key": e.sensor_id.encode()} for e in events]
    return [messages[at : at + _BATCH] for at in range(0, len(messages), _BATCH)]


@contextmanager
def _ready(target: BenchTarget) -> Iterator[Callable[[Iterable[Any]], int]]:
    producer, reports, topic = librdkafka(target), Counted(), target.topic

    def run(batches: Iterable[Any]) -> int:
        for batch in batches:
            left = batch
            while taken := producer.produce_batch(topic, left, on_delivery=reports) - len(left):
                left = left[taken:]  # the queue is full: the last -taken were left out
                producer.poll(0.1)
            producer.poll(0)
        producer.flush(FLUSH_S)
        return reports.taken()

    yield run


OURS: Final = Way("freezer-events, send", _send(compiled=False))
PIPELINE: Final = Way("freezer-events, pipeline", _pipeline(compiled=False))
# These need what `make fast` builds.
COMPILED: Final = (
    Way("freezer-events compiled, send", _send(compiled=True)),
    Way("freezer-events compiled, send_all", _send(compiled=True, at_once=True)),
    Way("freezer-events compiled, pipeline", _pipeline(compiled=True)),
)
CONFLUENT: Final = Way("avro_producer.py", _confluent)
READY: Final = Way("ready bytes", _ready, _bytes_of)
