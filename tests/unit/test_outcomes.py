"""What a message comes to, for each kind of answer of the cluster, and the bytes that it is."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, TopicPartition

from freezer_events import EventProducer, NotDelivered, Outcome
from freezer_events.errors import AccessError, ConfigError, EventError, UnreachableError
from freezer_events.events import FreezerReading
from freezer_events.kafka import codes

if TYPE_CHECKING:
    from freezer_events.send.report import Report
    from freezer_events.testing import EventCluster


def reading(number: int) -> FreezerReading:
    return FreezerReading(sensor_id="s", temperature=float(number))


ALONE = {
    "too large": KafkaError.MSG_SIZE_TOO_LARGE,
    "a time that is not allowed": KafkaError.INVALID_TIMESTAMP,
    "not valid": KafkaError.INVALID_RECORD,
    "against a policy": KafkaError.POLICY_VIOLATION,
}


@pytest.mark.parametrize("code", ALONE.values(), ids=ALONE)
def test_what_the_cluster_refuses_for_itself_fails_alone(
    event_cluster: EventCluster, code: int
) -> None:
    reports: list[Report] = []
    producer = event_cluster.producer()
    producer.send(reading(0))
    producer.flush()
    event_cluster.cluster.fail_next_produce(code)
    producer.send(reading(1), on_delivery=reports.append)
    producer.flush()
    assert producer.send(reading(2))
    with pytest.raises(NotDelivered):
        producer.close()
    assert [(report.outcome, report.is_refused) for report in reports] == [(Outcome.FAILED, True)]
    assert str(producer.tally) == "3 read, 2 delivered, 1 failed"
    assert event_cluster.events(FreezerReading) == [reading(0), reading(2)]


PASSING = {
    "another leader": KafkaError.NOT_LEADER_FOR_PARTITION,
    "too few replicas": KafkaError.NOT_ENOUGH_REPLICAS,
    "no answer in time": KafkaError.REQUEST_TIMED_OUT,
}


@pytest.mark.parametrize("code", PASSING.values(), ids=PASSING)
def test_what_passes_is_tried_again(event_cluster: EventCluster, code: int) -> None:
    with event_cluster.producer() as producer:
        producer.send(reading(0))
        producer.flush()
        event_cluster.cluster.fail_next_produce(code, code)
        producer.send(reading(1))
    assert str(producer.tally) == "2 read, 2 delivered"


def test_a_permission_that_is_missing_ends_the_producer(event_cluster: EventCluster) -> None:
    producer = event_cluster.producer()
    producer.send(reading(0))
    producer.flush()
    event_cluster.cluster.fail_next_produce(KafkaError.TOPIC_AUTHORIZATION_FAILED)
    producer.send(reading(1))
    producer.flush()
    with pytest.raises(AccessError, match="not allowed to WRITE"):
        producer.send(reading(2))
    with pytest.raises(NotDelivered, match="not allowed to WRITE"):
        producer.close()
    assert str(producer.tally) == "3 read, 1 delivered, 1 failed, 1 unsent"


def test_what_was_in_flight_when_it_was_abandoned_is_unconfirmed(
    event_cluster: EventCluster,
) -> None:
    producer = event_cluster.producer(timeout_s=0.3)
    with pytest.raises(RuntimeError), producer:  # noqa: PT012
        producer.send(reading(0))
        producer.flush()
        event_cluster.cluster.answer_after(30)
        producer.send(reading(1))
        time.sleep(0.5)  # long enough to be written to a socket of this machine
        raise RuntimeError
    assert str(producer.tally) == "2 read, 1 delivered, 1 unconfirmed"
    event_cluster.cluster.answer_after(0)
    assert event_cluster.events(FreezerReading) == [reading(0), reading(1)]  # it was written


def test_what_never_left_when_it_was_abandoned_has_failed(event_cluster: EventCluster) -> None:
    producer = event_cluster.producer(timeout_s=0.3)
    with pytest.raises(RuntimeError), producer:  # noqa: PT012
        producer.send(reading(0))
        producer.flush()
        event_cluster.cluster.take_down()
        _until_it_is_cut(producer)
        producer.send(reading(1))
        raise RuntimeError
    assert str(producer.tally) == "2 read, 1 delivered, 1 failed"
    event_cluster.cluster.bring_up()
    assert event_cluster.events(FreezerReading) == [reading(0)]


def _until_it_is_cut(producer: EventProducer) -> None:
    deadline = time.monotonic() + 10
    while producer._delivery.reports.heard is None:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def _codes(names: str) -> list[KafkaError]:
    return [KafkaError(getattr(KafkaError, name)) for name in names.split()]


KINDS: dict[str, tuple[list[KafkaError], type[EventError], str]] = {
    "authentication": (
        _codes("_AUTHENTICATION SASL_AUTHENTICATION_FAILED"),
        AccessError,
        "SASL_PASSWORD",
    ),
    "authorization": (
        _codes("TOPIC_AUTHORIZATION_FAILED CLUSTER_AUTHORIZATION_FAILED"),
        AccessError,
        "grant WRITE",
    ),
    "no topic": (
        _codes("UNKNOWN_TOPIC_OR_PART _UNKNOWN_TOPIC _UNKNOWN_PARTITION"),
        ConfigError,
        "freezer topics apply",
    ),
    "no broker": (
        _codes("_TRANSPORT _ALL_BROKERS_DOWN _RESOLVE _MSG_TIMED_OUT BROKER_NOT_AVAILABLE"),
        UnreachableError,
        "BOOTSTRAP_SERVERS",
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_code_has_its_error_and_ends_what_all_would_meet(
    event_cluster: EventCluster, kind: str
) -> None:
    errors, expected, fix = KINDS[kind]
    for error in errors:
        explained: Any = codes.explain(error, event_cluster.settings, "t")
        assert type(explained) is expected, error
        assert fix in explained.fix, error
        assert codes.concerns_all(error), error
        assert not codes.is_refusal(error), error


def test_the_codes_after_which_a_message_may_be_there_are_these() -> None:
    unconfirmed = (
        "_MSG_TIMED_OUT _PURGE_INFLIGHT _TIMED_OUT _TRANSPORT REQUEST_TIMED_OUT NETWORK_EXCEPTION"
        " NOT_ENOUGH_REPLICAS_AFTER_APPEND"
    )
    every = {
        value
        for name, value in vars(KafkaError).items()
        if name.lstrip("_").isupper() and isinstance(value, int)
    }
    found = {code for code in every if codes.outcome(KafkaError(code)) is Outcome.UNCONFIRMED}
    assert found == {error.code() for error in _codes(unconfirmed)}


def test_a_message_is_a_zero_the_id_with_its_high_byte_first_and_the_body(
    event_cluster: EventCluster,
) -> None:
    for number in range(300):  # ids count up: beyond one byte
        text = {"type": "record", "name": f"N{number}", "fields": []}
        event_cluster.registry.register("others", json.dumps(text))
    with event_cluster.producer() as producer:
        producer.send(FreezerReading(sensor_id="ab", temperature=1.0))
    schema_id = event_cluster.registry.schema_id(
        "freezer-temperatura-value", FreezerReading.__event__.schema
    )
    assert 255 < schema_id < 65_536
    high, low = divmod(schema_id, 256)
    double = b"\x00\x00\x00\x00\x00\x00\xf0\x3f"  # little endian, by Avro's specification
    assert _raw(event_cluster) == bytes([0, 0, 0, high, low]) + b"\x04ab" + double


def _raw(cluster: EventCluster) -> bytes:
    """Read the one message with Kafka's own consumer."""
    consumer = Consumer(
        {"bootstrap.servers": cluster.settings.bootstrap_servers or "", "group.id": "raw"}
    )
    consumer.assign([TopicPartition("freezer-temperatura", n, OFFSET_BEGINNING) for n in range(3)])
    deadline = time.monotonic() + 20
    while (message := consumer.poll(0.2)) is None or message.error():
        assert time.monotonic() < deadline
    consumer.close()
    return message.value() or b""
