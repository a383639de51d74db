"""The command line, one program: `freezer`. Commands are imported when they are called."""

from __future__ import annotations

import sys
from typing import Final

import click

from freezer_events.console import command
from freezer_events.console.lazy import Lazy, LazyGroup
from freezer_events.console.wrap import WIDEST

_COMMANDS: Final = {
    "demo": Lazy(f"{__name__}.demo", "The whole way in one process; needs nothing but Python."),
    "produce": Lazy(f"{__name__}.produce", "Produce events: simulated, from files or a pipe."),
    "consume": Lazy(f"{__name__}.consume", "Read typed events back from the topic."),
    "schema": Lazy(
        f"{__name__}.schema", "Schemas: see, check, evolve, release, generate, register."
    ),
    "topics": Lazy(
        "freezer_infra.commands.topics", "Topics and access: plan, apply, check for drift."
    ),
    "local": Lazy("freezer_infra.commands.local", "Kafka and Schema Registry in containers here."),
    "doctor": Lazy(f"{__name__}.doctor", "Check what a delivery needs; say how to fix it."),
    "config": Lazy(f"{__name__}.config", "Show every setting, its value and where it came from."),
    "completion": Lazy(f"{__name__}.completion", "Print the script for completion in your shell."),
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

    Try `freezer demo` first: it needs nothing beside Python.
    """
    del debug  # read by `run`


def main(args: list[str] | None = None) -> None:
    """Run the command line; errors become one message and an exit code."""
    sys.exit(command.run(cli, "freezer", sys.argv[1:] if args is None else args))
