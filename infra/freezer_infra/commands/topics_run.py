"""One run of plan, apply or check: what was asked for, and the parts put together."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from freezer_events.config import Settings, private_files
from freezer_events.config.project import Project, upwards
from freezer_events.config.settings import TOPIC_OF_NONE
from freezer_events.console.streams import line, note
from freezer_events.console.wrap import columns
from freezer_events.errors import EventError
from freezer_events.schema.catalogue import Catalogue
from freezer_infra.commands.own_registry import own_registry, why_not
from freezer_infra.keys.env_file import EnvFile
from freezer_infra.planner import declared, show, written
from freezer_infra.planner import plan as planner
from freezer_infra.planner.observed import find_key, observe

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from freezer_events.registry.client import Registry
    from freezer_infra.commands.place import Place
    from freezer_infra.planner.desired import Desired
    from freezer_infra.planner.observed import HeldKey
    from freezer_infra.planner.plan import Plan
    from freezer_infra.planner.stage import Stage
    from freezer_infra.planner.target import Target, Value


@dataclass(frozen=True)
class TopicsRun:
    """What was asked for on the command line."""

    place: Place
    topics: Path | None
    event: str | None
    increase_partitions: bool
    write_env: Path | None
    rotate: str | None
    output: str
    schemas: Path | None = None
    topic: str | None = None
    stage: str | None = None
    with_schemas: bool = True
    write_keys: bool = False

    def found(self, target: Target) -> str:
        """Write what is there as a declaration."""
        settings, catalogue = self._settings(), Catalogue.find(self.schemas)
        topics = {name: shape for name, shape in target.topics().items() if not shape.is_internal}
        configs = {name: self._configs(target, name) for name in topics}
        topics = {name: shape for name, shape in topics.items() if configs[name] is not None}
        topic_of = partial(settings.topic_for, named=self.event)
        return written.toml(
            target.name,
            topics,
            {name: held for name, held in configs.items() if held is not None},
            {topic_of(each): (each.name, each.partitions) for each in catalogue.events.values()},
            with_replication=not target.chooses_replication,
        )

    @staticmethod
    def _configs(target: Target, topic: str) -> Mapping[str, Value] | None:
        """Read a topic's configs; None for one that was deleted since topics were listed."""
        try:
            return target.configs(topic)
        except EventError:
            if topic in target.topics():
                raise
            return None

    def _settings(self) -> Settings:
        options = {"TOPIC": self.topic} if self.topic else {}
        return Settings.load(self.place.env_file, options=options)

    def desired(self) -> Desired:
        """Read what is declared."""
        settings = self._settings()
        for warning in private_files.warnings(settings):
            note(warning)
        catalogue = Catalogue.find(self.schemas)
        if catalogue.notice and self.output == "text":
            note(catalogue.notice)
        if self.event is not None:
            catalogue.event(self.event)  # refuses a name that no event has
        elif settings.topic and catalogue.default is None:
            note(TOPIC_OF_NONE)
        found = declared.load(
            self._declared(),
            catalogue,
            partial(settings.topic_for, named=self.event),
            self.stage,
        )
        return found if self.with_schemas else found.without_schemas()

    def reachable(self, target: Target, desired: Desired) -> Desired:
        """Leave the schemas out where they are not asked for and no registry can be asked."""
        if not desired.subjects or desired.schemas_needed:
            return desired
        why = why_not(target, Settings.load(self.place.env_file))
        return desired.without_schemas(f"schemas are not compared: {why}") if why else desired

    def _declared(self) -> Path | None:
        """Find the file that declares more than event.toml does; None where there is none."""
        return self.topics or Project.find().topics or upwards("infra/topics.toml")

    def accounts(self, desired: Desired) -> dict[str, str | None]:
        """Give the account whose key each file gets, of those that are asked for; None: the first.

        A key that is replaced is where it is declared to be, else in `--write-env`, else in `.env`.
        """
        declared_files = desired.key_files()
        found: dict[str, str | None] = {**declared_files} if self.write_keys else {}
        if self.rotate:
            of_account = {account: file for file, account in declared_files.items()}
            path = self.write_env or of_account.get(self.rotate) or ".env"
            return {**found, str(path): self.rotate}
        return {**found, str(self.write_env): None} if self.write_env else found

    def files(self, desired: Desired) -> dict[str, EnvFile]:
        """Give the files that get keys, by the names that the plan has for them."""
        return {name: EnvFile(Path(name)) for name in self.accounts(desired)}

    def keys(self, target: Target, desired: Desired) -> list[HeldKey]:
        """Find out about the keys that are asked for; refuse a file that cannot take its key."""
        files, rotated = self.files(desired), {self.rotate} - {None}
        for file in files.values():
            file.check()
        return [
            find_key(target, desired.client(account), files[name], rotate=account in rotated)
            for name, account in self.accounts(desired).items()
        ]

    @contextmanager
    def registry(self, target: Target, desired: Desired) -> Iterator[Registry | None]:
        """Open the registry where schemas are part of the declaration."""
        if not desired.subjects:
            yield None
            return
        with own_registry(target, Settings.load(self.place.env_file)) as found:
            yield found

    def plan(
        self,
        target: Target,
        desired: Desired,
        keys: Sequence[HeldKey],
        registry: Registry | None,
    ) -> Plan:
        """Read the target and compare."""
        found = observe(target, desired, keys, registry)
        return planner.make(desired, found, increase_partitions=self.increase_partitions)

    def show(self, plan: Plan, target: Target, stage: Stage) -> None:
        """Print the plan as asked."""
        if self.output == "json":
            line(show.as_json(plan, target.name, stage.name))
        else:
            line(show.text(plan, stage.titled(target.name), columns()))
