"""Whether profiles do what they say: each one's sample gives the events that are beside it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from freezer_events.avro.forms import field_names, to_json
from freezer_events.cli.profile_files import profile_paths
from freezer_events.config.atomic import read_or_none
from freezer_events.errors import EventError
from freezer_events.schema.event_types import in_memory
from freezer_events.schema.review import Aspect, Problem, Severity
from freezer_events.sources import Profile, open_source, read_profile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from freezer_events.event import EventType
    from freezer_events.schema.catalogue import Catalogue, EventSpec
    from freezer_events.sources import Rejected


def profile_problems(catalogue: Catalogue) -> Iterator[Problem]:
    """Yield what is wrong with the profiles of all events; those of a broken schema are left out.

    A profile is held against the newest version: the one that is written may lack its fields.
    """
    for event in catalogue.readable.values():
        paths = profile_paths(event)
        if not paths or not event.versions:
            continue
        try:
            newest = in_memory(catalogue, replace(event, version=event.latest))
        except EventError:
            continue
        for path in paths.values():
            yield from _of_one(event, newest, path)


def sample_events(profile: Profile, path: Path, event_type: EventType) -> list[dict[str, Any]]:
    """Return what a profile makes of its sample: the fields that it gives, in JSON.

    Raises:
        EventError: the sample cannot be read, or a row of it is no reading.

    """
    assert profile.sample is not None  # noqa: S101 - asked of those that have one

    def refuse(found: Rejected) -> None:
        raise EventError(found.place.shown, found.why, found.fix)

    source = open_source(
        str(path.with_name(profile.sample.file)),
        event_type,
        refuse,
        wait=lambda: True,
        profile=profile.sample.said.over(profile),
    )
    given = [
        each
        for each in field_names(event_type)
        if each in profile.needs or each in profile.sample.said.fields
    ]
    try:
        return [{name: to_json(event)[name] for name in given} for event in source]
    finally:
        source.close()


def expected_path(path: Path) -> Path:
    """Return the file that holds the events of a profile's sample, one a line."""
    return path.with_suffix(".events.jsonl")


def _of_one(event: EventSpec, newest: EventType, path: Path) -> Iterator[Problem]:
    try:
        profile = read_profile(path)
        lacks = sorted(profile.needs - {*field_names(newest)})
        if lacks:
            why = f"gives {', '.join(lacks)}, which no field of v{event.latest} is"
            yield _problem(event, path, why, "rename it, or leave it out")
            return
        if profile.sample is None:
            fix = 'add one: [sample] file = "…"'
            yield _problem(event, path, "has no sample that shows that it works", fix)
            return
        made = sample_events(profile, path, newest)
    except EventError as error:
        yield Problem.of(event.name, Aspect.DECLARED, error, path)
        return
    lines = [json.dumps(each, ensure_ascii=False) for each in made]
    expected = (read_or_none(expected_path(path)) or "").splitlines()
    if lines != expected:
        shown = "\n".join(lines[:3])
        why = f"its sample gives other events than {expected_path(path).name} holds:\n{shown}"
        yield _problem(event, path, why, f"correct the profile, or {expected_path(path)}")


def _problem(event: EventSpec, path: Path, why: str, fix: str) -> Problem:
    return Problem(event.name, Aspect.DECLARED, Severity.BREAK, path, why, fix)
