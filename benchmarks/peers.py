"""Peers: other ways to do the same job in Python, each as its documentation shows it.

Each encodes the same event under the same schema, with the wire format, and waits until its client
has acknowledged all. A peer that is not installed has no row (extra `bench`).
"""

from __future__ import annotations

import asyncio
import json
import warnings
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from confluent_kafka.schema_registry.avro import AvroSerializer
from confluent_kafka.serialization import MessageField, SerializationContext

from benchmarks.arrived import serialized
from benchmarks.way import FLUSH_S, TUNING, BenchTarget, Way
from benchmarks.ways import Counted, librdkafka
from benchmarks.workload import SCHEMA, as_dict
from freezer_events.avro.wire import prefix

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable, Iterator

    Run = Callable[[Iterable[Any]], int]
    Encode = Callable[[Any], bytes]

_WINDOW: Final = 10_000  # how many futures an asynchronous client is given before we wait


def _schema_id(target: BenchTarget) -> int:
    return target.registry.schema_id(f"{target.topic}-value", SCHEMA)


def avro_serializer(target: BenchTarget) -> Encode:
    """Return AvroSerializer with what can be kept between calls kept."""
    serializer = AvroSerializer(
        target.registry.client,
        SCHEMA,
        as_dict,
        conf={"auto.register.schemas": False, "subject.name.strategy.type": "TOPIC"},
    )
    context = SerializationContext(target.topic, MessageField.VALUE)
    return lambda event: serializer(event, context)


def _schema_registry_client(target: BenchTarget) -> Encode:
    from schema_registry.client.schema import AvroSchema  # noqa: PLC0415
    from schema_registry.serializers import AvroMessageSerializer  # noqa: PLC0415

    class Known:
        """Its client after the first look-up: the id comes from a cache."""

        def register(self, *_: object, **__: object) -> int:
            return _schema_id_

    _schema_id_, schema = _schema_id(target), AvroSchema(json.loads(SCHEMA))
    serializer: Any = AvroMessageSerializer(Known())
    subject = f"{target.topic}-value"
    return lambda event: serializer.encode_record_with_schema(subject, schema, as_dict(event))


def _with_librdkafka(encoder: Callable[[BenchTarget], Encode]) -> Callable[[BenchTarget], Any]:
    """Produce one by one, polling now and then: what AvroSerializer allows when tuned."""

    @contextmanager
    def opened(target: BenchTarget) -> Iterator[Run]:
        encode, producer, reports = encoder(target), librdkafka(target), Counted()
        topic = target.topic

        def run(events: Iterable[Any]) -> int:
            for number, event in enumerate(events):
                while True:
                    try:
                        producer.produce(topic, encode(event), event.sensor_id, on_delivery=reports)
                        break
                    except BufferError:
                        producer.poll(0.1)
                if not number % 1000:
                    producer.poll(0)
            producer.flush(FLUSH_S)
            return reports.taken()

        yield run

    return opened


@contextmanager
def _quixstreams(target: BenchTarget) -> Iterator[Run]:
    from quixstreams.kafka import Producer  # noqa: PLC0415
    from quixstreams.models.serializers import SerializationContext as Context  # noqa: PLC0415
    from quixstreams.models.serializers.avro import AvroSerializer as Serializer  # noqa: PLC0415

    head, reports = prefix(_schema_id(target)), Counted()
    serializer, context = Serializer(json.loads(SCHEMA)), Context(target.topic, MessageField.VALUE)
    producer = Producer(target.servers, extra_config=dict(TUNING))

    def run(events: Iterable[Any]) -> int:
        for event in events:
            value = head + serializer(as_dict(event), context)
            producer.produce(target.topic, value, event.sensor_id, on_delivery=reports)
        producer.flush(FLUSH_S)
        return reports.taken()

    yield run


