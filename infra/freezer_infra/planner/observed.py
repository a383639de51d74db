"""What a target was found to hold, as values, and reading it. Changes nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from freezer_infra.planner.target import SUBJECT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freezer_infra.planner.desired import Desired
    from freezer_infra.planner.target import Client, KeyFile, Right, Shape, Target, Value


@dataclass(frozen=True, slots=True)
class HeldKey:
    """The credentials that `.env` is to hold.

    Attributes:
        client: whose they are.
        file: the file's name, as it was given.
        held: whether the file holds them already.
        rotate: whether they are to be replaced.

    """

    client: Client
    file: str
    held: bool
    rotate: bool = False


@dataclass(frozen=True, slots=True)
class Observed:
    """What a target was found to hold.

    Attributes:
        topics: every topic that is no internal one, by name.
        configs: the configs of those topics that are declared.
        rights: what each declared service account may do; None where there is no such account.
        resource_types: what this target knows rights on.
        brokers: how many copies of a partition it can make; None where it decides that itself.
        is_local: whether it is the containers on this machine.
        adds_partitions: whether it can give a topic more partitions.
        key: the credentials asked for, if any.

    """

    topics: Mapping[str, Shape]
    configs: Mapping[str, Mapping[str, Value]] = field(default_factory=dict)
    rights: Mapping[str, frozenset[Right] | None] = field(default_factory=dict)
    resource_types: frozenset[str] = frozenset()
    brokers: int | None = None
    is_local: bool = False
    adds_partitions: bool = True
    key: HeldKey | None = None


def observe(target: Target, desired: Desired, key: HeldKey | None = None) -> Observed:
    """Read the topics, and of those that are declared the configs and rights.

    Args:
        target: where to read.
        desired: what is declared.
        key: the credentials that are asked for; see `find_key`.

    Raises:
        EventError: the target cannot be read.

    """
    shapes = {name: shape for name, shape in target.topics().items() if not shape.is_internal}
    there = [topic for topic in desired.topics if topic.name in shapes and topic.configs]
    rights = desired.rights() if target.resource_types else {}
    return Observed(
        topics=shapes,
        configs={topic.name: target.configs(topic.name) for topic in there},
        rights={
            account: target.rights(
                account,
                frozenset(right.name for right in wanted if right.resource_type == SUBJECT),
            )
            for account, wanted in rights.items()
        },
        resource_types=target.resource_types,
        brokers=target.brokers(),
        is_local=target.is_local,
        adds_partitions=target.adds_partitions,
        key=key,
    )


def find_key(target: Target, client: Client, env_file: KeyFile, *, rotate: bool = False) -> HeldKey:
    """Find out whether the file holds the credentials that are asked for.

    Raises:
        ConfigError: it cannot take them.

    """
    held = target.holds_key(client, env_file)
    return HeldKey(client, str(env_file.path), held=held, rotate=rotate)
