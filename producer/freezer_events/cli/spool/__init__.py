"""`freezer spool`: a look at the spool on disk, and what a person may do to it."""

from __future__ import annotations

from typing import Final

import click

from freezer_events.console.lazy import Lazy, LazyGroup

_COMMANDS: Final = {
    "status": Lazy(f"{__name__}.status", "Show what waits, is parked or lost; time a commit."),
    "drain": Lazy(f"{__name__}.drain", "Deliver what waits."),
    "export": Lazy(f"{__name__}.export", "Print what waits and is parked, as JSON lines."),
    "retry": Lazy(f"{__name__}.retry", "Let parked events wait again, behind the others."),
    "drop": Lazy(f"{__name__}.drop", "Give parked events up, on record."),
    "new-identity": Lazy(f"{__name__}.new_identity", "Give a copied spool an identity of its own."),
}


@click.command("spool", cls=LazyGroup, commands=_COMMANDS)
def command() -> None:
    """The spool: readings on disk between capture and delivery (freezer produce --spool)."""
