"""One run of plan, apply or check: what was asked for, and the parts put together."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from freezer_events.config import Settings
from freezer_events.config.project import Project, upwards
from freezer_events.config.settings import TOPIC_OF_NONE
from freezer_events.console.streams import line, note
from freezer_events.console.wrap import columns
from freezer_events.schema.catalogue import Catalogue
from freezer_infra.keys.env_file import EnvFile
from freezer_infra.planner import declared, show
from freezer_infra.planner import plan as planner
from freezer_infra.planner.observed import find_key, observe

if TYPE_CHECKING:
    from collections.abc import Sequence

    from freezer_infra.commands.place import Place
    from freezer_infra.planner.desired import Desired
    from freezer_infra.planner.observed import HeldKey
    from freezer_infra.planner.plan import Plan
    from freezer_infra.planner.target import Target


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

    def desired(self) -> Desired:
        """Read what is declared."""
        options = {"TOPIC": self.topic} if self.topic else {}
        settings = Settings.load(self.place.env_file, options=options)
        catalogue = Catalogue.find(self.schemas)
        if catalogue.notice and self.output == "text":
            note(catalogue.notice)
        if self.event is not None:
            catalogue.event(self.event)  # refuses a name that no event has
        elif settings.topic and catalogue.default is None:
            note(TOPIC_OF_NONE)
        return declared.load(
            self._declared(), catalogue, lambda each: settings.topic_for(each, named=self.event)
        )

    def _declared(self) -> Path | None:
        """Find the file that declares more than event.toml does; None where there is none."""
        return self.topics or Project.find().topics or upwards("infra/topics.toml")

    def file(self) -> EnvFile | None:
        """Give the file that gets the key, if one is to be written."""
        path = self.write_env or (Path(".env") if self.rotate else None)
        return EnvFile(path) if path else None

    def files(self) -> dict[str, EnvFile]:
        """Give the files that get keys, by the names that the plan has for them."""
        file = self.file()
        return {str(file.path): file} if file else {}

    def keys(self, target: Target, desired: Desired) -> list[HeldKey]:
        """Find out about the keys that are asked for; refuse a file that cannot take its key."""
        file = self.file()
        if file is None:
            return []
        file.check()
        return [find_key(target, desired.client(self.rotate), file, rotate=bool(self.rotate))]

    def plan(self, target: Target, desired: Desired, keys: Sequence[HeldKey]) -> Plan:
        """Read the target and compare."""
        found = observe(target, desired, keys)
        return planner.make(desired, found, increase_partitions=self.increase_partitions)

    def show(self, plan: Plan, target: Target) -> None:
        """Print the plan as asked."""
        if self.output == "json":
            line(show.as_json(plan, target.name))
        else:
            line(show.text(plan, target.name, columns()))
