"""Read what is wanted: the events' topics, and infra/topics.toml, checked before any use."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import TYPE_CHECKING, Final, cast

from freezer_events.config.formats import is_topic_name
from freezer_events.config.toml_table import Table
from freezer_events.errors import ConfigError
from freezer_events.kafka.positions import POSITIONS_TOPIC
from freezer_events.registry.client import subject_name
from freezer_events.registry.registering import composed
from freezer_events.schema.lock import Lock
from freezer_infra.planner.declared_stages import configs_of, read_stages
from freezer_infra.planner.desired import OPERATIONS, Access, Allow, Desired
from freezer_infra.planner.schemas import Subject
from freezer_infra.planner.stage import chosen
from freezer_infra.planner.target import Topic

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from freezer_events.schema.catalogue import Catalogue, EventSpec

_ABOUT: Final = ("topic", "event", "topic_prefix")
_ACCOUNT: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def load(
    path: Path | None,
    catalogue: Catalogue,
    topic_of: Callable[[EventSpec], str] = attrgetter("topic"),
    stage: str | None = None,
) -> Desired:
    """Read the desired state.

    Args:
        path: infra/topics.toml; None where event.toml alone declares topics.
        catalogue: the events, which name their partitions.
        topic_of: the topic of an event: `Settings.topic_for`; event.toml's without it.
        stage: the environment that is meant, one of `[stages]`; None for what is declared as such.

    Raises:
        ConfigError: something is wrong in a file; names file, line, table and key.
        UsageError: no such stage is declared.

    """
    top = Table.read(path) if path else Table.empty()
    top.only("schemas", "events", "topics", "access", "stages")
    names = _event_topics(catalogue, topic_of)
    reader = _Reader(top, names)
    topics = (*reader.events(catalogue), *reader.topics())
    access = tuple(reader.access({topic.name for topic in topics}))
    if any(a.exactly_once for a in access) and POSITIONS_TOPIC not in {t.name for t in topics}:
        topics = (*topics, Topic(POSITIONS_TOPIC, 1, {"cleanup.policy": "compact"}))
    stages = dict(read_stages(top, names, topics, access))
    here = chosen(stages, stage)
    schemas = top.get("schemas", bool)
    return Desired(
        tuple(here.of(topic) for topic in topics),
        tuple(replace(a, account=here.accounts.get(a.account, a.account)) for a in access),
        () if schemas is False else tuple(_subjects(catalogue, names, topics)),
        here,
        schemas_needed=schemas is True,
    )


def _subjects(
    catalogue: Catalogue, names: Mapping[str, str], topics: tuple[Topic, ...]
) -> Iterator[Subject]:
    """Give the subject of every event that has a declared topic and a released version."""
    declared = {topic.name for topic in topics}
    for event in catalogue.events.values():
        numbers = [each for each in Lock.read(event.folder).released if each in event.versions]
        texts = {number: event.schema(number).whole for number in numbers}
        topic = names[event.name]
        if texts and topic in declared:
            made_of = {each: found for each in texts if (found := composed(event, each))}
            accepted = tuple(event.accepted)
            yield Subject(subject_name(topic), topic, event.level, texts, accepted, made_of)


def _event_topics(catalogue: Catalogue, topic_of: Callable[[EventSpec], str]) -> dict[str, str]:
    """Map each event to its topic; no two may share one."""
    names: dict[str, str] = {}
    for event in catalogue.events.values():
        name = topic_of(event)
        doing = f"{event.folder / 'event.toml'}: topic"
        if not is_topic_name(name):
            raise ConfigError(doing, _bad_name(name))
        if name in names.values():
            raise ConfigError(doing, f"{name!r} is also the topic of event {_event(names, name)!r}")
        names[event.name] = name
    return names


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads the tables of one file; `names` maps each event to its topic."""

    top: Table
    names: Mapping[str, str]

    def events(self, catalogue: Catalogue) -> Iterator[Topic]:
        tables = self.top.table("events")
        tables.only(*self.names)
        for event in catalogue.events.values():
            if event.opt_in and event.name not in tables.values:
                continue
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
            table.only("service_account", "allow", *_ABOUT, "group", "env_file", "exactly_once")
            access = self._one(table, topics)
            if access.topic not in topics:
                there = ", ".join(sorted(topics))
                raise table.error(f"{access.topic!r} is not declared; topics: {there}", "topic")
            if access in seen:
                raise table.error(f"{access.account!r} has this access already")
            for other in seen:
                if access.env_file and (access.account != other.account) == (
                    access.env_file == other.env_file
                ):
                    raise table.error(_one_file(access, other), "env_file")
            seen.add(access)
            yield access

    def _one(self, table: Table, topics: set[str]) -> Access:
        account = table.need("service_account", str)
        if not _ACCOUNT.fullmatch(account):
            why = f"{account!r} is not of up to 64 letters, digits, '.', '_' and '-'"
            raise table.error(why, "service_account")
        allow = cast("Allow", table.one_of("allow", list(OPERATIONS)))
        topic = self._topic(table, topics)
        subject = subject_name(topic) if topic in self.names.values() else None
        file = table.get("env_file", str)
        prefix = table.get("topic_prefix", str)
        once = table.flag("exactly_once")
        if once and allow != "produce":
            raise table.error("only a producer delivers exactly once", "exactly_once")
        group = _group(table, allow)
        return Access(account, allow, topic, group, subject, file, prefix, once)

    def _topic(self, table: Table, topics: set[str]) -> str:
        """Give the topic that access is to; one of them where it is to all that begin alike."""
        said = {key: table.get(key, str) for key in _ABOUT if key in table.values}
        if len(said) != 1:
            raise table.error("needs either a topic or an event, or a topic_prefix")
        if "event" in said:
            return self.names[table.one_of("event", list(self.names))]
        prefix = said.get("topic_prefix")
        if prefix is None:
            return said["topic"] or ""
        # An event's first: its subject can be tried, too.
        begun = sorted((t for t in topics if t.startswith(prefix)), key=self._alone)
        if not prefix or not begun:
            raise table.error(f"no declared topic begins with {prefix!r}", "topic_prefix")
        return begun[0]

    def _alone(self, topic: str) -> tuple[bool, str]:
        return topic not in self.names.values(), topic


def _group(table: Table, allow: Allow) -> str | None:
    group = table.get("group", str)
    if allow == "consume" and not group:
        raise table.error("group is missing: a consumer reads as a member of one")
    if allow == "produce" and group is not None:
        raise table.error("a producer has no group", "group")
    return group


def _one_file(access: Access, other: Access) -> str:
    if access.account == other.account:
        return f"the key of {access.account!r} goes into {other.env_file!r} already"
    return f"{access.env_file!r} gets the key of {other.account!r} already: a file holds one"


def _topic(table: Table, name: str, partitions: int) -> Topic:
    return Topic(name, partitions, configs_of(table), table.count("replication"))


def _event(names: Mapping[str, str], topic: str) -> str:
    return next(event for event, name in names.items() if name == topic)


def _bad_name(name: str) -> str:
    return f"{name!r} is not a topic name: up to 249 letters, digits, '.', '_' and '-'"
