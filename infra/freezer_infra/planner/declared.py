"""Read what is wanted: the events' topics, and infra/topics.toml, checked before any use."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast

from freezer_events.config.checks import is_topic_name
from freezer_events.errors import ConfigError
from freezer_infra.planner.desired import OPERATIONS, Access, Allow, Desired
from freezer_infra.planner.target import Topic
from freezer_infra.planner.toml_table import Table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from freezer_events.schema.catalogue import Catalogue, EventSpec

_ACCOUNT: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def load(path: Path | None, catalogue: Catalogue, override: str | None = None) -> Desired:
    """Read the desired state.

    Args:
        path: infra/topics.toml; None where event.toml alone declares topics.
        catalogue: the events, which name their topics and partitions.
        override: the setting TOPIC, which replaces the default event's topic.

    Raises:
        ConfigError: something is wrong in a file; names file, line, table and key.

    """
    top = Table.read(path) if path else Table.empty()
    top.only("events", "topics", "access")
    names = _event_topics(catalogue, override)
    reader = _Reader(top, names)
    topics = (*reader.events(catalogue), *reader.topics())
    return Desired(topics, tuple(reader.access({topic.name for topic in topics})))


def _event_topics(catalogue: Catalogue, override: str | None) -> dict[str, str]:
    """Map each event to its topic; no two may share one."""
    names: dict[str, str] = {}
    for event in catalogue.events.values():
        name = _topic_of(event, catalogue, override)
        doing = f"{event.folder / 'event.toml'}: topic"
        if not is_topic_name(name):
            raise ConfigError(doing, _bad_name(name))
        if name in names.values():
            raise ConfigError(doing, f"{name!r} is also the topic of event {_event(names, name)!r}")
        names[event.name] = name
    return names


def _topic_of(event: EventSpec, catalogue: Catalogue, override: str | None) -> str:
    if override and event.name == catalogue.default:
        return override
    return event.topic


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads the tables of one file; `names` maps each event to its topic."""

    top: Table
    names: Mapping[str, str]

    def events(self, catalogue: Catalogue) -> Iterator[Topic]:
        tables = self.top.table("events")
        tables.only(*self.names)
        for event in catalogue.events.values():
            table = tables.table(event.name)
            table.only("replication", "configs")
            yield _topic(table, self.names[event.name], event.partitions)

    def topics(self) -> Iterator[Topic]:
        tables = self.top.table("topics")
        for name in tables.values:
            table = tables.table(name)
            table.only("partitions", "replication", "configs")
            if not is_topic_name(name):
                raise table.error(_bad_name(name))
            if name in self.names.values():
                event = _event(self.names, name)
                raise table.error(f"is the topic of event {event!r}: write [events.{event}]")
            table.need("partitions", int)
            yield _topic(table, name, table.count("partitions") or 1)

    def access(self, topics: set[str]) -> Iterator[Access]:
        seen: set[Access] = set()
        for table in self.top.tables("access"):
            table.only("service_account", "allow", "topic", "event", "group")
            access = self._one(table)
            if access.topic not in topics:
                there = ", ".join(sorted(topics))
                raise table.error(f"{access.topic!r} is not declared; topics: {there}", "topic")
            if access in seen:
                raise table.error(f"{access.account!r} has this access already")
            seen.add(access)
            yield access

    def _one(self, table: Table) -> Access:
        account = table.need("service_account", str)
        if not _ACCOUNT.fullmatch(account):
            why = f"{account!r} is not of up to 64 letters, digits, '.', '_' and '-'"
            raise table.error(why, "service_account")
        allow = cast("Allow", table.one_of("allow", list(OPERATIONS)))
        topic = self._topic(table)
        subject = f"{topic}-value" if topic in self.names.values() else None
        return Access(account, allow, topic, _group(table, allow), subject)

    def _topic(self, table: Table) -> str:
        topic, event = table.get("topic", str), table.get("event", str)
        if topic is not None and event is None:
            return topic
        if event is None or topic is not None:
            raise table.error("needs either a topic or an event")
        return self.names[table.one_of("event", list(self.names))]


def _group(table: Table, allow: Allow) -> str | None:
    group = table.get("group", str)
    if allow == "consume" and not group:
        raise table.error("group is missing: a consumer reads as a member of one")
    if allow == "produce" and group is not None:
        raise table.error("a producer has no group", "group")
    return group


def _topic(table: Table, name: str, partitions: int) -> Topic:
    configs = table.table("configs")
    texts = {key: _text(configs, key) for key in configs.values}
    return Topic(name, partitions, texts, table.count("replication"))


def _text(configs: Table, key: str) -> str:
    """Give a config's value as Kafka writes it."""
    value = configs.values[key]
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | int | float):
        return str(value)
    why = "is neither text, number, true nor false"
    if isinstance(value, dict):
        why += '; a config\'s name goes into quotes: configs."retention.ms" = 1000'
    raise configs.error(why, key)


def _event(names: Mapping[str, str], topic: str) -> str:
    return next(event for event, name in names.items() if name == topic)


def _bad_name(name: str) -> str:
    return f"{name!r} is not a topic name: up to 249 letters, digits, '.', '_' and '-'"
