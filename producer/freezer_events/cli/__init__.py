"""The command line, one program: `freezer`. Commands are imported when they are called."""

from __future__ import annotations

import sys
from typing import Final

import click

from freezer_events.console import command
from freezer_events.console.lazy import LazyGroup

_COMMANDS: Final = {
    "demo": "The whole way in one process; needs nothing beside Python.",
    "produce": "Produce readings: simulated, from a file or from a pipe.",
    "consume": "Read typed events back from the topic.",
    "schema": "Schemas: see, check, evolve, release, generate, register.",
    "doctor": "Check what a delivery needs; say how to fix what is wrong.",
    "config": "Show every setting, its value and where it came from.",
    "completion": "Print the script that completes commands in your shell.",
}


@click.command(
    cls=LazyGroup,
    package=__name__,
    commands=_COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(package_name="freezer-events", prog_name="freezer")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def cli(*, debug: bool) -> None:
    """Produce freezer readings as typed Avro events to Kafka.

    Try `freezer demo` first: it needs nothing beside Python.
    """
    del debug  # read by `run`


def main(args: list[str] | None = None) -> None:
    """Run the command line; errors become one message and an exit code."""
    sys.exit(command.run(cli, "freezer", sys.argv[1:] if args is None else args))
