"""`freezer profiles`: which kinds of files are known by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from freezer_events.cli import options
from freezer_events.cli.output import Output
from freezer_events.cli.profile_files import profile_paths
from freezer_events.console.wrap import wrapped
from freezer_events.sources import read_profile

if TYPE_CHECKING:
    from pathlib import Path


@click.command("profiles")
@options.event
@options.schemas
@options.output
def command(*, event_name: str | None, schemas: Path | None, output: str) -> None:
    """List the profiles of an event: `freezer produce --as NAME` reads such a file.

    A profile is a file in the event's folder, profiles/NAME.toml, with a sample beside it.
    """
    event = options.find_catalogue(schemas).event(event_name)
    found = {name: read_profile(path) for name, path in profile_paths(event).items()}
    out = Output()
    if output == "json":
        listed = [
            {"name": name, "about": each.about, "fields": sorted(each.needs)}
            for name, each in found.items()
        ]
        out.json({"event": event.name, "profiles": listed})
        return
    wide = max(map(len, found), default=0) + 2
    for name, each in found.items():
        for line in wrapped(each.about, f"{name:<{wide}}"):
            out.line(line)
    if not found:
        out.line(f"{event.name} has no profiles: {event.folder}/profiles/NAME.toml")
