"""The target in Confluent Cloud: topics as on a platform, and service accounts and API keys."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from freezer_infra.confluent.cli_target import CliTarget
from freezer_infra.confluent.cli_topics import Topics
from freezer_infra.confluent.cloud_access import PUBLIC, CloudAccess, Private
from freezer_infra.confluent.credentials import Credentials, key_name, refusal, slots
from freezer_infra.confluent.session import cloud_session, environment
from freezer_infra.keys.accepted import Patience
from freezer_infra.keys.env_file import EnvFile
from freezer_infra.keys.leftover import Leftovers
from freezer_infra.planner.target import GROUP, SUBJECT, TOPIC, TRANSACTION, KeyChange, Right

if TYPE_CHECKING:
    from collections.abc import Iterator

    from freezer_infra.confluent.cloud_access import ApiKey, RegistryCluster
    from freezer_infra.confluent.credentials import Slot
    from freezer_infra.keys.leftover import Unfinished
    from freezer_infra.planner.target import Client, KeyFile, Say

_DESCRIPTION = "made by freezer's infra"


@contextmanager
def cloud_target(
    cluster: str, environment_id: str, say: Say, private: Private = PUBLIC
) -> Iterator[CloudTarget]:
    """Give a cluster of Confluent Cloud, logged in; see `cloud_session`."""
    with cloud_session(environment(), say) as cli:
        access = CloudAccess(cli, cluster, environment_id, private)
        topics = Topics(cli, access.scope)
        yield CloudTarget(f"{cluster} in {environment_id}", topics, access, say)


@dataclass(frozen=True)
class CloudTarget(CliTarget):
    """A `Target` in Confluent Cloud, with service accounts and API keys."""

    _access: CloudAccess
    _say: Say
    _ids: dict[str, str] = field(default_factory=dict)  # of accounts; a name keeps its id
    _new: dict[str, ApiKey] = field(default_factory=dict)  # of a rotation, by resource

    @property
    def resource_types(self) -> frozenset[str]:
        """All there are."""
        return frozenset({TOPIC, GROUP, SUBJECT, TRANSACTION})

    @property
    def registry_url(self) -> str:
        """The environment's."""
        return self._registry.url

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

    def rights(self, account: str, wanted: frozenset[Right]) -> frozenset[Right] | None:
        """Read an account's ACLs, and its role on each of the subjects that are wanted."""
        subjects = [right for right in wanted if right.resource_type == SUBJECT]
        if subjects:
            _ = self._registry  # an environment without one is told before anything is made
        found = self._id(account)
        if found is None:
            return None
        readable = {r for r in subjects if self._access.may_read_subject(found, self._registry, r)}
        return frozenset(self._access.acls(found) | readable)

    def create_account(self, account: str) -> None:
        """Make the service account."""
        self._made(account)

    def allow(self, account: str, rights: frozenset[Right]) -> None:
        """Add ACLs, and the reader's role on each subject."""
        found = self._made(account)
        acls = [right for right in rights if right.resource_type != SUBJECT]
        if acls:
            self._access.allow(found, acls)
        for right in sorted(rights):
            if right.resource_type == SUBJECT:
                self._access.let_read_subject(found, self._registry, right)

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

    def rotation(self, client: Client, env_file: KeyFile) -> tuple[KeyChange, ...]:
        """Replace both keys, each by one that works, before the old one is deleted.

        A key whose rotation has only its last change to go is not rotated again.
        """
        held = env_file.read()
        going = {entry.new for entry in Leftovers().all()}
        ids = {slot.resource: held.get(slot.key_name, "") for slot in self._slots(client)}
        return tuple(
            change
            for resource, old in ids.items()
            if old not in going
            for change in (
                KeyChange("make", resource),
                KeyChange("try", resource),
                KeyChange("write", resource),
                KeyChange("delete", resource, old),
            )
        )

    def change_key(self, client: Client, env_file: KeyFile, change: KeyChange) -> None:
        """Make, try or write a key; see `Credentials`."""
        credentials = self._credentials(client, env_file)
        (slot,) = (slot for slot in self._slots(client) if slot.resource == change.resource)
        if change.act == "make":
            credentials.make(slot)
        elif change.act == "try":
            credentials.attempt(slot)
        else:
            credentials.write(slot)

    def leftovers(self) -> tuple[tuple[KeyChange, ...], tuple[str, ...]]:
        """Find what earlier runs left in this environment, by what their files hold now."""
        here = [e for e in Leftovers().all() if e.place == self._access.environment]
        held = {e: EnvFile(Path(e.file)).read().get(key_name(e.resource)) for e in here}
        useless = {e: e.useless(held[e]) for e in here}
        return (
            tuple(KeyChange("delete", e.resource, key) for e, key in useless.items() if key),
            tuple(_undecided(e) for e, key in useless.items() if key is None),
        )

    def delete_key(self, change: KeyChange) -> None:
        """Delete a key that a newer one has replaced, and strike both off the list."""
        newer = [e.new for e in Leftovers().all() if change.key == e.old]
        self._access.delete_key(change.key, change.resource, newer[0] if newer else "")
        Leftovers().forget(change.key)

    def _slots(self, client: Client) -> tuple[Slot, ...]:
        cluster = (self._access.cluster, self._address)
        return slots(cluster, self._registry, client.topic, client.subject)

    def _credentials(self, client: Client, env_file: KeyFile) -> Credentials:
        found = self._made(client.account)
        return Credentials(self._access, found, env_file, Patience(self._say), self._new)


def _undecided(entry: Unfinished) -> str:
    one, other = f"key {entry.new}", f" nor {entry.old}" if entry.old else ""
    return (
        f"{entry.file} holds neither {one}{other} of {entry.resource}, so no run can tell which "
        f"is in use: confluent api-key delete the one that is not, then rm {Leftovers().path}"
    )
