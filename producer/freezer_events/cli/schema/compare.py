"""`freezer schema compare`: what one schema breaks for the readers and data of another."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from freezer_events.avro.parse import load
from freezer_events.cli import options
from freezer_events.cli.output import Output
from freezer_events.cli.schema.comparison import report, verdict
from freezer_events.schema.catalogue import EventSpec
from freezer_events.schema.compare import compare, judge
from freezer_events.schema.levels import Level
from freezer_events.schema.shared_types import VERSION_FILE, documents

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freezer_events.avro.parse import Document

_BROKEN = 5
_FILE = click.Path(path_type=Path)


@click.command("compare")
@click.argument("old", type=_FILE, metavar="OLD.avsc")
@click.argument("new", type=_FILE, metavar="NEW.avsc")
@click.option(
    "--level",
    type=click.Choice(list(Level.__members__), case_sensitive=False),
    metavar="LEVEL",
    help="Only what this compatibility level (full_transitive, backward, …) forbids is a break."
    "  [default: both directions]",
)
@options.output
def command(*, old: Path, new: Path, level: str | None, output: str) -> int:
    """Compare two schemas offline: what breaks, for whom, where, why, and what to do.

    Exits with 5 on a break. A warning is legal but often surprises.
    """
    schemas = load(old, _others(old, new)), load(new, _others(new, old))
    promised = Level[level] if level else None
    findings = compare(*schemas)
    breaks = judge(findings, promised or Level.FULL)
    out = Output()
    if output == "json":
        out.json(
            {
                "old": str(old),
                "new": str(new),
                "level": promised,
                "compatible": not breaks,
                "findings": [{**each.as_json(), "break": each in breaks} for each in findings],
            }
        )
    else:
        for line in report(findings, str(old), str(new), promised):
            out.line(line)
        out.line(verdict(findings, promised))
    return _BROKEN if breaks else 0


def _others(*paths: Path) -> Mapping[str, Document]:
    """Return the shared types that the first of these files that belongs to an event may use."""
    for path in paths:
        number = VERSION_FILE.fullmatch(path.name)
        if number and (path.parent / "event.toml").exists():
            event = EventSpec.read(path.parent)
            return documents(path.parent.parent, event.pins(int(number[1])))
    return {}