@contextmanager
def _kafka_python(target: BenchTarget) -> Iterator[Run]:
    from kafka import KafkaProducer  # noqa: PLC0415

    encode = serialized(target)
    producer = KafkaProducer(
        bootstrap_servers=target.servers.split(","),
        enable_idempotence=True,
        acks="all",
        linger_ms=5,
        compression_type="lz4",
    )

    def run(events: Iterable[Any]) -> int:
        delivered = 0

        def count(_: object) -> None:
            nonlocal delivered
            delivered += 1

        for event in events:
            sent = producer.send(target.topic, encode(event), event.sensor_id.encode())
            sent.add_callback(count)
        producer.flush(FLUSH_S)
        return delivered

    yield run
    producer.close()


def _on_a_loop(
    run: Callable[[BenchTarget, Iterable[Any]], Coroutine[Any, Any, int]],
) -> Callable[[BenchTarget], Any]:
    """Run a coroutine as a row; its client connects inside the clock, which is a few ms."""

    @contextmanager
    def opened(target: BenchTarget) -> Iterator[Run]:
        yield lambda events: asyncio.run(run(target, events))

    return opened


async def _aiokafka(target: BenchTarget, events: Iterable[Any]) -> int:
    from aiokafka import AIOKafkaProducer  # noqa: PLC0415

    encode, delivered, waiting = serialized(target), 0, []
    async with AIOKafkaProducer(
        bootstrap_servers=target.servers,
        enable_idempotence=True,
        acks="all",
        linger_ms=5,
        compression_type="lz4",
    ) as producer:
        for event in events:
            waiting.append(
                await producer.send(target.topic, encode(event), key=event.sensor_id.encode())
            )
            if len(waiting) >= _WINDOW:
                delivered += len(await asyncio.gather(*waiting))
                waiting.clear()
        delivered += len(await asyncio.gather(*waiting))
    return delivered


async def _aioproducer(target: BenchTarget, events: Iterable[Any]) -> int:
    from confluent_kafka.aio import AIOProducer  # noqa: PLC0415

    encode, delivered, waiting = avro_serializer(target), 0, []
    producer = AIOProducer({"bootstrap.servers": target.servers, **TUNING})
    for event in events:
        waiting.append(await producer.produce(target.topic, encode(event), event.sensor_id))
        if len(waiting) >= _WINDOW:
            await producer.flush()
            delivered += len(await asyncio.gather(*waiting))
            waiting.clear()
    await producer.flush()
    delivered += len(await asyncio.gather(*waiting))
    await producer.close()
    return delivered


async def _faststream(target: BenchTarget, events: Iterable[Any]) -> int:
    from faststream.confluent import KafkaBroker  # noqa: PLC0415

    encode, delivered, waiting = serialized(target), 0, []
    async with KafkaBroker(
        target.servers, acks="all", enable_idempotence=True, compression_type="lz4", linger_ms=5
    ) as broker:
        for event in events:
            waiting.append(
                asyncio.ensure_future(
                    broker.publish(encode(event), target.topic, key=event.sensor_id.encode())
                )
            )
            if len(waiting) >= _WINDOW:
                delivered += len(await asyncio.gather(*waiting))
                waiting.clear()
        delivered += len(await asyncio.gather(*waiting))
    return delivered


_ALL: Final = {
    "confluent_kafka": [
        Way("AvroSerializer, tuned", _with_librdkafka(avro_serializer)),
        Way("AIOProducer and AvroSerializer", _on_a_loop(_aioproducer)),
    ],
    "schema_registry": [
        Way("python-schema-registry-client", _with_librdkafka(_schema_registry_client))
    ],
    "quixstreams": [Way("quixstreams", _quixstreams)],
    "aiokafka": [Way("aiokafka and fastavro", _on_a_loop(_aiokafka))],
    "faststream": [Way("faststream and fastavro", _on_a_loop(_faststream))],
    "kafka": [Way("kafka-python and fastavro", _kafka_python, real_only=True)],
}


def _is_there(package: str) -> bool:
    """Tell whether a peer can be imported: it may be installed without what it needs."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # theirs to mend
        try:
            import_module(package)
        except ImportError:
            return False
    return True


_THERE: Final = {package for package in _ALL if _is_there(package)}
PEERS: Final = [way for package, ways in _ALL.items() if package in _THERE for way in ways]
MISSING: Final = [
    way.name for package, ways in _ALL.items() if package not in _THERE for way in ways
]
