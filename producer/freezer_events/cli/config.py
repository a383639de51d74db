"""`freezer config`: every setting, its value with secrets hidden, and where it came from."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - click reads annotations of nothing, mypy of this

import click

from freezer_events.cli import options
from freezer_events.cli.output import Output


@click.command("config")
@options.connection
@options.output
def command(
    env_file: Path | None, topic: str | None, properties: tuple[str, ...], output: str
) -> None:
    """Show every setting, its value (secrets hidden) and where it came from."""
    out = Output()
    rows = options.load_settings(env_file, properties, topic).shown()
    if output == "json":
        out.json([{"key": row.key, "value": row.value, "origin": row.origin} for row in rows])
        return
    key, origin = (max(len(getattr(row, part)) for row in rows) for part in ("key", "origin"))
    for row in rows:
        # The value comes last: it may be long, and is easier to copy from there.
        out.line(f"{row.key:<{key}}  {row.origin:<{origin}}  {row.value or ''}".rstrip())
