"""`freezer config`: every setting, its value with secrets hidden, and where it came from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path  # noqa: TC003 - click reads annotations of nothing, mypy of this
from typing import TYPE_CHECKING

import click

from freezer_events.cli import options
from freezer_events.cli.output import Output, note
from freezer_events.config.settings import TOPIC_OF_NONE
from freezer_events.errors import ConfigError, UsageError
from freezer_events.schema.catalogue import Catalogue
from freezer_events.send import fast

if TYPE_CHECKING:
    from freezer_events.config import Setting
    from freezer_events.schema.catalogue import EventSpec


@click.command("config")
@options.connection
@options.event
@options.schemas
@options.output
def command(
    *,
    env_file: Path | None,
    topic: str | None,
    properties: tuple[str, ...],
    event_name: str | None,
    schemas: Path | None,
    output: str,
) -> None:
    """Show every setting, its value (secrets hidden) and where it came from.

    TOPIC is the topic of the event that --event names; without --event of the only event, or of
    freezer-reading. Every other event has the topic of its event.toml.
    """
    settings = options.load_settings(env_file, properties, topic)
    event = _event(event_name, schemas)
    rows = [_in_force(row, event) for row in settings.shown()]
    out = Output()
    if output == "json":
        out.json(
            [
                {"key": row.key, "value": row.value, "origin": row.origin}
                | ({"event": event and event.name} if row.key == "TOPIC" else {})
                for row in rows
            ]
        )
        return
    key, origin = (max(len(getattr(row, part)) for row in rows) for part in ("key", "origin"))
    for row in rows:
        # The value comes last: it may be long, and is easier to copy from there.
        out.line(f"{row.key:<{key}}  {row.origin:<{origin}}  {row.value or ''}".rstrip())
    if settings.freezer_line is None and (why := fast.unusable()):
        note(f"FREEZER_LINE is python because the compiled line is {why}")
    if event is not None:
        note(f"TOPIC is the topic of {event.name}")
    elif settings.topic:
        note(TOPIC_OF_NONE)


def _event(name: str | None, schemas: Path | None) -> EventSpec | None:
    """Return the event that TOPIC belongs to; None where there is none, or schemas are broken."""
    try:
        return Catalogue.find(schemas).event(name)
    except (ConfigError, UsageError):
        if name is not None:
            raise
        return None  # settings are shown all the same: they may be what explains it


def _in_force(row: Setting, event: EventSpec | None) -> Setting:
    """Show what holds where a setting is not set: the topic of event.toml, the quickest line."""
    if row.value is not None:
        return row
    if row.key == "FREEZER_LINE":
        return replace(row, value="python" if fast.unusable() else "compiled", origin="default")
    if row.key == "TOPIC" and event is not None:
        return replace(row, value=event.topic, origin=str(event.toml))
    return row
