"""`freezer spool drain`: deliver what waits, and capture nothing new."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from freezer_events.cli import options
from freezer_events.cli.output import Output, note
from freezer_events.cli.spool.place import folder, spool_option
from freezer_events.console.stop import Stop
from freezer_events.console.words import counted
from freezer_events.errors import NotDelivered
from freezer_events.send.pipeline import Pipeline
from freezer_events.send.producer import EventProducer

if TYPE_CHECKING:
    from pathlib import Path


@click.command("drain")
@spool_option
@options.properties
@options.exactly_once
@options.timeout
@options.give_up_after
@options.output
def command(
    *,
    spool: Path | None,
    env_file: Path | None,
    properties: tuple[str, ...],
    exactly_once: bool,
    timeout: float,
    give_up_after: float,
    output: str,
) -> int:
    """Deliver what waits in the spool, in order; exit 6 if some of it is still there at the end."""
    path = folder(spool, env_file)
    settings = options.load_settings(env_file, properties)
    with Stop() as stop:
        producer = EventProducer(
            settings,
            timeout_s=timeout,
            give_up_after_s=give_up_after,
            spool=path,
            exactly_once=exactly_once,
        )
        pipeline = Pipeline(producer, stop, flush_s=timeout, on_notice=note)
        held = pipeline.spool
        assert held is not None  # noqa: S101 - one was named
        pipeline.run(())
    left, parked = held.waiting, pipeline.earlier_parked
    out = Output()
    if output == "json":
        out.conclude({"delivered": pipeline.earlier, "parked": parked, "waiting": left})
    else:
        text = f"{counted(pipeline.earlier, 'event')} delivered"
        text += f", {parked:,} parked" if parked else ""
        out.conclude(text + (f", {left:,} still wait" if left else ""))
    if stop.exit_code is not None:
        return stop.exit_code
    if pipeline.why_left is not None:
        raise pipeline.why_left
    if parked:
        raise NotDelivered(
            "drain the spool",
            f"{counted(parked, 'event')} parked: the topic does not take them",
            "see why: freezer spool status",
        )
    return 0
