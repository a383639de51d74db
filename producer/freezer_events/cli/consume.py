"""`freezer consume`: typed events back from the topic, as text, JSON lines, CSV or Parquet."""

from __future__ import annotations

import re
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import click

from freezer_events.cli import options
from freezer_events.console.given import StreamCommand, refuse_together
from freezer_events.errors import UsageError

_AGO: Final = re.compile(r"(\d{1,9})([smhd])")
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_MS: Final = 1000
_STARTS: Final = ("--from-beginning", "--from-offset", "--from-time", "--last")


def _when(_ctx: click.Context, _parameter: click.Parameter, value: str | None) -> int | None:
    """Turn a time into milliseconds since 1970; refuse one whose zone nobody noted."""
    if value is None:
        return None
    ago = _AGO.fullmatch(value)
    if ago:
        span = timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        return max(0, int((time.time() - span.total_seconds()) * _MS))
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        why = f"{value!r} is neither like 2026-01-31T12:00:00Z nor like 15m, 2h or 3d."
        raise click.BadParameter(why) from None
    if found.tzinfo is None:
        raise click.BadParameter(f"{value!r} has no time zone: add Z or +01:00.")
    if found.timestamp() < 0:
        raise click.BadParameter(f"{value!r} is before 1970, when Kafka's time begins.")
    return int(found.timestamp() * _MS)


@click.command("consume", cls=StreamCommand)
@options.connection
@options.events
@click.option("--from-beginning", is_flag=True, help="Start at the oldest record.")
@click.option(
    "--from-offset",
    type=click.IntRange(min=0),
    metavar="OFFSET",
    help="Start at this offset of each partition.",
)
@click.option(
    "--from-time",
    callback=_when,
    metavar="TIME|AGO",
    help="Start at 2026-01-31T12:00:00Z, or 15m, 2h, 3d ago.",
)
@click.option(
    "--last",
    type=click.IntRange(min=1),
    metavar="N",
    help="The last N records of each partition; stops there.",
)
@click.option(
    "--partition",
    "partitions",
    type=click.IntRange(min=0),
    multiple=True,
    metavar="N",
    help="Read this partition only; may be repeated.",
)
@click.option("--key", metavar="KEY", help="Show records with this key only.")
@click.option(
    "--where",
    metavar="CONDITION",
    help="Show events that meet a condition only: 'temperature > -15'.",
)
@click.option("--group", metavar="NAME", help="Join a consumer group, and commit what was shown.")
@click.option(
    "--max", "limit", type=click.IntRange(min=1), metavar="N", help="Stop after N events."
)
@click.option("--until-end", is_flag=True, help="Stop at the current end of the topic.")
@click.option("--follow", is_flag=True, help="Go on with what arrives after --last.")
@click.option("--count-only", is_flag=True, help="Count, show nothing; stops at the end.")
@click.option(
    "--on-bad",
    type=click.Choice(["skip", "stop"]),
    default="skip",
    show_default=True,
    help="Skip a record that is not an event, or stop there.",
)
@click.option(
    "--output",
    type=click.Choice(["text", "json", "csv", "parquet"]),
    default="text",
    show_default=True,
    help="For people, or for machines; Parquet needs --to.",
)
@click.option(
    "--envelope",
    is_flag=True,
    help="With --output json: key, partition, offset, time, headers, schema id.",
)
@click.option(
    "--to",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write into a new file instead of standard output.",
)
def command(**given: Any) -> int:
    """Read typed events back from the topic.

    Every record is read as the version that producers write, whichever version it was written in.
    JSON lines, CSV and Parquet hold the event's own fields: `freezer produce --from` takes them
    back.

    Without a start it shows what arrives from now on. It goes on until it is stopped; --last and
    --count-only stop at the current end of the topic.
    """
    from freezer_events.cli.consume_run import ConsumeRun  # noqa: PLC0415 - loads librdkafka

    for number, chosen in enumerate(_STARTS):
        refuse_together(chosen, _STARTS[number + 1 :], "there is one place to start")
    refuse_together(
        "--group",
        ("--from-offset", "--from-time", "--last", "--partition"),
        "the group says what is read, and from where",
    )
    refuse_together("--follow", ("--until-end",), "one goes on at the end, the other stops")
    refuse_together("--count-only", ("--to", "--envelope"), "nothing but the count is shown")
    if given["envelope"] and given["output"] != "json":
        raise UsageError("--envelope", "is for JSON alone", "add --output json")
    if given["output"] == "parquet" and given["to"] is None and not given["count_only"]:
        raise UsageError("--output parquet", "is a file", "say which: --to readings.parquet")
    return ConsumeRun(**given).run()
