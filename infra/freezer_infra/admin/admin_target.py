"""The target that the Admin API reaches: the local stack, or the cluster that `.env` names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from freezer_events.config import Settings
from freezer_events.errors import ConfigError, EventError, UnreachableError
from freezer_infra.admin.admin_access import AdminAccess, new_password
from freezer_infra.admin.admin_topics import AdminTopics
from freezer_infra.admin.call import Admin
from freezer_infra.keys.accepted import Patience, until_cluster_accepts
from freezer_infra.planner.target import (
    GROUP,
    TOPIC,
    TRANSACTION,
    Client,
    KeyChange,
    KeyFile,
    Right,
    Say,
    Shape,
    Topic,
    Value,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freezer_infra.local.state import Stack

_MECHANISM: Final = "SCRAM-SHA-512"
_ACCEPTED_WITHIN_S: Final = 30.0


def connect(settings: Settings, stack: Stack | None, say: Say) -> AdminTarget:
    """Give the target that these settings name.

    The local stack is always changed as its administrator, also where `.env` holds the
    credentials of a producer, who may not change anything.

    Raises:
        ConfigError: the settings name no broker.

    """
    addresses = {stack.bootstrap, stack.sasl_bootstrap} if stack else set()
    ours = stack if settings.bootstrap_servers in addresses else None
    properties = ours.plaintext() if ours else settings.kafka()
    return AdminTarget(Admin.connect(properties), ours, say)


@dataclass(frozen=True)
class AdminTarget:
    """A `Target`; `stack` is None where it is not the local stack."""

    admin: Admin
    stack: Stack | None
    say: Say

    @property
    def name(self) -> str:
        """The brokers."""
        return self.admin.brokers

    @property
    def is_local(self) -> bool:
        """Tell whether it is the containers on this machine."""
        return self.stack is not None

    @property
    def resource_types(self) -> frozenset[str]:
        """Topics and groups on the local stack; its registry takes everybody.

        Nothing elsewhere: who the users of somebody's own Kafka are is decided there.
        """
        secured = self.stack is not None and self.stack.sasl_bootstrap
        return frozenset({TOPIC, GROUP, TRANSACTION}) if secured else frozenset()

    @property
    def _topics(self) -> AdminTopics:
        return AdminTopics(self.admin)

    @property
    def _access(self) -> AdminAccess:
        return AdminAccess(self.admin)

    @property
    def adds_partitions(self) -> bool:
        """Tell that it can."""
        return True

    @property
    def chooses_replication(self) -> bool:
        """Tell that it does as it is told."""
        return False

    @property
    def registry_url(self) -> str:
        """The local stack's; elsewhere the settings say it."""
        return self.stack.registry_url if self.stack else ""

    def objections(self, topic: Topic) -> tuple[str, ...]:  # noqa: ARG002 - as `Target` has it
        """Know of none: the Admin API passes everything."""
        return ()

    def brokers(self) -> int | None:
        """Count the brokers."""
        return self._topics.brokers()

    def topics(self) -> Mapping[str, Shape]:
        """Read every topic."""
        return self._topics.topics()

    def configs(self, topic: str) -> Mapping[str, Value]:
        """Read the configs of a topic."""
        return self._topics.configs(topic)

    def create(self, topic: Topic) -> None:
        """Create a topic."""
        self._topics.create(topic)

    def set_configs(self, topic: str, configs: Mapping[str, str]) -> None:
        """Change configs."""
        self._topics.set_configs(topic, configs)

    def raise_partitions(self, topic: str, count: int) -> None:
        """Add partitions."""
        self._topics.raise_partitions(topic, count)

    def rights(self, account: str, wanted: frozenset[Right]) -> frozenset[Right] | None:  # noqa: ARG002 - the registry here knows no rights
        """Read an account's rights."""
        return self._access.rights(account)

    def create_account(self, account: str) -> None:
        """Make a SCRAM user."""
        self._access.create_account(account)

    def allow(self, account: str, rights: frozenset[Right]) -> None:
        """Add ACLs."""
        self._access.allow(account, rights)

    def holds_key(self, client: Client, env_file: KeyFile) -> bool:
        """Tell whether the file's credentials are the account's, for this cluster, and work."""
        wanted = self._settings_of(client)
        held = env_file.read()
        if not (held.get("SASL_USERNAME") or held.get("SASL_PASSWORD")):
            return False
        for name in ("BOOTSTRAP_SERVERS", "SASL_USERNAME"):
            if held.get(name, wanted[name]) != wanted[name]:
                raise ConfigError(
                    f"put the key of {client.account} into {env_file.path}",
                    f"it holds credentials with {name}={held[name]}, not {wanted[name]}",
                    "name another file: --write-env .env.local-key",
                )
        complete = all(held.get(name) == value for name, value in wanted.items())
        complete = complete and held.get("SECURITY_PROTOCOL", "SASL_SSL") == "SASL_SSL"
        return complete and self._works(client, env_file, 0.0, _silent)

    def write_key(self, client: Client, env_file: KeyFile) -> None:
        """Give the account a password; the file has it first, so that it is never lost."""
        password = env_file.read().get("SASL_PASSWORD") or new_password()
        settings = {**self._settings_of(client), "SASL_PASSWORD": password}
        if env_file.read().get("SECURITY_PROTOCOL"):  # left out, it follows from the credentials
            settings["SECURITY_PROTOCOL"] = "SASL_SSL"
        env_file.write(settings)
        self._access.set_password(client.account, password)
        self._wait(client, env_file)

    def rotation(self, client: Client, env_file: KeyFile) -> tuple[KeyChange, ...]:  # noqa: ARG002 - as `Target` has it
        """Replace the password: an account has one, so nothing is left to delete."""
        return (KeyChange("replace", self.name),)

    def leftovers(self) -> tuple[tuple[KeyChange, ...], tuple[str, ...]]:
        """Know of none; see `rotation`."""
        return (), ()

    def delete_key(self, change: KeyChange) -> None:
        """Refuse; see `rotation`."""
        raise ConfigError(f"delete key {change.key}", "a password is replaced, not deleted", "")

    def change_key(self, client: Client, env_file: KeyFile, change: KeyChange) -> None:  # noqa: ARG002 - there is one
        """Replace the account's password; if the cluster does not take it, the old one stays."""
        old, new = env_file.read()["SASL_PASSWORD"], new_password()
        env_file.write({"SASL_PASSWORD": new})
        try:
            self._access.set_password(client.account, new)
        except EventError:
            env_file.write({"SASL_PASSWORD": old})
            raise
        self._wait(client, env_file)

    def _settings_of(self, client: Client) -> dict[str, str]:
        """Give what the file must hold beside the password."""
        if self.stack is None or not self.stack.sasl_bootstrap:
            why = "only the local stack's SASL_SSL listener is known here"
            fix = "freezer local up; then apply to it"
            raise ConfigError(f"make a key for {self.name}", why, fix)
        return {
            "BOOTSTRAP_SERVERS": self.stack.sasl_bootstrap,
            "SASL_MECHANISM": _MECHANISM,
            "SASL_USERNAME": client.account,
            "SSL_CA_LOCATION": self.stack.ca_path,
            "SCHEMA_REGISTRY_URL": self.stack.registry_url,
        }

    def _wait(self, client: Client, env_file: KeyFile) -> None:
        self._try(client, env_file, _ACCEPTED_WITHIN_S, self.say)

    def _works(self, client: Client, env_file: KeyFile, within_s: float, say: Say) -> bool:
        try:
            self._try(client, env_file, within_s, say)
        except UnreachableError:
            return False
        return True

    def _try(self, client: Client, env_file: KeyFile, within_s: float, say: Say) -> None:
        # The file's values count over the process's environment: it is the file that is tried.
        settings = Settings.load(env_file.path, options=dict(env_file.read()))
        until_cluster_accepts(settings, client.topic, Patience(say, within_s))


def _silent(_line: str) -> None:
    return
