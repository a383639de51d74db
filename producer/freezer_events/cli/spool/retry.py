"""`freezer spool retry`: parked events wait again, behind the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from freezer_events.cli.output import Output
from freezer_events.cli.spool.place import folder, held, spool_option
from freezer_events.console.words import counted
from freezer_events.spool.on_request import retry

if TYPE_CHECKING:
    from pathlib import Path


@click.command("retry")
@spool_option
def command(*, spool: Path | None, env_file: Path | None) -> int:
    """Let all parked events wait again, behind what waits: for when the topic takes them now."""
    with held(folder(spool, env_file)) as store:
        parked = store.parked()
        retry(store, parked)
    Output().line(f"{counted(len(parked), 'event')} no longer parked, waiting behind the others")
    return 0
