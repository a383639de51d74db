"""A target in memory that keeps the contract of `planner.target`, and can be told to fail.

`test_apply.py` runs the suite of `target_suite.py` against it, as the real ones are tested.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from freezer_events.errors import UnreachableError
from freezer_infra.planner.target import (
    GROUP,
    SUBJECT,
    TOPIC,
    TRANSACTION,
    AlreadyThereError,
    Client,
    KeyChange,
    KeyFile,
    Right,
    Shape,
    Topic,
    Value,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

DEFAULTS = {"cleanup.policy": "delete", "retention.ms": "604800000", "max.message.bytes": "1000"}


@dataclass
class MemoryTarget:
    """Holds topics, accounts and keys in dictionaries; `changes` names every mutation."""

    name: str = "memory"
    is_local: bool = True
    adds_partitions: bool = True
    chooses_replication: bool = False
    registry_url: str = ""
    resource_types: frozenset[str] = frozenset({TOPIC, GROUP, SUBJECT, TRANSACTION})
    shapes: dict[str, Shape] = field(default_factory=dict)
    values: dict[str, dict[str, Value]] = field(default_factory=dict)
    accounts: dict[str, frozenset[Right]] = field(default_factory=dict)
    unfinished: list[KeyChange] = field(default_factory=list)
    keys: dict[str, int] = field(default_factory=dict)
    changes: list[str] = field(default_factory=list)
    fail_at: int | None = None
    before: Callable[[str], None] = lambda _change: None

    def brokers(self) -> int | None:
        return 3

    def topics(self) -> dict[str, Shape]:
        return dict(self.shapes)

    def configs(self, topic: str) -> dict[str, Value]:
        return dict(self.values[topic])

    def create(self, topic: Topic) -> None:
        self._change(f"create {topic.name}")
        if topic.name in self.shapes:
            raise AlreadyThereError(f"create topic {topic.name!r}", "it exists")
        self.put(topic)

    def put(self, topic: Topic) -> None:
        """Have a topic as if it had always been there."""
        self.shapes[topic.name] = Shape(topic.partitions, topic.replication or 1)
        values = {**DEFAULTS, **topic.configs}
        self.values[topic.name] = {key: Value(value) for key, value in values.items()}

    def set_configs(self, topic: str, configs: Mapping[str, str]) -> None:
        self._change(f"configs {topic}")
        self.values[topic] |= {key: Value(value) for key, value in configs.items()}

    def raise_partitions(self, topic: str, count: int) -> None:
        self._change(f"partitions {topic}")
        self.shapes[topic] = Shape(count, self.shapes[topic].replication)

    def rights(self, account: str, wanted: frozenset[Right]) -> frozenset[Right] | None:
        has = self.accounts.get(account)
        if has is None:
            return None
        return frozenset(r for r in has if r.resource_type != SUBJECT or r in wanted)

    def create_account(self, account: str) -> None:
        self._change(f"account {account}")
        self.accounts.setdefault(account, frozenset())

    def allow(self, account: str, rights: frozenset[Right]) -> None:
        self._change(f"allow {account}")
        self.accounts[account] |= rights

    def holds_key(self, client: Client, env_file: KeyFile) -> bool:
        return env_file.read().get("SASL_USERNAME") == client.account

    def write_key(self, client: Client, env_file: KeyFile) -> None:
        self._change(f"key {client.account}")
        self.keys[client.account] = self.keys.get(client.account, 0) + 1
        secret = f"secret-{self.keys[client.account]}"
        env_file.write({"SASL_USERNAME": client.account, "SASL_PASSWORD": secret})

    def rotation(self, client: Client, env_file: KeyFile) -> tuple[KeyChange, ...]:  # noqa: ARG002 - as `Target` has it
        return (KeyChange("replace", self.name),)

    def change_key(self, client: Client, env_file: KeyFile, change: KeyChange) -> None:  # noqa: ARG002 - as above
        self.write_key(client, env_file)

    def leftovers(self) -> tuple[tuple[KeyChange, ...], tuple[str, ...]]:
        return tuple(self.unfinished), ()

    def delete_key(self, change: KeyChange) -> None:
        self._change(f"delete {change.key}")
        self.unfinished.remove(change)

    def objections(self, topic: Topic) -> tuple[str, ...]:
        return tuple(f"{key}: no" for key, value in topic.configs.items() if value == "bad")

    def _change(self, what: str) -> None:
        self.before(what)
        if self.fail_at == len(self.changes):
            raise UnreachableError(what, "the network is gone", "try again")
        self.changes.append(what)
