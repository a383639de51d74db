"""One environment of several that a declaration is for: `[stages.NAME]`, and what it overrides."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from freezer_events.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freezer_infra.planner.target import Topic


@dataclass(frozen=True, slots=True)
class Override:
    """What is different for one topic, or for all; None and nothing leave it as it is."""

    partitions: int | None = None
    replication: int | None = None
    configs: Mapping[str, str] = field(default_factory=dict)

    def of(self, topic: Topic) -> Topic:
        """Give the topic as it is here."""
        return replace(
            topic,
            partitions=self.partitions or topic.partitions,
            replication=self.replication or topic.replication,
            configs={**topic.configs, **self.configs},
        )


_SAME: Final = Override()


@dataclass(frozen=True, slots=True)
class Stage:
    """One environment.

    Attributes:
        name: what `--stage` calls it; empty for a declaration without.
        cluster: `lkc-…`; empty where the command line says it.
        environment: `env-…`, likewise.
        url: the REST API of a Confluent Platform, likewise.
        everywhere: what is different for every topic.
        topics: what is different for single ones, by the topic's name; it counts over `everywhere`.
        accounts: the names of service accounts here, by those they are declared with.

    """

    name: str = ""
    cluster: str = ""
    environment: str = ""
    url: str = ""
    everywhere: Override = _SAME
    topics: Mapping[str, Override] = field(default_factory=dict)
    accounts: Mapping[str, str] = field(default_factory=dict)

    def of(self, topic: Topic) -> Topic:
        """Give the topic as it is here."""
        return self.topics.get(topic.name, _SAME).of(self.everywhere.of(topic))

    def titled(self, target: str) -> str:
        """Give the target's name with the stage's, for the first line of a plan."""
        return f"{target}, stage {self.name}" if self.name else target


ANYWHERE: Final = Stage()  # without any difference


def chosen(stages: Mapping[str, Stage], name: str | None) -> Stage:
    """Give the stage of that name; one without any difference for None.

    Raises:
        UsageError: there is none of that name.

    """
    if name is None:
        return ANYWHERE
    if name not in stages:
        there = ", ".join(stages) or "none"
        raise UsageError(f"--stage {name}", "no such stage is declared", f"stages there: {there}")
    return stages[name]
