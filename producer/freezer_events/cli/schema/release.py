"""`freezer schema release`: make a version one that never changes again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from freezer_events.cli import options
from freezer_events.cli.output import Output, note
from freezer_events.cli.schema import review_text
from freezer_events.console.next_step import next_step
from freezer_events.errors import SchemaError, UsageError
from freezer_events.schema.lock import Lock
from freezer_events.schema.release import release
from freezer_events.schema.review import Severity, review

if TYPE_CHECKING:
    from pathlib import Path

    from freezer_events.schema.catalogue import Catalogue, EventSpec
    from freezer_events.schema.release import Released


@click.command("release")
@click.argument("event", required=False, metavar="[EVENT]", shell_complete=options.complete_event)
@options.schemas
@options.into
@click.option(
    "--renew-golden",
    is_flag=True,
    help="Rebuild golden files of unreleased versions; verify released ones.",
)
def command(
    *, event: str | None, schemas: Path | None, into: Path | None, renew_golden: bool
) -> int:
    """Release the version that is not released yet: lock, golden files, code, in one go.

    Checks it first, as `freezer schema check` does; with a break nothing is written and the exit
    code is 5. Without EVENT the one event that has such a version is meant. Doing it again changes
    nothing.
    """
    catalogue = options.find_catalogue(schemas, into)
    spec = _meant(catalogue, event)
    found = review(catalogue, only=[spec.name])
    for problem in found.problems:
        if problem.severity is not Severity.STALE:  # what is out of date is made now
            for line in review_text.lines(problem):
                note(line)
    if found.count(Severity.BREAK):
        note(f"{spec.name}: nothing was released")
        return 5
    _tell(catalogue, spec, release(catalogue, spec, renew_golden=renew_golden))
    return 0


def _meant(catalogue: Catalogue, name: str | None) -> EventSpec:
    if name is not None:
        return catalogue.event(name)
    waiting = [event.name for event in catalogue.readable.values() if _waits(event)]
    if len(waiting) > 1:
        why = f"several events have a version that is not released: {', '.join(waiting)}"
        raise UsageError("release a version", why, f"name one: freezer schema release {waiting[0]}")
    return catalogue.event(waiting[0] if waiting else None)


def _waits(event: EventSpec) -> bool:
    """Tell whether an event has a version that is not released; a damaged lock stops no other."""
    try:
        released = Lock.read(event.folder).released
    except SchemaError:
        return False
    return bool(set(event.versions) - set(released))


def _tell(catalogue: Catalogue, event: EventSpec, done: Released) -> None:
    out = Output()
    for path in done.changed:
        out.line(f"{'wrote' if path.exists() else 'removed'} {path}")
    if not done.versions:
        out.line(f"{event.name}: every version is released already")
        return
    listed = ", ".join(f"v{each}" for each in done.versions)
    out.line(f"{event.name}: released {listed}; from now on a change to it is an error")
    if catalogue.into is None:
        note("no code was generated: no package for it is named (--into PACKAGE_DIR)")
    register = next_step(f"freezer schema register --event {event.name}")
    note(f"next: commit these files, then register: {register}")
    if event.version < event.latest:
        note(
            f"producers still write v{event.version}; to write v{event.latest}: set version = "
            f"{event.latest} in\n{event.toml}, then: {next_step('freezer schema generate')}"
        )
