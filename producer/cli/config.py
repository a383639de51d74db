"""`freezer config`: every setting, its value with secrets hidden, and where it came from."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - click reads annotations of nothing, mypy of this

import click

from producer.cli import options
from producer.cli.output import Output


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
    widths = [max(len(row.key) for row in rows), max(len(row.value or "-") for row in rows)]
    for row in rows:
        out.line(f"{row.key:<{widths[0]}}  {row.value or '-':<{widths[1]}}  {row.origin}")
