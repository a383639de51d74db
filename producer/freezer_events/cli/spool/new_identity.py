"""`freezer spool new-identity`: for a copy that is to be used beside its original."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from freezer_events.cli.output import Output
from freezer_events.cli.spool.place import folder, held, spool_option
from freezer_events.spool.on_request import new_identity

if TYPE_CHECKING:
    from pathlib import Path


@click.command("new-identity")
@spool_option
def command(*, spool: Path | None, env_file: Path | None) -> int:
    """Give the spool an identity of its own: for a copy that is used beside its original.

    A copy keeps the identity, so that a restored backup goes on where it was. Of two that are used
    at once with --exactly-once, the cluster takes only one. What both hold is delivered by both.
    """
    with held(folder(spool, env_file)) as store:
        Output().line(f"identity {new_identity(store)}")
    return 0
