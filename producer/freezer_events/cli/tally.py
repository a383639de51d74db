"""`freezer tally`: what the shards of one backfill printed, added up and compared."""

from __future__ import annotations

from pathlib import Path

import click

from freezer_events.cli import options
from freezer_events.cli.output import Output
from freezer_events.cli.shard_sum import ShardResult, delivered_later, problems, rows_of, total
from freezer_events.console.escape import one_line
from freezer_events.console.wrap import wrapped
from freezer_events.errors import UsageError


@click.command("tally")
@click.argument("files", nargs=-1, required=True, metavar="FILE…")
@options.output
def command(*, files: tuple[str, ...], output: str) -> int:
    """Add up what `freezer produce --shard I/N --output json` printed.

    Says whether every row of the input is in exactly one shard. Exit code 1: not so, or something
    was not delivered.
    """
    results = [ShardResult.parse(name, _read(name)) for name in files]
    found, tally, out = problems(results), total(results), Output()
    later = delivered_later(results)
    of, is_dry = results[0].shard["of"], results[0].shard["topic"] is None
    resumed = [each.path for each in results if each.shard["resumed"]]
    if output == "json":
        out.json(
            {
                "whole": not found,
                "counted": not resumed,
                "problems": found,
                "shards": of,
                "rows": rows_of(results),
                "tally": tally.as_dict(),
                "delivered_later": later,
            }
        )
    else:
        for each in found:
            for line in wrapped(one_line(each), "- "):
                out.line(line)
        out.line(f"{rows_of(results):,} rows, {tally}")
        if later:
            out.line(f"{later:,} more delivered from the spools by runs that went on")
        if found:
            out.line("not every row is known to be in exactly one shard")
        elif resumed:
            out.line(
                f"nothing is known to be missing from the {of} shards; not counted: what earlier"
            )
            out.line(
                f"runs took into the spools that {', '.join(map(one_line, resumed))} went on with"
            )
        else:
            out.line(f"every row is in exactly one of {of} shard{'s' * (of != 1)}")
    left = 0 if is_dry else tally.undelivered + tally.parked + tally.spooled
    return 1 if found or left else 0


def _read(name: str) -> str:
    try:
        return Path(name).read_text(encoding="utf-8", errors="replace")
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"tally {name}", str(why)) from error
