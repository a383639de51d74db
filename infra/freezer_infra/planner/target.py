"""What a cluster is to provisioning: the `Target` protocol and the values that cross it.

Two adapters keep it: `admin.admin_target` (Admin API) and `confluent.cli_target` (Confluent CLI).
The planner and `apply` know nothing else of a cluster. An adapter's changes return when the cluster
shows them; whether they are what was wanted is compared again afterwards, by `apply`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

from freezer_events.errors import EventError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

Say = Callable[[str], None]  # gets a line for a person who waits
TOPIC, GROUP, SUBJECT, TRANSACTION = "TOPIC", "GROUP", "SUBJECT", "TRANSACTIONAL_ID"
LITERAL, PREFIXED = "LITERAL", "PREFIXED"


class AlreadyThereError(EventError):
    """What was to be created exists: somebody was faster. It is left as it is."""


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic as it is wanted.

    Attributes:
        name: the topic's name.
        partitions: how many.
        configs: the configs that are declared; all others are the cluster's business.
        replication: copies of each partition; None leaves it to the cluster.

    """

    name: str
    partitions: int
    configs: Mapping[str, str] = field(default_factory=dict)
    replication: int | None = None


@dataclass(frozen=True, slots=True)
class Shape:
    """What a cluster's list of topics says about one."""

    partitions: int
    replication: int
    is_internal: bool = False


@dataclass(frozen=True, slots=True)
class Value:
    """One config of a topic as it is now; values are always text.

    `is_default` tells whether nobody has set it for the topic; None where the target does not say.
    """

    value: str
    read_only: bool = False
    is_default: bool | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, order=True)
class Right:
    """An operation on one thing, or on all whose names begin alike.

    Attributes:
        operation: WRITE, READ or DESCRIBE.
        resource_type: TOPIC, GROUP, TRANSACTION, or SUBJECT (of the registry).
        name: the thing's name, or what the names begin with.
        pattern: LITERAL, or PREFIXED.

    """

    operation: str
    resource_type: str
    name: str
    pattern: str = LITERAL


@dataclass(frozen=True, slots=True)
class Client:
    """Whose key goes into `.env`, and what that key is tried on.

    Attributes:
        account: the service account's name.
        topic: a topic that it may use.
        subject: the registry subject of that topic's events; None without an event.

    """

    account: str
    topic: str
    subject: str | None


@dataclass(frozen=True, slots=True)
class KeyChange:
    """One change that a rotation takes; nothing else happens in it.

    Attributes:
        act: make a new key, try it, write it down, delete the old one; or, where the key is a
            password, replace that.
        resource: what the key opens: `lkc-…`, `lsrc-…`, brokers.
        key: the id of the key that is deleted; empty for the other acts.

    """

    act: Literal["make", "try", "write", "delete", "replace"]
    resource: str
    key: str = ""


class KeyFile(Protocol):
    """The `.env` that gets the credentials; what else it holds is kept."""

    @property
    def path(self) -> Path:
        """Where it is, or will be."""
        ...

    def read(self) -> Mapping[str, str]:
        """Give the settings it holds; none where there is no file."""
        ...

    def write(self, values: Mapping[str, str]) -> None:
        """Set these keys, atomically, at mode 0600."""
        ...


class Target(Protocol):
    """One cluster that can be read and changed.

    Every method is bounded in time and raises a `EventError` that says what to do next:
    `AccessError` for who we are, `UnreachableError` where trying again may help.
    """

    @property
    def name(self) -> str:
        """What people call it: "localhost:9092", "lkc-1 in env-1"."""
        ...

    @property
    def is_local(self) -> bool:
        """Tell whether it is the containers on this machine, so nobody pays for what is made."""
        ...

    @property
    def resource_types(self) -> frozenset[str]:
        """What it knows rights on: TOPIC and GROUP, SUBJECT too, or nothing."""
        ...

    @property
    def adds_partitions(self) -> bool:
        """Tell whether it can give a topic more partitions; see `raise_partitions`."""
        ...

    @property
    def chooses_replication(self) -> bool:
        """Tell whether it decides itself how many copies of a partition there are."""
        ...

    @property
    def registry_url(self) -> str:
        """The address of its Schema Registry; empty where the settings say it."""
        ...

    def brokers(self) -> int | None:
        """Count the copies of a partition it can make; None where that is not known."""
        ...

    def objections(self, topic: Topic) -> tuple[str, ...]:
        """Say what of this topic cannot be passed on unchanged, whatever the cluster says."""
        ...

    def topics(self) -> Mapping[str, Shape]:
        """Read every topic, by name, internal ones too."""
        ...

    def configs(self, topic: str) -> Mapping[str, Value]:
        """Read the configs of a topic that is there."""
        ...

    def create(self, topic: Topic) -> None:
        """Create a topic with exactly these partitions and configs.

        Raises:
            AlreadyThereError: there is one of that name.

        """
        ...

    def set_configs(self, topic: str, configs: Mapping[str, str]) -> None:
        """Change these configs; all others stay."""
        ...

    def raise_partitions(self, topic: str, count: int) -> None:
        """Give the topic `count` partitions, more than it has."""
        ...

    def rights(self, account: str, wanted: frozenset[Right]) -> frozenset[Right] | None:
        """Read what a service account is allowed; None where there is none.

        Args:
            account: its name.
            wanted: what it is to have; a registry is asked about each of its subjects by name.

        """
        ...

    def create_account(self, account: str) -> None:
        """Create the service account, without rights; one that is there already is no error."""
        ...

    def allow(self, account: str, rights: frozenset[Right]) -> None:
        """Grant these rights; those it has stay."""
        ...

    def holds_key(self, client: Client, env_file: KeyFile) -> bool:
        """Tell whether the file holds this account's credentials for this very cluster.

        Raises:
            ConfigError: it holds credentials for another cluster, or cannot be written.

        """
        ...

    def write_key(self, client: Client, env_file: KeyFile) -> None:
        """Make credentials, write them, and wait until they authenticate. Never prints a secret.

        After a failure half-way it can be called again: what the file holds already is completed.
        """
        ...

    def rotation(self, client: Client, env_file: KeyFile) -> tuple[KeyChange, ...]:
        """Give the changes, in order, that replace the file's credentials by new ones."""
        ...

    def change_key(self, client: Client, env_file: KeyFile, change: KeyChange) -> None:
        """Make one change of a rotation. The file's credentials work at every moment.

        Raises:
            EventError: it failed; a new key that is not in the file is deleted again.

        """
        ...

    def leftovers(self) -> tuple[tuple[KeyChange, ...], tuple[str, ...]]:
        """Give the deletions that earlier rotations left, and notes on those nobody can decide."""
        ...

    def delete_key(self, change: KeyChange) -> None:
        """Delete an old key; one that is gone is no error, one that cannot be seen is."""
        ...
