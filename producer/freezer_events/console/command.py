"""Run a command line to its exit code: an error becomes one message, a signal its usual number.

What `freezer` and `freezer topics` have in common around their commands.
"""

from __future__ import annotations

import contextlib
import signal
import sys
from typing import TYPE_CHECKING, Any, Final

import click

from freezer_events.errors import EventError

if TYPE_CHECKING:
    from types import FrameType

_INTERRUPTED: Final = 130
_TERMINATED: Final = 143


class _Terminated(BaseException):
    """SIGTERM as an exception, so that what is open is closed and what was done is told."""


def run(command: click.Command, prog: str, argv: list[str]) -> int:
    """Run a click command; return its exit code.

    `--debug` anywhere among the arguments lets the traceback of an error through: who adds it to a
    command that failed adds it at the end. Whoever handles signals itself while it runs (`Stop`)
    does so undisturbed.
    """
    signal.signal(signal.SIGTERM, _terminate)
    rest = [each for each in argv if each != "--debug"]
    try:
        result: Any = command.main(args=rest, prog_name=prog, standalone_mode=False)
    except EventError as error:
        if "--debug" in argv:
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
        _discard_output()
        return 0  # whoever read our output has seen enough
    return result if isinstance(result, int) else 0


def _terminate(_number: int, _frame: FrameType | None) -> None:
    raise _Terminated


def _discard_output() -> None:
    """Close standard output: Python would flush it once more at exit, and complain."""
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.close()
