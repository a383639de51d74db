"""The real Kafka behind the stand-in: the Admin API, where the real CLI has its REST API."""

# The library re-exports these names without saying so, and its stubs deny what it accepts.
# mypy: disable-error-code="attr-defined,arg-type,union-attr"

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from confluent_kafka import KafkaError, KafkaException
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

from .broker import DEFAULT_PARTITIONS, Acl, Configs, Entry, Topic
from .errors import BrokerRefused, unknown_topic

if TYPE_CHECKING:
    from concurrent.futures import Future

TIMEOUT_S = 15.0
_ACL_TYPES = {"TOPIC": ResourceType.TOPIC, "GROUP": ResourceType.GROUP}


class KafkaBroker:
    """Each call is bounded; an error of the broker becomes the error of the REST API."""

    def __init__(self, bootstrap: str) -> None:
        self._admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})

    def topics(self) -> list[Topic]:
        found = _ask(lambda: self._admin.list_topics(timeout=TIMEOUT_S)).topics
        return [
            Topic(
                name=name,
                is_internal=name.startswith("__"),
                replication_factor=min(len(p.replicas) for p in topic.partitions.values()),
                partition_count=len(topic.partitions),
            )
            for name, topic in sorted(found.items())
        ]

    def configs(self, topic: str) -> list[Entry]:
        resource = ConfigResource(ConfigResource.Type.TOPIC, topic)
        found = _wait(self._admin.describe_configs([resource])[resource])
        return [
            {"name": e.name, "value": str(e.value), "read_only": bool(e.is_read_only)}
            for e in sorted(found.values(), key=lambda entry: str(entry.name))
        ]

    def create(
        self, topic: str, partitions: int | None, configs: Configs, *, replicas: int, only_try: bool
    ) -> None:
        wanted = NewTopic(
            topic,
            num_partitions=DEFAULT_PARTITIONS if partitions is None else partitions,
            replication_factor=replicas,
            config=configs,
        )
        _wait(self._admin.create_topics([wanted], validate_only=only_try)[topic])
        if not only_try:
            self._until(topic, lambda found: found is not None)

    def alter(self, topic: str, configs: Configs, *, only_try: bool) -> None:
        resource = ConfigResource(ConfigResource.Type.TOPIC, topic)
        for name, value in configs.items():
            resource.add_incremental_config(
                ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET)
            )
        futures = self._admin.incremental_alter_configs([resource], validate_only=only_try)
        _wait(futures[resource])

    def set_partitions(self, topic: str, count: int) -> None:
        _wait(self._admin.create_partitions([NewPartitions(topic, count)])[topic])
        self._until(topic, lambda found: found is not None and found.partition_count == count)

    def delete(self, topic: str) -> None:
        _wait(self._admin.delete_topics([topic])[topic])
        self._until(topic, lambda found: found is None)

    def acls(self) -> list[Acl]:
        return [_acl(binding) for binding in _wait(self._admin.describe_acls(_acls_of(None)))]

    def allow(self, acls: list[Acl]) -> None:
        bindings = [_binding(acl) for acl in acls]
        for future in self._admin.create_acls(bindings).values() if bindings else ():
            _wait(future)

    def add_user(self, name: str, secret: str) -> None:
        info = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 4096)
        change = UserScramCredentialUpsertion(name, info, secret.encode())
        _wait(self._admin.alter_user_scram_credentials([change])[name])

    def remove_user(self, name: str) -> None:
        mine = _acls_of(f"User:{name}")
        _wait(self._admin.delete_acls([mine])[mine])
        change = UserScramCredentialDeletion(name, ScramMechanism.SCRAM_SHA_512)
        _wait(self._admin.alter_user_scram_credentials([change])[name])

    def _until(self, topic: str, done: Any) -> None:
        """Wait until the broker's metadata say it: the real REST API answers from the same view."""
        deadline = time.monotonic() + TIMEOUT_S
        while time.monotonic() < deadline:
            if done(next((t for t in self.topics() if t.name == topic), None)):
                return
            time.sleep(0.05)


def _ask(call: Any) -> Any:
    try:
        return call()
    except KafkaException as error:
        raise BrokerRefused(error.args[0].str(), 50002) from error


def _wait(future: Future[Any]) -> Any:
    try:
        return future.result(timeout=TIMEOUT_S)
    except KafkaException as error:
        fault = error.args[0]
        if fault.code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
            raise unknown_topic("") from error
        raise BrokerRefused(fault.str()) from error


def _acl(binding: AclBinding) -> Acl:
    return Acl(
        principal=binding.principal,
        permission=binding.permission_type.name,
        operation=binding.operation.name,
        resource_type=binding.restype.name,
        resource_name=binding.name,
        pattern_type=binding.resource_pattern_type.name,
    )


def _acls_of(principal: str | None) -> AclBindingFilter:
    return AclBindingFilter(
        ResourceType.ANY,
        None,
        ResourcePatternType.ANY,
        principal,
        None,
        AclOperation.ANY,
        AclPermissionType.ANY,
    )


def _binding(acl: Acl) -> AclBinding:
    return AclBinding(
        _ACL_TYPES[acl.resource_type],
        acl.resource_name,
        ResourcePatternType[acl.pattern_type],
        acl.principal,
        "*",
        AclOperation[acl.operation],
        AclPermissionType[acl.permission],
    )
