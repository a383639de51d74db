"""Readings as people have them: handed files, and what is made of an input."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from freezer_events.avro.arrow import EncodedRun
from freezer_events.avro.keys import key_text
from freezer_events.errors import EventError
from freezer_events.sources import Profile, Rows, open_source, read_profile
from freezer_events.sources.columnar import ColumnarSource
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
    if isinstance(source, ColumnarSource):
        for compiled in (False, True):
            assert encoded_in_runs(path, said, event_type, compiled=compiled) == encoded(found)
    return found


@dataclass
class Encoded:
    """What came of a columnar input: messages with their lines, rejects, and the counts."""

    messages: list[tuple[bytes, str | None, bytes]]
    rejected: list[Rejected]
    told: list[str]
    rows: Rows
    error: str


def encoded(taken: Taken) -> Encoded:
    """Return what came of an input that was read row by row."""
    messages = []
    for each, raw in zip(taken.events, taken.raws, strict=True):
        kind = each.__event__
        key = key_text(kind)(each)
        messages.append((raw, key, kind.encode(each)))
    return Encoded(messages, taken.rejected, taken.told, taken.rows, str(taken.error))


def encoded_in_runs(
    path: Path, said: Profile, event_type: EventType | None, *, compiled: bool
) -> Encoded:
    """Read an input as `freezer produce --from` does: in runs of rows, where that can be."""
    rejected: list[Rejected] = []
    told: list[str] = []
    source = open_source(
        str(path),
        event_type or version_3(),
        rejected.append,
        wait=lambda: True,
        profile=said,
        tell=told.append,
    )
    assert isinstance(source, ColumnarSource)
    messages, error = in_runs(source, compiled=compiled)
    source.close()
    return Encoded(messages, rejected, told, source.rows, error)


def in_runs(
    source: ColumnarSource, *, compiled: bool
) -> tuple[list[tuple[bytes, str | None, bytes]], str]:
    """Return raw row, key and body of each reading, and what ended reading early."""
    found: list[tuple[bytes, str | None, bytes]] = []
    try:
        for each in source.in_runs(0, compiled=compiled):
            if isinstance(each, EncodedRun):
                keys, bodies = each.columns
                raws = [each.place_of(at).raw for at in range(len(each))]
                texts = [None if key is None else key.decode() for key in keys]
                found += zip(raws, texts, bodies, strict=True)
            else:
                kind = each.__event__
                found.append((source.last.raw, key_text(kind)(each), kind.encode(each)))
    except EventError as error:
        return found, str(error)
    return found, "None"
