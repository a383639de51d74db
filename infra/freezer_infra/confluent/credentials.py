"""One API key per resource, in `.env`: made once, tried, rotated without a gap.

The cloud shows a secret once, so a first key is written down before anything else happens to it. A
rotated key is written only when it works, and the old one is deleted after that: at every moment
the file holds a key that works.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from freezer_events.config import Settings
from freezer_events.errors import ConfigError, EventError
from freezer_infra.keys.accepted import Patience, until_cluster_accepts, until_registry_accepts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from freezer_infra.confluent.cloud_access import CloudAccess, RegistryCluster
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
            "SASL_USERNAME",
            "SASL_PASSWORD",
            lambda settings, patience: until_cluster_accepts(settings, topic, patience),
        ),
        Slot(
            registry.id,
            ("SCHEMA_REGISTRY_URL", registry.url),
            "SCHEMA_REGISTRY_API_KEY",
            "SCHEMA_REGISTRY_API_SECRET",
            lambda settings, patience: until_registry_accepts(settings, subject, patience),
        ),
    )


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
    """The keys of one service account, kept in one file."""

    access: CloudAccess
    account: str
    env_file: KeyFile
    patience: Patience

    def provide(self, slot: Slot) -> bool:
        """Put a key into the file unless it has one, and wait until it works; tell if it is new."""
        held = self.env_file.read()
        made = not slot.is_filled(held)
        if made:
            key = self.access.new_key(slot.resource, self.account)
            self.env_file.write(_values(slot, key.id, key.secret))
        slot.accepted(self._settings({}), self.patience)
        return made

    def rotate(self, slot: Slot) -> None:
        """Replace the file's key by a new one that works, then delete the old one.

        Raises:
            EventError: the new key does not work in time; the old one stays, the new one goes.

        """
        old = self.env_file.read().get(slot.key_name, "")
        key = self.access.new_key(slot.resource, self.account)
        values = _values(slot, key.id, key.secret)
        try:
            slot.accepted(self._settings(values), self.patience)
        except BaseException:
            self.access.delete_key(key.id)
            raise
        self.env_file.write(values)
        if old:
            self.access.delete_key(old)

    def _settings(self, values: Mapping[str, str]) -> Settings:
        """Give the settings as the producer will read them, with a key not yet written down.

        The file's values count over the process's environment: it is the file that is tried.
        """
        path = self.env_file.path
        held = dict(self.env_file.read())
        return Settings.load(path if path.exists() else None, options={**held, **values})


def _values(slot: Slot, key: str, secret: str) -> dict[str, str]:
    return {slot.address[0]: slot.address[1], slot.key_name: key, slot.secret_name: secret}
