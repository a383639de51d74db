"""`freezer schema diff`: what changed between two versions, and who upgrades first."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

from freezer_events.cli import options
from freezer_events.cli.output import Output
from freezer_events.console.wrap import wrapped
from freezer_events.errors import UsageError
from freezer_events.schema.changes import changes
from freezer_events.schema.levels import rollout

if TYPE_CHECKING:
    from pathlib import Path

    from freezer_events.schema.catalogue import EventSpec

_VERSION = re.compile(r"v?([1-9][0-9]*)")


@click.command("diff")
@click.argument(
    "words",
    nargs=-1,
    metavar="[EVENT] [vA] [vB]",
    shell_complete=options.complete_event_or_version,
)
@options.schemas
@options.output
def command(*, words: tuple[str, ...], schemas: Path | None, output: str) -> None:
    """Say what changed from vA to vB, and who should upgrade first.

    Without versions: the latest two. With vA alone: from vA to the latest. Without EVENT: the
    only one, or freezer-reading.
    """
    catalogue = options.find_catalogue(schemas)
    names = [word for word in words if not _VERSION.fullmatch(word)]
    if len(names) > 1:
        raise UsageError("schema diff", f"{names[1]!r} is no version", "write v1, v2, …")
    event = catalogue.event(names[0] if names else None)
    old, new = _pair(event, [int(m[1]) for m in map(_VERSION.fullmatch, words) if m])
    found = changes(*(event.schema(number) for number in (old, new)))
    order = rollout(event.level)
    out = Output()
    if output == "json":
        out.json(
            {
                "event": event.name,
                "from": old,
                "to": new,
                "level": event.level,
                "rollout": order,
                "changes": [{"path": c.path, "what": c.what, "words": c.words} for c in found],
            }
        )
        return
    out.line(f"{event.name}: v{old} to v{new}")
    for change in found:
        for line in wrapped(f"{change.path}  {change.words}", "  ", "    "):
            out.line(line)
    if not found:
        out.line("  nothing that a reader sees")
    for line in wrapped(f"rollout ({event.level}): {order}", rest="  "):
        out.line(line)


def _pair(event: EventSpec, numbers: list[int]) -> tuple[int, int]:
    """Return the two versions that are meant."""
    known = list(event.versions)
    doing = f"diff of event {event.name!r}"
    if len(numbers) > 2:  # noqa: PLR2004 - a pair
        raise UsageError(doing, "more than two versions are named")
    for number in numbers:
        if number not in known:
            listed = ", ".join(f"v{each}" for each in known)
            raise UsageError(doing, f"v{number} is not there", f"versions: {listed or 'none'}")
    if not numbers:
        numbers = known[-2:]
    elif len(numbers) == 1:
        numbers = [*numbers, known[-1]]
    if len(numbers) < 2:  # noqa: PLR2004 - as above
        raise UsageError(
            doing, "there is only one version", "begin the next one: freezer schema new"
        )
    return numbers[0], numbers[1]
