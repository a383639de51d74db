"""`confluent kafka topic`: what topics there are, and the changes, each read back.

What the CLI says about a change is never believed: `--dry-run` and `--if-not-exists` claim success
for nothing, and `retry failed due to timeout` claims failure for a success. They are not used, and
after each change the topic is read until it shows the change or the time is up.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from freezer_events.errors import AccessError, ConfigError, EventError
from freezer_infra.confluent import faults
from freezer_infra.confluent.shown import seen, until_shown
from freezer_infra.planner.target import Shape, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from freezer_infra.confluent.confluent_cli import ConfluentCli, Row

NUM_PARTITIONS = "num.partitions"


@dataclass(frozen=True)
class Topics:
    """The topics of one cluster; `scope` is the flags that name the cluster in every call."""

    cli: ConfluentCli
    scope: tuple[str, ...]

    @property
    def on_platform(self) -> bool:
        """Tell a self-managed cluster (`--url`) from one in Confluent Cloud."""
        return self.scope[:1] == ("--url",)

    def all(self) -> dict[str, Shape]:
        """Read every topic, by name; where the list gives names only, each is described."""
        doing = "list the topics"
        rows = self.cli.rows(doing, "kafka", "topic", "list", *self.scope)
        found: dict[str, Shape] = {}
        for row in rows:
            name = _text(doing, row, "name")
            with suppress(faults.NotThereError):  # deleted since it was listed
                found[name] = (
                    _shape(doing, row) if "partition_count" in row else self.describe(name)
                )
        return found

    def brokers(self) -> int | None:
        """Count the brokers of a Confluent Platform; None where its REST API does not tell.

        `kafka broker list` is from the CLI's source: internal/kafka/command_broker_list.go.
        """
        try:
            rows = self.cli.rows("list the brokers", "kafka", "broker", "list", *self.scope)
        except (faults.NotThereError, AccessError, ConfigError):
            return None  # too many copies are then refused by the cluster itself
        return len(rows) or None

    def describe(self, name: str) -> Shape:
        """Read one topic.

        Raises:
            NotThereError: there is no such topic.

        """
        doing = f"describe topic '{name}'"
        row = self.cli.row(doing, "kafka", "topic", "describe", *self._about(name))
        return _shape(doing, row)

    def configs(self, name: str) -> dict[str, Value]:
        """Read a topic's configs by key, without the partition count that the cloud adds."""
        doing = f"read the configs of topic '{name}'"
        rows = self.cli.rows(doing, "kafka", "topic", "configuration", "list", *self._about(name))
        return {
            _text(doing, row, "name"): Value(
                str(row.get("value", "")), row.get("read_only") is True
            )
            for row in rows
            if row.get("name") != NUM_PARTITIONS
        }

    def create(
        self, name: str, partitions: int, configs: Mapping[str, str], replication: int | None = None
    ) -> None:
        """Create a topic and wait until the cluster shows it with these partitions.

        Raises:
            AlreadyThereError: somebody has created it; it is left as it is.

        """
        replicas = ("--replication-factor", str(replication)) if replication else ()
        argv = ("--partitions", str(partitions), *replicas, *config_flags(configs))
        self._change(
            f"create topic '{name}'",
            ("kafka", "topic", "create", *argv, *self._about(name)),
            lambda: self._has(name, partitions),
        )

    def set_configs(self, name: str, configs: Mapping[str, str]) -> None:
        """Change configs and wait until they read back."""
        self._change(
            f"change the configs of topic '{name}'",
            ("kafka", "topic", "update", *config_flags(configs), *self._about(name)),
            lambda: self._reads(name, configs),
        )

    def raise_partitions(self, name: str, count: int) -> None:
        """Add partitions and wait until the cluster shows them; not on Confluent Platform."""
        doing = f"raise topic '{name}' to {count} partitions"
        if self.on_platform:  # the planner refuses it before
            raise EventError(doing, "the Confluent CLI cannot add partitions there")
        config = config_flags({NUM_PARTITIONS: str(count)})
        self._change(
            doing,
            ("kafka", "topic", "update", *config, *self._about(name)),
            lambda: self._has(name, count),
        )

    def _about(self, name: str) -> tuple[str, ...]:
        # After `--` even a name that begins with a dash, which Kafka allows, is no flag.
        return (*self.scope, "--", name)

    def _change(self, doing: str, argv: tuple[str, ...], done: Callable[[], bool]) -> None:
        try:
            self.cli.run(doing, *argv)
        except faults.OutcomeUnknownError:
            if not seen(done):
                raise
            return
        until_shown(doing, done)

    def _has(self, name: str, partitions: int) -> bool:
        try:
            return self.describe(name).partitions == partitions
        except faults.NotThereError:
            return False

    def _reads(self, name: str, wanted: Mapping[str, str]) -> bool:
        try:
            now = self.configs(name)
        except faults.NotThereError:  # a topic made just now
            return False
        return all(key in now and now[key].value == value for key, value in wanted.items())


def unpassable(configs: Mapping[str, str]) -> tuple[str, ...]:
    """Name the values that the CLI would change on the way.

    It splits a value at commas, joins pieces without `=` again and reads quotes as CSV, so
    `compact,delete` survives and a few other values would not.
    """
    return tuple(
        f"{key}: the Confluent CLI cannot pass {value!r} unchanged: it has a quote, a backslash, "
        "a line end, or `=` after a comma"
        for key, value in configs.items()
        if any("=" in piece for piece in value.split(",")[1:]) or any(c in value for c in '"\\\n\r')
    )


def config_flags(configs: Mapping[str, str]) -> tuple[str, ...]:
    """Give one `--config key=value` per config; the planner has refused what is `unpassable`.

    Raises:
        ConfigError: a value that the CLI would change on the way.

    """
    for why in unpassable(configs):
        raise ConfigError("set a config", why)
    pairs = (f"{key}={value}" for key, value in sorted(configs.items()))
    return tuple(flag for pair in pairs for flag in ("--config", pair))


def _shape(doing: str, row: Row) -> Shape:
    return Shape(
        partitions=_number(doing, row, "partition_count"),
        replication=_number(doing, row, "replication_factor"),
        is_internal=row.get("is_internal") is True,
    )


def _text(doing: str, row: Row, field: str) -> str:
    value = row.get(field)
    if not isinstance(value, str):
        raise faults.lacks(doing, field)
    return value


def _number(doing: str, row: Row, field: str) -> int:
    value = row.get(field)
    if not isinstance(value, int):
        raise faults.lacks(doing, field)
    return value
