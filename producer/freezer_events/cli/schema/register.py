"""`freezer schema register`: bring the released versions and the level into the registry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from freezer_events.cli import options
from freezer_events.cli.output import Output
from freezer_events.cli.schema.comparison import counted, lines
from freezer_events.cli.schema.subject import check, look
from freezer_events.console.wrap import wrapped
from freezer_events.errors import EventError, SchemaError
from freezer_events.registry.answers import Incompatible
from freezer_events.registry.registering import composed, register
from freezer_events.registry.standing import clashes, holder, missing, unseen

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from freezer_events.cli.schema.subject import SubjectOf
    from freezer_events.registry.client import Registered
    from freezer_events.registry.standing import Clash

_CLOSED: Final = frozenset({"READONLY", "READONLY_OVERRIDE", "IMPORT", "FORWARD"})
"""Modes in which a registry takes no schema of an ordinary client.

https://docs.confluent.io/platform/current/schema-registry/develop/api.html#mode
"""


@click.command("register")
@options.connection
@options.events
@click.option("--dry-run", is_flag=True, help="Show what would be done; change nothing.")
@click.option(
    "--inline",
    is_flag=True,
    help="Send each version as one schema that stands alone, without references to shared types.",
)
def command(
    *,
    env_file: Path | None,
    topic: str | None,
    properties: tuple[str, ...],
    event_name: str | None,
    schemas: Path | None,
    into: Path | None,
    dry_run: bool,
    inline: bool,
) -> None:
    """Register every released version that the registry lacks, in order, and set the level.

    Shared types that a version uses are registered under their own names, and referred to.
    The offline check runs first. Running it again changes nothing and prints the same ids.
    """
    catalogue = options.find_catalogue(schemas, into)
    check(catalogue, catalogue.event(event_name))
    with look(catalogue, event_name, env_file, properties, topic) as subject:
        if dry_run:
            _foresee(subject, Output())
        else:
            _act(subject, Output(), inline=inline)


def _foresee(subject: SubjectOf, out: Output) -> None:
    """Show what would be done, and fail where the registry or we would refuse it."""
    event = subject.event
    out.line(f"{subject.name} at {subject.registry.address}")
    if subject.level == event.level:
        out.line(f"  level {event.level}: is set")
    else:
        out.line(f"  level {event.level}: would be set; it is {subject.level or 'none of its own'}")
    lacks = missing(subject.local, subject.held)
    gone = subject.registry.deleted_versions(subject.name) if lacks else []
    for number, text in subject.local.items():
        held, deleted = holder(text, subject.held), holder(text, gone)
        known = _known(held) if held else f"would be registered{_with(subject, number)}"
        if held is None and deleted is not None:
            known += f"; version {deleted.version} was the same, and is deleted"
        out.line(f"  v{number}: {known}{_written(number, subject)}")
    mode = subject.registry.mode(subject.name)
    if mode in _CLOSED and (lacks or subject.level != event.level):
        raise SchemaError(
            f"change subject {subject.name!r}",
            f"the registry would refuse it: its mode is {mode}",
            "ask whoever runs the registry to set the mode to READWRITE",
        )
    found = list(clashes(subject.local, subject.held, event.level, event.accepted))
    if found:
        _show(found, subject, out)
        raise _refused(subject, found)
    out.line("nothing was changed")


def _act(subject: SubjectOf, out: Output, *, inline: bool) -> None:
    event, registry = subject.event, subject.registry
    found = list(clashes(subject.local, subject.held, event.level, event.accepted))
    if unseen(found):  # a registry would take it
        _show(unseen(found), subject, out)
        raise _refused(subject, found)
    out.line(f"{subject.name} at {registry.address}")
    numbers = list(subject.local)
    # Apicurio sets no level NONE for a subject that is not there yet, and nothing judges the first.
    before = 0 if subject.held else 1
    _register(subject, numbers[:before], found, out, inline=inline)
    if subject.level == event.level:
        out.line(f"  level {event.level}: is set")
        _register(subject, numbers[before:], found, out, inline=inline)
        return
    registry.set_level(subject.name, event.level)  # so that it judges what comes next
    out.line(f"  level {event.level}: set; it was {subject.level or 'none of its own'}")
    try:
        _register(subject, numbers[before:], found, out, inline=inline)
    except EventError:
        registry.restore_level(subject.name, subject.level)
        out.line(f"  level {event.level}: set back to {subject.level or 'none of its own'}")
        raise


def _register(
    subject: SubjectOf, numbers: list[int], found: list[Clash], out: Output, *, inline: bool
) -> None:
    for number in numbers:
        text = subject.local[number]
        held = holder(text, subject.held)
        if held is None:
            made_of = None if inline else composed(subject.event, number)
            try:
                made = register(subject.registry, subject.name, text, made_of)
            except Incompatible:
                _show([each for each in found if each.version == number], subject, out)
                raise
            for told in made.lines(number):
                for line in wrapped(told, "  ", "    "):
                    out.line(line)
            mine = made.itself
            word = f"registered as version {mine.version}, schema id {mine.schema_id}"
        else:
            word = _known(held)
        out.line(f"  v{number}: {word}{_written(number, subject)}")


def _with(subject: SubjectOf, number: int) -> str:
    uses = subject.event.uses_of(number)
    return ", with " + ", ".join(f"{name} v{v}" for name, v in uses.items()) if uses else ""


def _known(held: Registered) -> str:
    return f"is version {held.version}, schema id {held.schema_id}"


def _written(number: int, subject: SubjectOf) -> str:
    return "; producers write it" if number == subject.event.version else ""


def _show(found: Iterable[Clash], subject: SubjectOf, out: Output) -> None:
    for clash in found:
        held = f"{subject.name}/versions/{clash.held.version}"
        new = str(subject.event.versions[clash.version])
        breaks = counted(clash.findings, "break")
        out.line(f"v{clash.version} against the registry's version {clash.held.version}: {breaks}")
        for finding in clash.findings:
            for line in lines(finding, held, new):
                out.line(line)


def _refused(subject: SubjectOf, found: list[Clash]) -> Exception:
    numbers = ", ".join(f"v{n}" for n in dict.fromkeys(clash.version for clash in found))
    return SchemaError(
        f"register {numbers} in subject {subject.name!r}",
        f"breaks what the registry holds under {subject.event.level}",
        "change what is named above, or see what differs: freezer schema status",
    )
