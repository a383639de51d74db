"""What a Kafka cluster is to the CLI, and the one that lives in the state file.

Tests of the contract need no Kafka: `MemoryBroker` keeps topics and ACLs in the cloud's state.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Protocol

from . import state
from .errors import BrokerRefused, unknown_topic

Configs = dict[str, str]
Entry = dict[str, object]
DEFAULT_PARTITIONS = 6
PARTITION_LIMIT = 9000
DEFAULTS = {"cleanup.policy": "delete", "retention.ms": "604800000", "min.insync.replicas": "2"}
READ_ONLY = {"confluent.value.schema.validation"}


@dataclass(frozen=True)
class Topic:
    name: str
    is_internal: bool
    replication_factor: int
    partition_count: int


@dataclass(frozen=True)
class Acl:
    principal: str
    permission: str
    operation: str
    resource_type: str
    resource_name: str
    pattern_type: str


class Broker(Protocol):
    """The part of Kafka's Admin API that the CLI's verbs reach through the REST API."""

    def topics(self) -> list[Topic]: ...
    def configs(self, topic: str) -> list[Entry]: ...
    def create(
        self, topic: str, partitions: int | None, configs: Configs, *, replicas: int, only_try: bool
    ) -> None: ...
    def alter(self, topic: str, configs: Configs, *, only_try: bool) -> None: ...
    def set_partitions(self, topic: str, count: int) -> None: ...
    def delete(self, topic: str) -> None: ...
    def acls(self) -> list[Acl]: ...
    def allow(self, acls: list[Acl]) -> None: ...
    def add_user(self, name: str, secret: str) -> None: ...
    def remove_user(self, name: str) -> None: ...  # and the rights of that user


def find(broker: Broker, name: str) -> Topic:
    for topic in broker.topics():
        if topic.name == name:
            return topic
    raise unknown_topic(name)


class MemoryBroker:
    """Topics and ACLs in the state file: enough for the contract, no records, no listeners."""

    def topics(self) -> list[Topic]:
        kept = state.read()["topics"]
        return [Topic(n, is_internal=False, **_shape(kept[n])) for n in sorted(kept)]

    def configs(self, topic: str) -> list[Entry]:
        values = {**DEFAULTS, **state.read()["topics"][topic]["configs"]}
        rows: list[Entry] = [
            {"name": k, "value": v, "read_only": k in READ_ONLY} for k, v in values.items()
        ]
        return [*rows, {"name": next(iter(READ_ONLY)), "value": "false", "read_only": True}]

    def create(
        self, topic: str, partitions: int | None, configs: Configs, *, replicas: int, only_try: bool
    ) -> None:
        count = DEFAULT_PARTITIONS if partitions is None else partitions
        with state.opened() as cloud:
            if topic in cloud["topics"]:
                raise BrokerRefused(f"Topic '{topic}' already exists.")
            _check(count, configs)
            if not only_try:
                cloud["topics"][topic] = {
                    "partitions": count,
                    "replicas": max(replicas, 3),
                    "configs": configs,
                }

    def alter(self, topic: str, configs: Configs, *, only_try: bool) -> None:
        _check(1, configs)
        with state.opened() as cloud:
            if topic not in cloud["topics"]:
                raise unknown_topic(topic)
            if not only_try:
                cloud["topics"][topic]["configs"].update(configs)

    def set_partitions(self, topic: str, count: int) -> None:
        with state.opened() as cloud:
            now = cloud["topics"][topic]["partitions"]
            if count <= now:
                raise BrokerRefused(
                    f"Topic currently has {now} partitions, which is higher than the requested "
                    f"{count}."
                )
            cloud["topics"][topic]["partitions"] = count

    def delete(self, topic: str) -> None:
        with state.opened() as cloud:
            del cloud["topics"][topic]

    def acls(self) -> list[Acl]:
        return [Acl(**kept) for kept in state.read()["acls"]]

    def allow(self, acls: list[Acl]) -> None:
        with state.opened() as cloud:
            cloud["acls"] += [asdict(a) for a in acls if asdict(a) not in cloud["acls"]]

    def add_user(self, name: str, secret: str) -> None:
        """Keys live in the state; no listener here asks for them."""

    def remove_user(self, name: str) -> None:
        """See `add_user`."""


def _shape(kept: dict[str, int]) -> dict[str, int]:
    return {"replication_factor": kept["replicas"], "partition_count": kept["partitions"]}


def _check(partitions: int, configs: Configs) -> None:
    if partitions > PARTITION_LIMIT:
        raise BrokerRefused(
            f"Adding the requested number of partitions will exceed {PARTITION_LIMIT} "
            "total partitions."
        )
    if partitions < 1:
        raise BrokerRefused("Number of partitions must be larger than 0.")
    for name in configs:
        if "." not in name or name.startswith("no."):
            raise BrokerRefused(f"Unknown topic config name: {name}")
