"""What a target was found to hold, as values, and reading it. Changes nothing."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from freezer_events.errors import EventError
from freezer_infra.planner import schemas

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from freezer_infra.planner.desired import Desired
    from freezer_infra.planner.schemas import HeldSubject, SubjectStore
    from freezer_infra.planner.target import (
        Client,
        KeyChange,
        KeyFile,
        Right,
        Shape,
        Target,
        Value,
    )


@dataclass(frozen=True, slots=True)
class HeldKey:
    """The credentials that `.env` is to hold.

    Attributes:
        client: whose they are.
        file: the file's name, as it was given.
        held: whether the file holds them already.
        rotation: what replaces them, change by change; nothing where that was not asked for.

    """

    client: Client
    file: str
    held: bool
    rotation: tuple[KeyChange, ...] = ()


@dataclass(frozen=True, slots=True)
class Observed:
    """What a target was found to hold.

    Attributes:
        topics: every topic that is no internal one, by name.
        configs: the configs of those topics that are declared.
        rights: what each declared service account may do; None where there is no such account.
        resource_types: what this target knows rights on.
        brokers: how many copies of a partition it can make; None where that is not known.
        chooses_replication: whether it decides itself how many copies there are.
        config_names: the configs a topic can have here, as far as a new one is to get any.
        objections: what of each declared topic cannot be passed on, by name.
        is_local: whether it is the containers on this machine.
        adds_partitions: whether it can give a topic more partitions.
        keys: the credentials asked for.
        leftovers: the deletions that earlier rotations left.
        subjects: what a registry has of the declared subjects, by name.
        key_notes: what is to be said about keys whose fate nobody can decide.

    """

    topics: Mapping[str, Shape]
    configs: Mapping[str, Mapping[str, Value]] = field(default_factory=dict)
    rights: Mapping[str, frozenset[Right] | None] = field(default_factory=dict)
    resource_types: frozenset[str] = frozenset()
    brokers: int | None = None
    is_local: bool = False
    adds_partitions: bool = True
    chooses_replication: bool = False
    config_names: frozenset[str] | None = None
    objections: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    keys: tuple[HeldKey, ...] = ()
    leftovers: tuple[KeyChange, ...] = ()
    key_notes: tuple[str, ...] = ()
    subjects: Mapping[str, HeldSubject] = field(default_factory=dict)


def observe(
    target: Target,
    desired: Desired,
    keys: Sequence[HeldKey] = (),
    registry: SubjectStore | None = None,
) -> Observed:
    """Read the topics, and of those that are declared the configs and rights.

    Args:
        target: where to read.
        desired: what is declared.
        keys: the credentials that are asked for; see `find_key`.
        registry: where the declared subjects are; needed where there are any.

    Raises:
        EventError: the target cannot be read.

    """
    shapes = {name: shape for name, shape in target.topics().items() if not shape.is_internal}
    there = [topic for topic in desired.topics if topic.name in shapes and topic.configs]
    configs = {topic.name: target.configs(topic.name) for topic in there}
    rights = desired.rights() if target.resource_types else {}
    leftovers, key_notes = target.leftovers()
    return Observed(
        topics=shapes,
        configs=configs,
        rights={account: target.rights(account, wanted) for account, wanted in rights.items()},
        resource_types=target.resource_types,
        brokers=target.brokers(),
        is_local=target.is_local,
        adds_partitions=target.adds_partitions,
        chooses_replication=target.chooses_replication,
        config_names=_config_names(target, desired, shapes, configs),
        objections={topic.name: target.objections(topic) for topic in desired.topics},
        keys=tuple(keys),
        leftovers=leftovers,
        key_notes=key_notes,
        subjects=schemas.look(registry, desired.subjects) if registry else {},
    )


def _config_names(
    target: Target,
    desired: Desired,
    shapes: Mapping[str, Shape],
    read: Mapping[str, Mapping[str, Value]],
) -> frozenset[str] | None:
    """Learn from a topic that is there which configs a topic can have; None where there is none.

    Asked only where a new topic declares some: a cluster refuses an unknown name only when the
    topic is made, and by then others have been.
    """
    if not any(topic.configs and topic.name not in shapes for topic in desired.topics):
        return frozenset()
    for configs in read.values():
        return frozenset(configs)
    for name in shapes:
        with suppress(EventError):  # gone meanwhile, or not for this user to read
            return frozenset(target.configs(name))
    return None


def find_key(target: Target, client: Client, env_file: KeyFile, *, rotate: bool = False) -> HeldKey:
    """Find out whether the file holds the credentials that are asked for.

    Raises:
        ConfigError: it cannot take them.

    """
    held = target.holds_key(client, env_file)
    rotation = target.rotation(client, env_file) if rotate and held else ()
    return HeldKey(client, str(env_file.path), held=held, rotation=rotation)
