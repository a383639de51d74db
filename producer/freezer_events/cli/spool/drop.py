"""`freezer spool drop`: parked events are given up, on record."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from freezer_events.cli.output import Output
from freezer_events.cli.spool.place import folder, held, spool_option
from freezer_events.console.words import counted
from freezer_events.errors import UsageError
from freezer_events.spool.on_request import drop

if TYPE_CHECKING:
    from pathlib import Path


@click.command("drop")
@spool_option
@click.option("--yes", is_flag=True, help="Confirm: they cannot be had again.")
def command(*, spool: Path | None, env_file: Path | None, yes: bool) -> int:
    """Give all parked events up. How many that were stays on record."""
    with held(folder(spool, env_file)) as store:
        parked = store.parked()
        if parked and not yes:
            raise UsageError(
                f"drop {counted(len(parked), 'event')}",
                "they cannot be had again",
                "keep a copy with freezer spool export --parked, then: freezer spool drop --yes",
            )
        if parked:
            drop(store, parked)
    Output().line(f"{counted(len(parked), 'event')} dropped")
    return 0
