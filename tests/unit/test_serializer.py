"""EventSerializer: where Confluent's AvroSerializer goes, with its client and the same bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from confluent_kafka import SerializingProducer
from confluent_kafka.schema_registry import Schema, SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroSerializer
from confluent_kafka.serialization import (
    MessageField,
    SerializationContext,
    StringSerializer,
)

from freezer_events import EventSerializer, InvalidEvent, SchemaError
from freezer_events.events import FreezerReading

if TYPE_CHECKING:
    from freezer_events.testing import EventCluster

TOPIC = "freezer-temperatura"
READING = FreezerReading(sensor_id="sensor0", temperature=-3.2)
CONTEXT = SerializationContext(TOPIC, MessageField.VALUE)


@pytest.fixture
def client() -> SchemaRegistryClient:
    made = SchemaRegistryClient.new_client({"url": "mock://serializer"})
    made.register_schema(f"{TOPIC}-value", Schema(FreezerReading.__event__.schema, "AVRO"))
    return made


def test_its_bytes_are_those_of_confluents_own(client: SchemaRegistryClient) -> None:
    fields = {"sensor_id": READING.sensor_id, "temperature": READING.temperature}
    conf = {"auto.register.schemas": False, "subject.name.strategy.type": "TOPIC"}
    theirs = AvroSerializer(client, FreezerReading.__event__.schema, conf=conf)
    ours = EventSerializer(client, FreezerReading)
    assert isinstance(ours, AvroSerializer)
    assert ours(READING, CONTEXT) == theirs(fields, CONTEXT) == ours(fields, CONTEXT)
    assert ours(None, CONTEXT) is None


def test_a_serializing_producers_events_are_the_producers(event_cluster: EventCluster) -> None:
    with event_cluster.producer() as producer:
        producer.send(READING)
    serializing = SerializingProducer(
        {
            "bootstrap.servers": event_cluster.settings.bootstrap_servers,
            "key.serializer": StringSerializer(),
            "value.serializer": EventSerializer(event_cluster.registry.client, FreezerReading),
        }
    )
    serializing.produce(TOPIC, key="sensor0", value=READING)
    assert serializing.flush(10) == 0
    ours, theirs = event_cluster.records(FreezerReading)
    assert (ours.value, ours.event) == (theirs.value, READING)


def test_a_value_that_does_not_fit_is_named(client: SchemaRegistryClient) -> None:
    bad = FreezerReading(sensor_id="s", temperature=float("nan"))
    with pytest.raises(InvalidEvent, match="temperature: nan is not a finite number"):
        EventSerializer(client, FreezerReading)(bad, CONTEXT)


def test_a_schema_that_is_not_registered_is_refused_and_not_registered(
    client: SchemaRegistryClient,
) -> None:
    elsewhere = SerializationContext("elsewhere", MessageField.VALUE)
    with pytest.raises(SchemaError, match=r"elsewhere-value.* at mock://serializer"):
        EventSerializer(client, FreezerReading)(READING, elsewhere)
    assert client.get_subjects() == [f"{TOPIC}-value"]
