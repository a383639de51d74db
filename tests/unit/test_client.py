"""EventProducer on the in-process cluster: what is sent arrives, and everything is counted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from confluent_kafka import KafkaError

from freezer_events import EventProducer, Settings
from freezer_events.errors import ConfigError, InvalidEvent, NotDelivered, SchemaError
from freezer_events.events import FreezerReading
from freezer_events.kafka.topics import listed_partitions
from freezer_events.send.straight import StraightWay
from tests.support.one_at_a_time import ONE_AT_A_TIME

if TYPE_CHECKING:
    from freezer_events.registry.client import Registry
    from freezer_events.send.report import Report
    from freezer_events.testing import EventCluster


class Provisioned(EventProducer):
    """A producer to a cluster in this process that makes no topic and registers no schema."""

    def __init__(self, cluster: EventCluster) -> None:
        self._cluster = cluster
        super().__init__(cluster.settings)

    def _make_way(self) -> StraightWay:
        return AsItIs(self._cluster, self.settings, self._delivery, self._lifetime)


class AsItIs(StraightWay):
    def __init__(self, cluster: EventCluster, *given: Any) -> None:
        self._cluster = cluster
        super().__init__(*given)

    def _connect_registry(self) -> Registry:
        return self._cluster.registry

    def _partitions(self, topic: str) -> int:
        return listed_partitions(self._settings, topic)


READINGS = [FreezerReading(sensor_id=f"sensor{n % 3}", temperature=n / 3) for n in range(10)]


def send_two(producer: EventProducer) -> None:
    producer.send(READINGS[0])
    producer.send(READINGS[1])


def test_what_is_sent_is_read_back_equal_and_in_order_per_key(
    event_cluster: EventCluster,
) -> None:
    with event_cluster.producer() as producer:
        for reading in READINGS:
            producer.send(reading)
    records = event_cluster.records(FreezerReading)
    for sensor in ("sensor0", "sensor1", "sensor2"):
        mine = [record for record in records if record.key == sensor]
        assert [record.event for record in mine] == [r for r in READINGS if r.sensor_id == sensor]
        assert len({record.partition for record in mine}) == 1
    assert producer.tally.delivered == producer.tally.read == len(READINGS)
    assert sum(producer.tally.partitions.values()) == len(READINGS)


def test_keys_land_where_java_clients_would_put_them(event_cluster: EventCluster) -> None:
    with event_cluster.producer() as producer:
        for reading in READINGS[:3]:
            producer.send(reading)
    placed = {record.key: record.partition for record in event_cluster.records(FreezerReading)}
    # murmur2, as in Kafka's Java client
    assert placed == {"sensor0": 1, "sensor1": 1, "sensor2": 0}


def test_key_headers_and_report_are_the_callers(event_cluster: EventCluster) -> None:
    reports: list[Report] = []
    with event_cluster.producer() as producer:
        producer.send(
            READINGS[0], key="another", headers=[("site", b"A")], on_delivery=reports.append
        )
        producer.send(READINGS[1], key=None)
    keys = {record.key for record in event_cluster.records(FreezerReading)}
    assert keys == {"another", None}
    assert [report.outcome for report in reports] == ["delivered"]
    assert reports[0].topic == "freezer-temperatura"
    assert reports[0].offset == 0
    assert reports[0].error is None


def test_a_bad_value_is_named_counted_and_not_sent(event_cluster: EventCluster) -> None:
    with event_cluster.producer() as producer:
        with pytest.raises(InvalidEvent, match="temperature: nan is not a finite number"):
            producer.send(FreezerReading(sensor_id="s", temperature=float("nan")))
        producer.send(READINGS[0])
    assert event_cluster.events(FreezerReading) == [READINGS[0]]
    assert str(producer.tally) == "2 read, 1 rejected, 1 delivered"


def test_something_that_is_no_event_is_refused(event_cluster: EventCluster) -> None:
    with event_cluster.producer() as producer, pytest.raises(InvalidEvent, match="dict"):
        producer.send({"sensor_id": "s"})  # type: ignore[arg-type]
    assert producer.tally.undelivered == 0


def test_what_callbacks_raise_is_logged_and_raised_by_close_and_nothing_is_lost(
    event_cluster: EventCluster, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_: Report) -> None:
        raise RuntimeError("from the callback")

    producer = event_cluster.producer()
    producer.send(READINGS[0], on_delivery=fail)
    producer.flush()
    producer.send(READINGS[1], on_delivery=fail)
    producer.send(READINGS[2])
    with pytest.raises(RuntimeError, match="from the callback") as raised:
        producer.close()
    assert raised.value.__notes__ == ["2 delivery callbacks raised; events: 3 read, 3 delivered"]
    ours = [each.message for each in caplog.records if each.name == "freezer_events.send"]
    assert ours == ["a delivery callback raised"] * 2


def test_a_missing_topic_is_said_before_the_first_message_and_not_created(
    event_cluster: EventCluster,
) -> None:
    with (
        Provisioned(event_cluster) as producer,
        pytest.raises(ConfigError, match="freezer topics apply"),
    ):
        producer.send(READINGS[0])
    assert event_cluster.events(FreezerReading) == []


def test_an_unregistered_schema_stops_before_the_first_message(
    event_cluster: EventCluster,
) -> None:
    event_cluster.cluster.create_topic("freezer-temperatura", 3)
    with (
        Provisioned(event_cluster) as producer,
        pytest.raises(SchemaError, match="freezer schema register --event freezer-reading"),
    ):
        producer.send(READINGS[0])
    assert event_cluster.events(FreezerReading) == []


def test_a_property_that_would_hide_deliveries_is_refused(event_cluster: EventCluster) -> None:
    with pytest.raises(ConfigError, match=r"delivery\.report\.only\.error"):
        event_cluster.producer(properties={"delivery.report.only.error": "true"})


def test_leaving_the_block_raises_when_something_was_lost(event_cluster: EventCluster) -> None:
    producer = event_cluster.producer(give_up_after_s=1.0)
    producer.prepare(FreezerReading)
    event_cluster.cluster.take_down()
    with pytest.raises(NotDelivered, match="2 not delivered"), producer:
        send_two(producer)
    tally = producer.tally
    assert (tally.read, tally.delivered, tally.failed + tally.unconfirmed) == (2, 0, 2)


def test_a_retriable_error_is_retried_without_loss_or_duplicate(
    event_cluster: EventCluster,
) -> None:
    with event_cluster.producer(properties=ONE_AT_A_TIME) as producer:
        producer.prepare(FreezerReading)
        event_cluster.cluster.fail_next_produce(
            KafkaError.NOT_LEADER_FOR_PARTITION, KafkaError.REQUEST_TIMED_OUT
        )
        for reading in READINGS:
            producer.send(reading)
    assert len(event_cluster.events(FreezerReading)) == len(READINGS)


def test_an_error_is_counted_as_failed_and_the_rest_goes_on(event_cluster: EventCluster) -> None:
    reports: list[Report] = []
    producer = event_cluster.producer()
    producer.send(READINGS[0])
    producer.flush()
    big = FreezerReading(sensor_id="x" * 1_100_000, temperature=1.0)
    with pytest.raises(InvalidEvent, match="message"):
        producer.send(big, on_delivery=reports.append)
    producer.send(READINGS[1])
    producer.close()
    assert producer.tally.delivered == 2
    assert producer.tally.rejected == 1


def test_topic_overrides_the_default_events_topic(event_cluster: EventCluster) -> None:
    settings = Settings(bootstrap_servers="b:1", topic="other")
    assert settings.topic_for(FreezerReading.__event__) == "other"
    with event_cluster.producer() as producer:
        producer.send(READINGS[0])
    assert event_cluster.events(FreezerReading, "freezer-temperatura") == [READINGS[0]]
