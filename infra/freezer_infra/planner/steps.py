"""The steps a plan can hold, each with its words for people and its values for machines."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from fractions import Fraction
from itertools import groupby
from typing import TYPE_CHECKING, Any

from freezer_infra.planner.schemas import RegisterSchema, SetLevel
from freezer_infra.planner.target import PREFIXED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freezer_infra.planner.target import Client, KeyChange, Right, Topic


@dataclass(frozen=True, slots=True)
class CreateTopic:
    """Create a topic."""

    topic: Topic

    @property
    def title(self) -> str:
        """The step on one line, as a verb phrase."""
        return f"create topic {self.topic.name}"

    def fields(self) -> dict[str, Any]:
        """Give the step as JSON values."""
        shape = {"partitions": self.topic.partitions, "replication": self.topic.replication}
        configs = dict(self.topic.configs)
        return {"kind": "create_topic", "topic": self.topic.name, **shape, "configs": configs}


@dataclass(frozen=True, slots=True)
class ChangeConfigs:
    """Change configs of a topic: each from the first value to the second."""

    topic: str
    changes: Mapping[str, tuple[str, str]]

    @property
    def title(self) -> str:
        """The step on one line, as a verb phrase."""
        return f"change {', '.join(self.changes)} of topic {self.topic}"

    def fields(self) -> dict[str, Any]:
        """Give the step as JSON values."""
        changes = {key: {"from": old, "to": new} for key, (old, new) in self.changes.items()}
        return {"kind": "change_configs", "topic": self.topic, "configs": changes}


@dataclass(frozen=True, slots=True)
class RaisePartitions:
    """Give a topic more partitions; keys move."""

    topic: str
    old: int
    new: int

    @property
    def title(self) -> str:
        """The step on one line, as a verb phrase."""
        return f"raise topic {self.topic} from {self.old} to {self.new} partitions"

    @property
    def moving(self) -> str:
        """What it does to keys, as a sentence without a final full stop."""
        return moving(self.old, self.new)

    def fields(self) -> dict[str, Any]:
        """Give the step as JSON values."""
        counts = {"from": self.old, "to": self.new, "keys": self.moving}
        return {"kind": "raise_partitions", "topic": self.topic, "partitions": counts}


@dataclass(frozen=True, slots=True)
class CreateAccount:
    """Create a service account."""

    account: str

    @property
    def title(self) -> str:
        """The step on one line, as a verb phrase."""
        return f"create service account {self.account}"

    def fields(self) -> dict[str, Any]:
        """Give the step as JSON values."""
        return {"kind": "create_account", "service_account": self.account}


@dataclass(frozen=True, slots=True)
class AllowRights:
    """Grant a service account rights that it lacks."""

    account: str
    rights: frozenset[Right]

    @property
    def title(self) -> str:
        """The step on one line, as a verb phrase."""
        return f"allow {self.account} to {'; '.join(self.things)}"

    @property
    def things(self) -> tuple[str, ...]:
        """The rights on one thing together: "describe, write topic x"."""
        ordered = sorted(self.rights, key=lambda r: (*_thing(r), r.operation))
        return tuple(
            f"{', '.join(r.operation.lower() for r in group)} {kind.lower()} {name}"
            for (kind, name), group in groupby(ordered, key=_thing)
        )

    def fields(self) -> dict[str, Any]:
        """Give the step as JSON values."""
        rights = [asdict(right) for right in sorted(self.rights)]
        return {"kind": "allow", "service_account": self.account, "rights": rights}


@dataclass(frozen=True, slots=True)
class WriteKey:
    """Put a service account's credentials into `.env`."""

    client: Client
    file: str

    @property
    def title(self) -> str:
        """The step on one line, as a verb phrase."""
        return f"write the key of {self.client.account} to {self.file}"

    def fields(self) -> dict[str, Any]:
        """Give the step as JSON values; no secret is among them."""
        return {"kind": "write_key", "service_account": self.client.account, "file": self.file}


@dataclass(frozen=True, slots=True)
class ChangeKey:
    """One change on the way to new credentials in `.env`; see `KeyChange`."""

    client: Client
    file: str
    change: KeyChange

    @property
    def title(self) -> str:
        """The step on one line, as a verb phrase."""
        account, resource = self.client.account, self.change.resource
        return {
            "make": f"make a new key of {account} for {resource}",
            "try": f"try the new key on {resource}",
            "write": f"write the new key for {resource} to {self.file}",
            "replace": f"replace the key of {account} in {self.file}",
        }[self.change.act]

    def fields(self) -> dict[str, Any]:
        """Give the step as JSON values; no secret is among them."""
        where = {"resource": self.change.resource, "file": self.file}
        account = self.client.account
        return {"kind": f"{self.change.act}_new_key", "service_account": account, **where}


@dataclass(frozen=True, slots=True)
class DeleteKey:
    """Delete a key that a newer one has replaced."""

    change: KeyChange

    @property
    def title(self) -> str:
        """The step on one line, as a verb phrase."""
        return f"delete the old key {self.change.key} of {self.change.resource}"

    def fields(self) -> dict[str, Any]:
        """Give the step as JSON values."""
        return {"kind": "delete_key", "resource": self.change.resource, "key": self.change.key}


Step = (
    CreateTopic
    | ChangeConfigs
    | RaisePartitions
    | CreateAccount
    | AllowRights
    | WriteKey
    | ChangeKey
    | DeleteKey
    | SetLevel
    | RegisterSchema
)
_CHANGES = (ChangeConfigs, RaisePartitions, ChangeKey, DeleteKey)


def is_change(step: Step) -> bool:
    """Tell a change of what is there from a step that only creates."""
    return isinstance(step, _CHANGES) or (isinstance(step, SetLevel) and step.old is not None)


def _thing(right: Right) -> tuple[str, str]:
    """Give what a right is on, as people write it: all that begin with "x." are "x.*"."""
    return right.resource_type, right.name + ("*" if right.pattern == PREFIXED else "")


def moving(old: int, new: int) -> str:
    """Say what more partitions do to keys.

    A key stays where hash % old equals hash % new: `old` of each lcm(old, new) hashes.
    """
    moved = 1 - Fraction(old, math.lcm(old, new))
    return (
        f"keys will move from partition hash % {old} to hash % {new} "
        f"(about {moved.numerator} of {moved.denominator}), and their order is lost across the move"
    )
