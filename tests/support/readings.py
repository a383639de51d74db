"""Readings as people have them: handed files, and what is made of an input."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from freezer_events.errors import EventError
from freezer_events.sources import Profile, Rows, open_source, read_profile
from tests.support.generated import module_of
from tests.support.readme import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from freezer_events.event import EventType
    from freezer_events.sources import Rejected

PLAIN = Profile()
HANDED = ROOT / "tests" / "data" / "readings"
PROFILES = ROOT / "schemas" / "freezer-reading" / "profiles"


@cache
def version_3() -> EventType:
    """Return the freezer's event in version 3."""
    schema = json.loads((ROOT / "schemas" / "freezer-reading" / "v3.avsc").read_text())
    made: EventType = module_of(
        schema, key="sensor_id", event="freezer-reading", version=3, topic="freezer-temperatura"
    ).EVENT
    return made


@dataclass
class Taken:
    """What came of an input: events, rejects, what was told, and the counts."""

    events: list[Any] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    rows: Rows = field(default_factory=Rows)
    raws: list[bytes] = field(default_factory=list)
    error: EventError | None = None

    @property
    def short(self) -> list[tuple[Any, ...]]:
        """Key, temperature, and time in UTC."""
        return [
            (e.sensor_id, round(e.temperature, 3), e.recorded_at and e.recorded_at.isoformat())
            for e in self.events
        ]


def profile(name: str) -> Profile:
    """Return a profile that comes with the package."""
    return read_profile(PROFILES / f"{name}.toml")


def outcome(
    path: Path,
    said: Profile = PLAIN,
    event_type: EventType | None = None,
) -> Taken:
    """Read an input to its end; an error that ends it early is part of the outcome."""
    found = Taken()
    source = None
    try:
        source = open_source(
            str(path),
            event_type or version_3(),
            found.rejected.append,
            wait=lambda: True,
            profile=said,
            tell=found.told.append,
        )
        for event in source:
            found.events.append(event)
            found.raws.append(source.last.raw)
    except EventError as error:
        found.error = error
    finally:
        if source is not None:
            found.rows = source.rows
            source.close()
    return found
