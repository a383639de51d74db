"""The commands of `freezer`, one program. Each is imported when it is called."""

from __future__ import annotations

from typing import Final

import click

from freezer_events.console.lazy import Lazy, LazyGroup
from freezer_events.console.wrap import WIDEST

_HERE: Final = "freezer_events.cli"
_COMMANDS: Final = {
    "demo": Lazy(f"{_HERE}.demo", "Try it: the whole path in one process, without a broker."),
    "produce": Lazy(f"{_HERE}.produce", "Produce events: simulated, from files or a pipe."),
    "consume": Lazy(f"{_HERE}.consume", "Read typed events back from the topic."),
    "profiles": Lazy(f"{_HERE}.profiles", "List the kinds of files that are known by name."),
    "tally": Lazy(f"{_HERE}.tally", "Add up the shards of a backfill; say whether they are all."),
    "spool": Lazy(f"{_HERE}.spool", "The spool on disk: see it, drain it, export it, mend it."),
    "schema": Lazy(f"{_HERE}.schema", "Schemas: see, check, evolve, release, generate, register."),
    "topics": Lazy(
        "freezer_infra.commands.topics", "Topics and access: plan, apply, check for drift."
    ),
    "local": Lazy(
        "freezer_infra.commands.local", "Kafka and Schema Registry in containers on this machine."
    ),
    "doctor": Lazy(f"{_HERE}.doctor", "Check what a delivery needs; say how to fix it."),
    "config": Lazy(f"{_HERE}.config", "Show every setting, its value and where it came from."),
    "completion": Lazy(f"{_HERE}.completion", "Print the script for completion in your shell."),
}


@click.command(
    cls=LazyGroup,
    commands=_COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": WIDEST},
)
@click.version_option(package_name="freezer-events", prog_name="freezer")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def cli(*, debug: bool) -> None:
    """Produce typed Avro events to Kafka, evolve their schemas, provision their topics.

    Try `freezer demo` first: it needs nothing but Python.
    """
    del debug  # read by `run`
