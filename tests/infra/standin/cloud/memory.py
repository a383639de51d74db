"""What a Kafka cluster is to the CLI, and the one in the state file, for tests without a broker."""

from __future__ import annotations

from typing import Any, Protocol

from . import state
from .errors import LIMIT, refused

Rows = list[dict[str, Any]]  # as the CLI prints them
Configs = dict[str, str]
DEFAULTS = {"cleanup.policy": "delete", "retention.ms": "604800000", "min.insync.replicas": "2"}
READ_ONLY = {"name": "confluent.value.schema.validation", "value": "false", "read_only": True}


class Broker(Protocol):
    """The part of Kafka's Admin API that the CLI's verbs reach through the REST API."""

    def brokers(self) -> int: ...
    def topics(self) -> Rows: ...
    def configs(self, topic: str) -> Rows: ...
    def create(self, topic: str, partitions: int, copies: int, configs: Configs) -> None: ...
    def alter(self, topic: str, configs: Configs) -> None: ...
    def set_partitions(self, topic: str, count: int) -> None: ...
    def delete(self, topic: str) -> None: ...
    def acls(self) -> Rows: ...
    def allow(self, acls: Rows) -> None: ...
    def add_user(self, name: str, secret: str, after_s: int) -> None: ...
    def remove_user(self, name: str) -> None: ...  # and the rights of that user


class MemoryBroker:
    """Topics and ACLs in the state file: enough for the contract, no records, no listeners."""

    def brokers(self) -> int:
        return int(state.read().get("brokers", 3))

    def topics(self) -> Rows:
        return [
            {
                "name": name,
                "is_internal": False,
                "replication_factor": kept["copies"],
                "partition_count": kept["partitions"],
            }
            for name, kept in sorted(state.read()["topics"].items())
        ]

    def configs(self, topic: str) -> Rows:
        values = {**DEFAULTS, **state.read()["topics"][topic]["configs"]}
        rows = [{"name": k, "value": v, "read_only": False} for k, v in values.items()]
        return [*rows, READ_ONLY]

    def create(self, topic: str, partitions: int, copies: int, configs: Configs) -> None:
        self._check(configs)
        if partitions > 9000:
            raise refused(LIMIT)
        if copies > self.brokers():
            raise refused(f"Unable to replicate the partition {copies} time(s).")
        with state.opened() as cloud:
            cloud["topics"][topic] = {
                "partitions": partitions,
                "copies": copies,
                "configs": configs,
            }

    def alter(self, topic: str, configs: Configs) -> None:
        self._check(configs)
        with state.opened() as cloud:
            cloud["topics"][topic]["configs"].update(configs)

    def set_partitions(self, topic: str, count: int) -> None:
        with state.opened() as cloud:
            now = cloud["topics"][topic]["partitions"]
            if count <= now:
                raise refused(
                    f"Topic currently has {now} partitions, which is higher than {count}."
                )
            cloud["topics"][topic]["partitions"] = count

    def delete(self, topic: str) -> None:
        with state.opened() as cloud:
            del cloud["topics"][topic]

    def acls(self) -> Rows:
        return list(state.read()["acls"])

    def allow(self, acls: Rows) -> None:
        with state.opened() as cloud:
            cloud["acls"] += [row for row in acls if row not in cloud["acls"]]

    def add_user(self, name: str, secret: str, after_s: int) -> None:
        """Keys live in the state; no listener here asks for them."""

    def remove_user(self, name: str) -> None:
        """See `add_user`."""

    def _check(self, configs: Configs) -> None:
        for name in configs:
            if "." not in name or name.startswith("no."):
                raise refused(f"Unknown topic config name: {name}")
