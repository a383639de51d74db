"""What happens to a topic while it is read is noticed: new partitions are read, too."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from confluent_kafka.admin import NewPartitions  # type: ignore[attr-defined]

from freezer_events import EventConsumer, EventProducer, Settings
from freezer_events.events import FreezerReading

if TYPE_CHECKING:
    from confluent_kafka.admin import AdminClient

    from freezer_infra.local.stack import Stack

pytestmark = pytest.mark.usefixtures("freezer")  # the schema is registered


@pytest.fixture
def settings(stack: Stack, topic: str) -> Settings:
    return Settings(
        bootstrap_servers=stack.bootstrap, schema_registry_url=stack.registry_url, topic=topic
    )


def send(settings: Settings, first: int) -> None:
    with EventProducer(settings) as producer:
        for number in range(first, first + 60):
            producer.send(FreezerReading(sensor_id=f"s{number}", temperature=float(number)))


@pytest.mark.parametrize("until_end", [True, False])
def test_partitions_that_are_added_are_read_from_their_beginning(
    settings: Settings, admin: AdminClient, topic: str, *, until_end: bool
) -> None:
    send(settings, 0)
    told: list[str] = []
    with EventConsumer(settings, FreezerReading, on_notice=told.append) as consumer:
        found = [each.event for each in consumer.records(until_end=True)]
        assert len(found) == 60
        admin.create_partitions([NewPartitions(topic, 9)])[topic].result(30)
        send(settings, 60)
        records = consumer.records(until_end=until_end, timeout_s=20.0)
        for each in records:
            found.append(each.event)
            if not until_end and len(found) == 120:
                break
    assert sorted(each.temperature for each in found if each is not None) == list(range(120))
    assert told == [f"topic {topic!r} has 9 partitions now, 3 before"]


def test_a_topic_that_is_deleted_is_named(
    settings: Settings, admin: AdminClient, topic: str
) -> None:
    send(settings, 0)
    told: list[str] = []
    with EventConsumer(settings, FreezerReading, on_notice=told.append) as consumer:
        assert sum(1 for _ in consumer.records(until_end=True)) == 60
        admin.delete_topics([topic])[topic].result(30)
        assert list(consumer.records(timeout_s=12.0)) == []
    assert f"topic {topic!r} was deleted" in told
