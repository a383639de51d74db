"""The command line, one program: `freezer`. Commands are imported when they are called."""

from __future__ import annotations

import signal
import sys
from typing import TYPE_CHECKING, Any, Final

import click

from producer.cli.lazy import LazyGroup
from producer.errors import FreezerError

if TYPE_CHECKING:
    from types import FrameType

_COMMANDS: Final = {
    "demo": "The whole way in one process; needs nothing beside Python.",
    "produce": "Produce readings: simulated, from a file or from a pipe.",
    "consume": "Read typed events back from the topic.",
    "schema": "Schemas: see, check, evolve, release, generate, register.",
    "doctor": "Check what a delivery needs; say how to fix what is wrong.",
    "config": "Show every setting, its value and where it came from.",
    "completion": "Print the script that completes commands in your shell.",
}
_INTERRUPTED: Final = 130
_TERMINATED: Final = 143


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
    del debug  # read from the context by `main`


class _Terminated(BaseException):
    """SIGTERM outside of a run; inside one, `Stop` takes the signal."""


def main(args: list[str] | None = None) -> None:
    """Run the command line; errors become one message and an exit code."""
    signal.signal(signal.SIGTERM, _terminate)
    argv = sys.argv[1:] if args is None else args
    # Wherever it stands: who adds it to a command that failed adds it at the end.
    sys.exit(_run([each for each in argv if each != "--debug"], debug="--debug" in argv))


def _run(argv: list[str], *, debug: bool) -> int:
    try:
        result: Any = cli.main(args=argv, prog_name="freezer", standalone_mode=False)
    except FreezerError as error:
        if debug:
            raise
        click.echo(f"error: {error}", err=True)
        return error.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        return _INTERRUPTED
    except _Terminated:
        return _TERMINATED
    except BrokenPipeError:
        return 0  # whoever read our output has seen enough
    return result if isinstance(result, int) else 0


def _terminate(_number: int, _frame: FrameType | None) -> None:
    raise _Terminated
