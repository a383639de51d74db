"""`freezer schema status`: the versions here against those in the registry."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from freezer_events.cli import options
from freezer_events.cli.output import Output
from freezer_events.cli.schema.subject import look
from freezer_events.console.next_step import next_step
from freezer_events.registry.standing import IN_STEP, standings

if TYPE_CHECKING:
    from pathlib import Path

    from freezer_events.cli.schema.subject import SubjectOf
    from freezer_events.registry.standing import Standing

_NEXT = {
    "ahead": "the registry lacks it: freezer schema register",
}


@click.command("status")
@options.connection
@options.events
@options.output
def command(
    *,
    env_file: Path | None,
    topic: str | None,
    properties: tuple[str, ...],
    event_name: str | None,
    schemas: Path | None,
    into: Path | None,
    output: str,
) -> int:
    """Compare the released versions here with those in the registry; exit 1 on a difference.

    Versions are matched by what they say: registries give them numbers of their own, and rewrite
    their text.
    """
    catalogue = options.find_catalogue(schemas, into)
    with look(catalogue, event_name, env_file, properties, topic) as subject:
        found = standings(subject.local, subject.held)
        level_same = subject.level == subject.event.level
        same = level_same and all(each.state in IN_STEP for each in found)
        if output == "json":
            Output().json(_object(subject, found, same=same))
        else:
            _print(subject, found, same=same)
    return 0 if same else 1


def _print(subject: SubjectOf, found: tuple[Standing, ...], *, same: bool) -> None:
    out = Output()
    out.line(f"{subject.name} at {subject.registry.address}")
    for each in found:
        name = "-" if each.version is None else f"v{each.version}"
        number = "" if each.schema_id is None else f"id {each.schema_id}"
        note = each.note or next_step(_NEXT.get(each.state, ""))
        out.line(f"  {name:<5} {each.state:<10} {number:<10} {note}".rstrip())
    for draft in subject.unreleased:
        out.line(f"  v{draft:<4} not released yet: {next_step('freezer schema release')}")
    state = "same" if subject.level == subject.event.level else "different"
    note = "" if state == "same" else f"the registry has {subject.level or 'none of its own'}"
    out.line(f"  level {state:<10} {subject.event.level}  {note}".rstrip())
    out.line("in sync" if same else "the registry and this folder differ")


def _object(subject: SubjectOf, found: tuple[Standing, ...], *, same: bool) -> dict[str, object]:
    return {
        "event": subject.event.name,
        "subject": subject.name,
        "registry": subject.registry.address,
        "same": same,
        "level": {"local": subject.event.level, "registry": subject.level},
        "versions": [
            {
                "version": each.version,
                "state": each.state,
                "id": each.schema_id,
                "registry_version": each.held,
            }
            for each in found
        ],
        "unreleased": subject.unreleased,
    }
