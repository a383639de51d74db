"""The target that the Confluent CLI reaches: Confluent Cloud, and Confluent Platform by `--url`."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from freezer_events.errors import UsageError
from freezer_infra.confluent.cli_topics import Topics
from freezer_infra.confluent.cloud_access import Acl, CloudAccess
from freezer_infra.confluent.credentials import Credentials, refusal, slots
from freezer_infra.confluent.session import cloud_session, environment, platform_session
from freezer_infra.keys.accepted import Patience
from freezer_infra.planner.target import (
    GROUP,
    SUBJECT,
    TOPIC,
    Right,
    Shape,
    Value,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from freezer_infra.confluent.cloud_access import RegistryCluster
    from freezer_infra.confluent.credentials import Slot
    from freezer_infra.planner.target import Client, KeyFile, Say, Topic

_DESCRIPTION = "made by freezer's infra"


@contextmanager
def cloud_target(cluster: str, environment_id: str, say: Say) -> Iterator[CloudTarget]:
    """Give a cluster of Confluent Cloud, logged in; see `cloud_session`."""
    with cloud_session(environment(), say) as cli:
        access = CloudAccess(cli, cluster, environment_id)
        topics = Topics(cli, ("--cluster", cluster, "--environment", environment_id))
        yield CloudTarget(f"{cluster} in {environment_id}", topics, access, say)


@contextmanager
def platform_target(url: str, say: Say) -> Iterator[CliTarget]:
    """Give the cluster behind a Confluent Platform's REST API; see `platform_session`."""
    with platform_session(environment(), url, say) as (cli, scope):
        yield CliTarget(url, Topics(cli, scope))


@dataclass(frozen=True)
class CliTarget:
    """A `Target` whose topics are managed here and whose users are not."""

    name: str
    _topics: Topics

    @property
    def is_local(self) -> bool:
        """Tell whether it is the containers on this machine: never, they have the Admin API."""
        return False

    @property
    def resource_types(self) -> frozenset[str]:
        """Nothing: who the users of a Confluent Platform are is decided there."""
        return frozenset()

    @property
    def adds_partitions(self) -> bool:
        """Tell that the REST API of a Confluent Platform cannot."""
        return not self._topics.on_platform

    def brokers(self) -> int | None:
        """Leave it to the cluster."""
        return None

    def topics(self) -> Mapping[str, Shape]:
        """Read every topic."""
        return self._topics.all()

    def configs(self, topic: str) -> Mapping[str, Value]:
        """Read the configs of a topic."""
        return self._topics.configs(topic)

    def create(self, topic: Topic) -> None:
        """Create a topic."""
        self._topics.create(topic.name, topic.partitions, topic.configs, topic.replication)

    def set_configs(self, topic: str, configs: Mapping[str, str]) -> None:
        """Change configs."""
        self._topics.set_configs(topic, configs)

    def raise_partitions(self, topic: str, count: int) -> None:
        """Add partitions."""
        self._topics.raise_partitions(topic, count)

    def rights(self, account: str, subjects: frozenset[str]) -> frozenset[Right] | None:  # noqa: ARG002 - as `Target` has it
        """Know of no account."""
        return None

    def create_account(self, account: str) -> None:
        """Refuse."""
        raise self._no_users(f"create service account {account!r}")

    def allow(self, account: str, rights: frozenset[Right]) -> None:  # noqa: ARG002 - as `Target` has it
        """Refuse."""
        raise self._no_users(f"grant access to {account!r}")

    def holds_key(self, client: Client, env_file: KeyFile) -> bool:
        """Refuse."""
        raise self._no_users(f"make a key of {client.account!r} for {env_file.path}")

    def write_key(self, client: Client, env_file: KeyFile) -> None:
        """Refuse."""
        raise self._no_users(f"make a key of {client.account!r} for {env_file.path}")

    def rotate_key(self, client: Client, env_file: KeyFile) -> None:
        """Refuse."""
        raise self._no_users(f"replace the key of {client.account!r} in {env_file.path}")

    def _no_users(self, doing: str) -> UsageError:
        return UsageError(doing, "the users of a Confluent Platform are managed elsewhere", "")


@dataclass(frozen=True)
class CloudTarget(CliTarget):
    """A `Target` in Confluent Cloud, with service accounts and API keys."""

    _access: CloudAccess
    _say: Say
    _ids: dict[str, str] = field(default_factory=dict)  # of accounts; a name keeps its id

    @property
    def resource_types(self) -> frozenset[str]:
        """All there are."""
        return frozenset({TOPIC, GROUP, SUBJECT})

    @cached_property
    def _registry(self) -> RegistryCluster:
        return self._access.registry()

    @cached_property
    def _address(self) -> str:
        return self._access.bootstrap_servers()

    def _id(self, account: str) -> str | None:
        if account not in self._ids and (found := self._access.account(account)):
            self._ids[account] = found
        return self._ids.get(account)

    def _made(self, account: str) -> str:
        if account not in self._ids:
            self._ids[account] = self._access.make_account(account, _DESCRIPTION)
        return self._ids[account]

    def rights(self, account: str, subjects: frozenset[str]) -> frozenset[Right] | None:
        """Read an account's ACLs on literal names, and its role on each of the subjects."""
        found = self._id(account)
        if found is None:
            return None
        acls = {Right(a.operation, a.resource_type, a.name) for a in self._access.acls(found)}
        readable = {
            Right("READ", SUBJECT, subject)
            for subject in subjects
            if self._access.may_read_subject(found, self._registry, subject)
        }
        return frozenset(acls | readable)

    def create_account(self, account: str) -> None:
        """Make the service account."""
        self._made(account)

    def allow(self, account: str, rights: frozenset[Right]) -> None:
        """Add ACLs, and the reader's role on each subject."""
        found = self._made(account)
        acls = [Acl(r.operation, r.resource_type, r.name) for r in rights]
        acls = [acl for acl in acls if acl.resource_type != SUBJECT]
        if acls:
            self._access.allow(found, acls)
        for right in sorted(rights):
            if right.resource_type == SUBJECT:
                self._access.let_read_subject(found, self._registry, right.name)

    def holds_key(self, client: Client, env_file: KeyFile) -> bool:
        """Tell whether the file holds a key for the cluster and one for the registry."""
        held = env_file.read()
        wanted = self._slots(client)
        for slot in wanted:
            if (refused := refusal(slot, held, env_file.path)) is not None:
                raise refused
        return all(slot.is_filled(held) for slot in wanted)

    def write_key(self, client: Client, env_file: KeyFile) -> None:
        """Make the keys that the file lacks; wait for each until it works."""
        credentials = self._credentials(client, env_file)
        for slot in self._slots(client):
            credentials.provide(slot)

    def rotate_key(self, client: Client, env_file: KeyFile) -> None:
        """Replace both keys, each by one that works, before the old one is deleted."""
        credentials = self._credentials(client, env_file)
        for slot in self._slots(client):
            credentials.rotate(slot)

    def _slots(self, client: Client) -> tuple[Slot, ...]:
        cluster = (self._access.cluster, self._address)
        return slots(cluster, self._registry, client.topic, client.subject)

    def _credentials(self, client: Client, env_file: KeyFile) -> Credentials:
        found = self._made(client.account)
        return Credentials(self._access, found, env_file, Patience(self._say))
