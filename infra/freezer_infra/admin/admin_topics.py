"""Kafka through its Admin API, as a `Target`: the local stack, or the cluster that `.env` names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

# The package exports these without saying so to type checkers.
from confluent_kafka.admin import (  # type: ignore[attr-defined]
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    ConfigSource,
)
from confluent_kafka.cimpl import NewPartitions, NewTopic

from freezer_infra.admin.call import Admin, until_shown
from freezer_infra.planner.target import Shape, Topic, Value

if TYPE_CHECKING:
    from collections.abc import Mapping

_INTERNAL: Final = ("__consumer_offsets", "__transaction_state", "__share_group_state")


@dataclass(frozen=True)
class AdminTopics:
    """The topics of one cluster; each change is waited for until the cluster shows it."""

    admin: Admin

    def brokers(self) -> int:
        """Count the brokers: a partition has at most one copy on each."""
        return len(self.admin.metadata("list the brokers").brokers)

    def topics(self) -> Mapping[str, Shape]:
        """Read every topic, by name."""
        return {
            name: Shape(
                partitions=len(topic.partitions),
                replication=min((len(p.replicas) for p in topic.partitions.values()), default=0),
                is_internal=name in _INTERNAL,
            )
            for name, topic in self.admin.metadata("list the topics").topics.items()
        }

    def configs(self, topic: str) -> Mapping[str, Value]:
        """Read the configs of a topic."""
        about = ConfigResource(ConfigResource.Type.TOPIC, topic)
        entries = self.admin.wait(
            f"read the configs of topic {topic!r}",
            lambda client, s: client.describe_configs([about], request_timeout=s)[about],
        )
        return {
            name: Value(
                entry.value or "",
                read_only=bool(entry.is_read_only),
                is_default=entry.source != ConfigSource.DYNAMIC_TOPIC_CONFIG.value,
            )
            for name, entry in entries.items()
        }

    def create(self, topic: Topic) -> None:
        """Create a topic.

        Raises:
            AlreadyThereError: there is one of that name.

        """
        copies = topic.replication or -1  # -1: the broker's default
        new = NewTopic(topic.name, topic.partitions, copies, config=dict(topic.configs))
        self.admin.wait(
            f"create topic {topic.name!r}",
            lambda client, s: client.create_topics([new], request_timeout=s)[topic.name],
        )
        until_shown(f"topic {topic.name!r}", lambda: self._has(topic.name, topic.partitions))

    def set_configs(self, topic: str, configs: Mapping[str, str]) -> None:
        """Change these configs; all others stay."""
        entries = [
            ConfigEntry(key, value, incremental_operation=AlterConfigOpType.SET)
            for key, value in configs.items()
        ]
        about = ConfigResource(ConfigResource.Type.TOPIC, topic, incremental_configs=entries)
        self.admin.wait(
            f"change the configs of topic {topic!r}",
            lambda client, s: client.incremental_alter_configs([about], request_timeout=s)[about],
        )
        until_shown(f"topic {topic!r}", lambda: self._reads(topic, configs))

    def raise_partitions(self, topic: str, count: int) -> None:
        """Give the topic `count` partitions, more than it has."""
        new = NewPartitions(topic, count)
        self.admin.wait(
            f"raise topic {topic!r} to {count} partitions",
            lambda client, s: client.create_partitions([new], request_timeout=s)[topic],
        )
        until_shown(f"topic {topic!r}", lambda: self._has(topic, count))

    def _has(self, topic: str, partitions: int) -> bool:
        found = self.topics().get(topic)
        return found is not None and found.partitions == partitions

    def _reads(self, topic: str, configs: Mapping[str, str]) -> bool:
        now = self.configs(topic)
        return all(key in now and now[key].value == value for key, value in configs.items())
