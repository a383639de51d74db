"""What a topic does not take is refused alone: a broker would refuse all that is sent with it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from confluent_kafka.admin import (  # type: ignore[attr-defined]
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    ResourceType,
)

from freezer_events import EventProducer, InvalidEvent, Settings
from freezer_events.events import FreezerReading
from tests.support.topic_rows import there

if TYPE_CHECKING:
    from confluent_kafka.admin import AdminClient

    from freezer_infra.local.stack import Stack

NOW = datetime.now(UTC)


def configure(admin: AdminClient, topic: str, name: str, value: str) -> None:
    entry = ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=[entry])
    admin.incremental_alter_configs([resource])[resource].result(30)


@pytest.mark.usefixtures("freezer")  # the schema is registered
@pytest.mark.parametrize(
    ("name", "value", "sent", "why"),
    [
        ("cleanup.policy", "compact", {"key": None}, "is compacted"),
        ("cleanup.policy", "compact,delete", {"key": None}, "is compacted"),
        (
            "message.timestamp.after.max.ms",
            "60000",
            {"timestamp": NOW + timedelta(hours=2)},
            "takes at most 60 s",
        ),
        (
            "message.timestamp.before.max.ms",
            "60000",
            {"timestamp": NOW - timedelta(hours=2)},
            "takes at most 60 s",
        ),
    ],
)
def test_the_others_are_delivered(
    stack: Stack,
    admin: AdminClient,
    topic: str,
    name: str,
    value: str,
    sent: dict[str, datetime | None],
    why: str,
) -> None:
    configure(admin, topic, name, value)
    settings = Settings(
        bootstrap_servers=stack.bootstrap, schema_registry_url=stack.registry_url, topic=topic
    )
    with EventProducer(settings) as producer:
        for number in range(100):
            event = FreezerReading(sensor_id=f"s{number}", temperature=float(number))
            if number != 50:
                producer.send(event)
                continue
            with pytest.raises(InvalidEvent, match=why):
                producer.send(event, **sent)  # type: ignore[arg-type]  # key or timestamp
    assert str(producer.tally) == "100 read, 1 rejected, 99 delivered"
    found = sorted(number for _, number in there(stack.bootstrap, topic))
    assert found == [n for n in range(100) if n != 50]
