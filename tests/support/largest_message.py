"""Bound what a topic takes, as those who run a cluster do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confluent_kafka.admin import (  # type: ignore[attr-defined]
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    ResourceType,
)

if TYPE_CHECKING:
    from confluent_kafka.admin import AdminClient


def limit(admin: AdminClient, topic: str, most_bytes: int) -> None:
    """Set `max.message.bytes` of a topic, which bounds its batches."""
    entry = ConfigEntry(
        "max.message.bytes", str(most_bytes), incremental_operation=AlterConfigOpType.SET
    )
    resource = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=[entry])
    admin.incremental_alter_configs([resource])[resource].result(30)
