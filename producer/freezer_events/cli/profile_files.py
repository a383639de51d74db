"""Profiles of an event: the files in its folder, found by name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from freezer_events.errors import ConfigError, EventError, UsageError
from freezer_events.schema.catalogue import PROFILES
from freezer_events.sources import Profile, read_profile

if TYPE_CHECKING:
    import click

    from freezer_events.schema.catalogue import EventSpec


def profile_paths(event: EventSpec) -> dict[str, Path]:
    """Return the files of an event's profiles, by name."""
    folder = event.folder / PROFILES
    found = folder.glob("*.toml") if folder.is_dir() else ()
    return {path.stem: path for path in sorted(found)}


def find_profile(name: str | None, event: EventSpec) -> Profile:
    """Return the profile of that name, or in that file; one that says nothing without a name.

    Raises:
        UsageError: there is none, or it is wrong.

    """
    if name is None:
        return Profile()
    paths = profile_paths(event)
    path = paths.get(name)
    if path is None and name.endswith(".toml"):
        path = Path(name)
    if path is None:
        listed = ", ".join(paths) or "none"
        fix = "freezer profiles  (says what each is for)"
        raise UsageError(f"--as {name}", f"{event.name} has no such profile: {listed}", fix)
    try:
        return read_profile(path)
    except ConfigError as error:
        raise UsageError(error.doing, error.why, error.fix) from error


def names_in(context: click.Context) -> list[str]:
    """Return the names of the profiles that a command line could mean; none where it is wrong."""
    from freezer_events.schema.catalogue import Catalogue  # noqa: PLC0415 - the parser is slow

    try:
        catalogue = Catalogue.find(context.params.get("schemas"))
        return list(profile_paths(catalogue.event(context.params.get("event_name"))))
    except (EventError, OSError):
        return []
