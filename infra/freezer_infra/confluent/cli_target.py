"""The target that the Confluent CLI reaches with `--url`: a Confluent Platform, its topics only."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from freezer_events.errors import UsageError
from freezer_infra.confluent.cli_topics import Topics, unpassable
from freezer_infra.confluent.session import environment, platform_session

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from freezer_infra.planner.target import (
        Client,
        KeyChange,
        KeyFile,
        Right,
        Say,
        Shape,
        Topic,
        Value,
    )


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

    @property
    def chooses_replication(self) -> bool:
        """Tell that the cloud does; a Confluent Platform honours what is declared."""
        return not self._topics.on_platform

    @property
    def registry_url(self) -> str:
        """Leave it to the settings."""
        return ""

    def brokers(self) -> int | None:
        """Count the brokers of a Confluent Platform; the cloud shows none."""
        return self._topics.brokers() if self._topics.on_platform else None

    def objections(self, topic: Topic) -> tuple[str, ...]:
        """Name the config values that the CLI would change on the way."""
        return unpassable(topic.configs)

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

    def rights(self, account: str, wanted: frozenset[Right]) -> frozenset[Right] | None:  # noqa: ARG002 - as `Target` has it
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

    def rotation(self, client: Client, env_file: KeyFile) -> tuple[KeyChange, ...]:
        """Refuse."""
        raise self._no_users(f"replace the key of {client.account!r} in {env_file.path}")

    def change_key(self, client: Client, env_file: KeyFile, change: KeyChange) -> None:  # noqa: ARG002 - as `Target` has it
        """Refuse."""
        raise self._no_users(f"replace the key of {client.account!r} in {env_file.path}")

    def leftovers(self) -> tuple[tuple[KeyChange, ...], tuple[str, ...]]:
        """Know of none."""
        return (), ()

    def delete_key(self, change: KeyChange) -> None:
        """Refuse."""
        raise self._no_users(f"delete key {change.key}")

    def _no_users(self, doing: str) -> UsageError:
        return UsageError(doing, "the users of a Confluent Platform are managed elsewhere", "")
