"""`freezer produce`: events to the cluster, from the simulator, a file or a pipe."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import click

from freezer_events.cli import mapping_options, options
from freezer_events.cli.produce_options import ProduceOptions
from freezer_events.cli.produce_run import ProduceRun
from freezer_events.cli.shard import ShardType
from freezer_events.console.given import StreamCommand, refuse_together, refuse_without
from freezer_events.spool.durable_queue import DEFAULT_MAX_BYTES

_OF_A_FILE: Final = (
    *mapping_options.SPELLINGS, "--on-bad", "--rejects", "--rejects-topic", "--start-at", "--live",
    "--restart", "--follow", "--shard",
)  # fmt: skip


@click.command("produce", cls=StreamCommand)
@options.connection
@options.events
@click.option(
    "--count",
    type=click.IntRange(min=0),
    metavar="N",
    help="Number of events; 0 for no end.  [default: 10 simulated, all of a file]",
)
@click.option(
    "--interval",
    type=options.Seconds(0),
    metavar="SECONDS",
    help="Seconds between events.  [default: 1 simulated, 0 from a file]",
)
@click.option(
    "--sensors",
    type=click.IntRange(min=1),
    metavar="N",
    default=3,
    show_default=True,
    help="Number of keys to simulate: sensor0, sensor1, …",
)
@click.option("--seed", type=int, metavar="N", help="Simulate the same values again.")
@click.option(
    "--from",
    "sources",
    multiple=True,
    metavar="FILE|-",
    shell_complete=options.complete_file,
    help="Read events from files, folders, patterns, or a pipe: CSV or JSON, packed or not;"
    " Parquet, Arrow and Feather files, in object storage, too (s3://…).",
)
@mapping_options.options
@click.option(
    "--on-bad",
    type=click.Choice(["stop", "skip"]),
    default="stop",
    show_default=True,
    help="Stop at a line that does not fit, or skip it.",
)
@click.option(
    "--rejects",
    metavar="FILE|FOLDER/",
    help="Keep skipped rows there, in the input's own bytes.",
)
@click.option("--rejects-topic", metavar="TOPIC", help="Topic that keeps skipped lines.")
@click.option(
    "--undelivered",
    metavar="FILE|FOLDER/",
    help="Keep undelivered readings there, in the input's own bytes.",
)
@click.option(
    "--undelivered-topic",
    metavar="TOPIC",
    help="Topic that keeps what the cluster never takes.",
)
@click.option(
    "--start-at",
    type=click.IntRange(min=1),
    metavar="LINE",
    default=1,
    help="Start at this line of the input.",
)
@click.option(
    "--live", is_flag=True, help="Readings are made now: one without a time gets the present one."
)
@click.option(
    "--timestamp",
    metavar="FIELD",
    help="Field whose time is the record's timestamp; slower, and brokers set limits to it.",
)
@click.option(
    "--spool",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Keep readings on disk until they are delivered.  [default: SPOOL_DIR]",
)
@click.option(
    "--spool-max-bytes",
    type=click.IntRange(min=1),
    metavar="BYTES",
    default=DEFAULT_MAX_BYTES,
    show_default=True,
    help="Most that may wait in the spool.",
)
@click.option(
    "--spool-full",
    type=click.Choice(["wait", "drop-oldest"]),
    default="wait",
    show_default=True,
    help="Wait while the spool is full, or drop the oldest readings, counted.",
)
@options.exactly_once
@click.option(
    "--restart", is_flag=True, help="Read the file from its beginning, whatever is in the spool."
)
@click.option(
    "--follow", is_flag=True, help="Go on with what is appended to the file, also after rotation."
)
@click.option(
    "--shard", type=ShardType(), help="Send the I-th of N parts of the input, counted from 0."
)
@click.option(
    "--shard-by",
    type=click.Choice(["key", "file"]),
    default="key",
    show_default=True,
    help="Deal out readings by key, or whole files: only if no key is in two of them.",
)
@click.option("--dry-run", is_flag=True, help="Read, check and encode; send nothing.")
@options.timeout
@options.give_up_after
@click.option("--lines/--no-lines", "every", default=None, help="Print a line for each delivery.")
@click.option("--quiet", is_flag=True, help="No lines for deliveries, no progress.")
@options.observing
@options.output
def command(**given: Any) -> int:
    """Produce events to the cluster.

    Without --from, events are simulated: ten, one a second, with three keys in turn.
    """
    refuse_together("--from", ("--sensors", "--seed"), "they are for simulated events")
    refuse_together("--follow", ("--live", "--shard", "--dry-run"), "it follows one file")
    refuse_together("--dry-run", ("--rejects-topic", "--undelivered-topic"), "it sends nothing")
    refuse_without("--from", _OF_A_FILE, "it says how to read a file")
    refuse_without("--shard", ("--shard-by",), "it says what a shard is")
    refuse_together("--shard", ("--count", "--start-at"), "a shard is a part of the whole input")
    mapping = mapping_options.taken_from(given)
    return ProduceRun(ProduceOptions(**given, mapping=mapping)).run()
