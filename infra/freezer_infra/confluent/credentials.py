"""One API key per resource, in `.env`: made once, tried, rotated without a gap.

The cloud shows a secret once, so a first key is written down before anything else happens to it. A
rotated key is written only when it works, and the old one is deleted after that: at every moment
the file holds a key that works. The ids of both are on the list of `keys.leftover` meanwhile.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from freezer_events.config import Settings
from freezer_events.errors import ConfigError, EventError
from freezer_infra.keys.accepted import Patience, until_cluster_accepts, until_registry_accepts
from freezer_infra.keys.leftover import Leftovers, Unfinished

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from freezer_infra.confluent.cloud_access import ApiKey, CloudAccess, RegistryCluster
    from freezer_infra.planner.target import KeyFile


@dataclass(frozen=True)
class Slot:
    """Where one resource's key goes, and how to find out whether it works."""

    resource: str  # lkc-… or lsrc-…
    address: tuple[str, str]  # setting and value: BOOTSTRAP_SERVERS, host:9092
    key_name: str
    secret_name: str
    accepted: Callable[[Settings, Patience], None]

    def is_filled(self, held: Mapping[str, str]) -> bool:
        """Tell whether a file that holds these settings has this key."""
        return bool(held.get(self.key_name) and held.get(self.secret_name))


def slots(
    cluster: tuple[str, str], registry: RegistryCluster, topic: str, subject: str | None
) -> tuple[Slot, Slot]:
    """Give the two resources a client of this topic needs keys for.

    Args:
        cluster: its id and its address.
        registry: the environment's.
        topic: what the cluster's key is tried on.
        subject: what the registry's key is tried on; None for the list of subjects.

    """
    return (
        Slot(
            cluster[0],
            ("BOOTSTRAP_SERVERS", cluster[1]),
            *_NAMES["lkc"],
            lambda settings, patience: until_cluster_accepts(settings, topic, patience),
        ),
        Slot(
            registry.id,
            ("SCHEMA_REGISTRY_URL", registry.url),
            *_NAMES["lsrc"],
            lambda settings, patience: until_registry_accepts(settings, subject, patience),
        ),
    )


_NAMES = {
    "lkc": ("SASL_USERNAME", "SASL_PASSWORD"),
    "lsrc": ("SCHEMA_REGISTRY_API_KEY", "SCHEMA_REGISTRY_API_SECRET"),
}


def key_name(resource: str) -> str:
    """Give the setting that holds the id of a resource's key: `lkc-…`, `lsrc-…`."""
    return _NAMES[resource.partition("-")[0]][0]


def refusal(slot: Slot, held: Mapping[str, str], path: Path) -> EventError | None:
    """Tell why this file cannot take the slot's key; to be asked before anything is made."""
    name, address = slot.address
    there = held.get(name, "")
    if there and there.rstrip("/") != address.rstrip("/") and held.get(slot.key_name):
        return ConfigError(
            f"put an API key for {slot.resource} into {path}",
            f"it holds a key for {name}={there}, and this is {address}",
            "name another file: --write-env .env.cloud",
        )
    return None


@dataclass(frozen=True)
class Credentials:
    """The keys of one service account, kept in one file.

    `made` has the keys of a rotation that are not in the file yet, by resource.
    """

    access: CloudAccess
    account: str
    env_file: KeyFile
    patience: Patience
    made: dict[str, ApiKey] = field(default_factory=dict)

    def provide(self, slot: Slot) -> None:
        """Put a key into the file unless it has one, and wait until it works."""
        if not slot.is_filled(self.env_file.read()):
            self.make(slot)
            self.write(slot)
        slot.accepted(self._settings({}), self.patience)

    def make(self, slot: Slot) -> None:
        """Make a key; its id is on the list of what is unfinished before anything else happens."""
        old = self.env_file.read().get(slot.key_name, "")
        key = self.access.new_key(slot.resource, self.account)
        self.made[slot.resource] = key
        file = str(self.env_file.path.resolve())
        with self._undone(slot):
            Leftovers().add(Unfinished(self.access.environment, slot.resource, old, key.id, file))

    def attempt(self, slot: Slot) -> None:
        """Wait until the key that was made works.

        Raises:
            EventError: it does not; the old one stays, the new one goes.

        """
        with self._undone(slot):
            slot.accepted(self._settings(self._values(slot)), self.patience)

    def write(self, slot: Slot) -> None:
        """Put the key that was made into the file.

        Raises:
            EventError: it cannot be written; the new key goes.

        """
        with self._undone(slot):
            self.env_file.write(self._values(slot))
        key = self.made[slot.resource].id
        if not any(entry.old for entry in Leftovers().all() if entry.new == key):
            Leftovers().forget(key)  # it replaces none, so nothing is left to do

    def _undone(self, slot: Slot) -> _Undone:
        return _Undone(self.access, self.made[slot.resource], slot.resource)

    def _values(self, slot: Slot) -> dict[str, str]:
        key = self.made[slot.resource]
        name, address = slot.address
        return {name: address, slot.key_name: key.id, slot.secret_name: key.secret}

    def _settings(self, values: Mapping[str, str]) -> Settings:
        """Give the settings as the producer will read them, with a key not yet written down.

        The file's values count over the process's environment: it is the file that is tried.
        """
        path = self.env_file.path
        held = dict(self.env_file.read())
        return Settings.load(path if path.exists() else None, options={**held, **values})


@dataclass(frozen=True)
class _Undone:
    """Deletes a new key when the block fails; where that fails too, the list still has it."""

    access: CloudAccess
    key: ApiKey
    resource: str

    def __enter__(self) -> None:
        return

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is not None:
            with suppress(EventError):  # the first error is what is told
                self.access.delete_key(self.key.id, self.resource)
                Leftovers().forget(self.key.id)
