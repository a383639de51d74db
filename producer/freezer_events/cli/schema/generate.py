"""`freezer schema generate`: make the typed events from the schemas."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from freezer_events.cli import options
from freezer_events.cli.output import Output, note
from freezer_events.schema.generated import stale, write

if TYPE_CHECKING:
    from pathlib import Path


@click.command("generate")
@options.schemas
@options.into
@click.option("--check", is_flag=True, help="Write nothing; exit 1 where code and schema differ.")
def command(*, schemas: Path | None, into: Path | None, check: bool) -> int:
    """Generate the typed events from the schemas."""
    catalogue = options.find_catalogue(schemas, into)
    changed, failed = stale(catalogue) if check else write(catalogue)
    out = Output()
    for path in dict.fromkeys(changed):
        out.line(f"{'differs' if check else 'wrote'} {path}")
    if failed:
        first, *others = failed.values()
        for error in others:
            note(str(error))
        if len(failed) < len(catalogue.folders):
            note(f"the code of {', '.join(failed)} was left as it is")
        raise first
    if not changed:
        out.line("generated code is up to date")
    return 1 if check and changed else 0
