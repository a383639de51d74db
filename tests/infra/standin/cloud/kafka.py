"""The real Kafka behind the stand-in: the Admin API, where the real CLI has its REST API."""

# The library re-exports these names without saying so, and its stubs deny what it accepts.
# mypy: disable-error-code="attr-defined,arg-type,union-attr"

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from confluent_kafka import KafkaException
from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewPartitions,
    NewTopic,
    ResourcePatternType,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialDeletion,
    UserScramCredentialUpsertion,
)

from .errors import refused

if TYPE_CHECKING:
    from concurrent.futures import Future

    from .memory import Configs, Rows

TIMEOUT_S = 15.0


class KafkaBroker:
    """Each call is bounded; an error of the broker becomes the error of the REST API."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self._admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})

    def brokers(self) -> int:
        return len(self._metadata().brokers)

    def topics(self) -> Rows:
        return [
            {
                "name": name,
                "is_internal": name.startswith("__"),
                "replication_factor": min(len(p.replicas) for p in topic.partitions.values()),
                "partition_count": len(topic.partitions),
            }
            for name, topic in sorted(self._metadata().topics.items())
        ]

    def configs(self, topic: str) -> Rows:
        resource = ConfigResource(ConfigResource.Type.TOPIC, topic)
        found = _wait(self._admin.describe_configs([resource])[resource])
        return [
            {"name": e.name, "value": str(e.value), "read_only": bool(e.is_read_only)}
            for e in sorted(found.values(), key=lambda entry: str(entry.name))
        ]

    def create(self, topic: str, partitions: int, copies: int, configs: Configs) -> None:
        copies = min(copies, self.brokers()) if copies == 3 else copies
        new = NewTopic(topic, partitions, copies, config=configs)
        _wait(self._admin.create_topics([new])[topic])
        self._until(topic, partitions)

    def alter(self, topic: str, configs: Configs) -> None:
        resource = ConfigResource(ConfigResource.Type.TOPIC, topic)
        for name, value in configs.items():
            set_it = ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET)
            resource.add_incremental_config(set_it)
        _wait(self._admin.incremental_alter_configs([resource])[resource])

    def set_partitions(self, topic: str, count: int) -> None:
        _wait(self._admin.create_partitions([NewPartitions(topic, count)])[topic])
        self._until(topic, count)

    def delete(self, topic: str) -> None:
        _wait(self._admin.delete_topics([topic])[topic])
        self._until(topic, None)

    def acls(self) -> Rows:
        return [
            {
                "principal": binding.principal,
                "permission": binding.permission_type.name,
                "operation": binding.operation.name,
                "resource_type": binding.restype.name,
                "resource_name": binding.name,
                "pattern_type": binding.resource_pattern_type.name,
            }
            for binding in _wait(self._admin.describe_acls(_acls_of(None)))
        ]

    def allow(self, acls: Rows) -> None:
        bindings = [
            AclBinding(
                ResourceType[row["resource_type"]],
                row["resource_name"],
                ResourcePatternType[row["pattern_type"]],
                row["principal"],
                "*",
                AclOperation[row["operation"]],
                AclPermissionType[row["permission"]],
            )
            for row in acls
        ]
        for future in self._admin.create_acls(bindings).values() if bindings else ():
            _wait(future)

    def add_user(self, name: str, secret: str, after_s: int) -> None:
        """Make the user; later, in a process that outlives this one, where that is asked for."""
        if after_s:
            later = subprocess.Popen(
                [sys.executable, "-m", "cloud.kafka"],
                cwd=Path(__file__).resolve().parents[1],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                text=True,
            )
            assert later.stdin is not None
            with later.stdin:
                json.dump([self._bootstrap, name, secret, after_s], later.stdin)
            return
        info = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 4096)
        change = UserScramCredentialUpsertion(name, info, secret.encode())
        _wait(self._admin.alter_user_scram_credentials([change])[name])

    def remove_user(self, name: str) -> None:
        mine = _acls_of(f"User:{name}")
        _wait(self._admin.delete_acls([mine])[mine])
        change = UserScramCredentialDeletion(name, ScramMechanism.SCRAM_SHA_512)
        _wait(self._admin.alter_user_scram_credentials([change])[name])

    def _metadata(self) -> Any:
        try:
            return self._admin.list_topics(timeout=TIMEOUT_S)
        except KafkaException as error:
            raise refused(error.args[0].str()) from error

    def _until(self, topic: str, partitions: int | None) -> None:
        """Wait until the broker's metadata say it: the real REST API answers from the same view."""
        deadline = time.monotonic() + TIMEOUT_S
        while time.monotonic() < deadline:
            found = self._metadata().topics.get(topic)
            if (None if found is None else len(found.partitions)) == partitions:
                return
            time.sleep(0.05)


def _wait(future: Future[Any]) -> Any:
    try:
        return future.result(timeout=TIMEOUT_S)
    except KafkaException as error:
        raise refused(error.args[0].str()) from error


def _acls_of(principal: str | None) -> AclBindingFilter:
    anything = (AclOperation.ANY, AclPermissionType.ANY)
    return AclBindingFilter(
        ResourceType.ANY, None, ResourcePatternType.ANY, principal, None, *anything
    )


if __name__ == "__main__":
    wanted = json.load(sys.stdin)
    time.sleep(wanted[3])
    KafkaBroker(wanted[0]).add_user(wanted[1], wanted[2], 0)
