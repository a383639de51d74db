"""Run a command line to its exit code: an error becomes one message, a signal its usual number.

What `freezer` and `infra/bootstrap` have in common around their commands. Nothing leaves it but an
exit code: it is the one place that catches what nobody foresaw.
"""

from __future__ import annotations

import sys
import traceback
from typing import TYPE_CHECKING, Any

import click

from freezer_events.console import streams
from freezer_events.console.ending import Ending, tell
from freezer_events.console.given import Given
from freezer_events.console.next_step import set_given
from freezer_events.console.signals import Interrupted, signals_end_it

if TYPE_CHECKING:
    from collections.abc import Sequence

_LOST = 1


def run(command: click.Command, prog: str, argv: Sequence[str]) -> int:
    """Run a click command; return its exit code.

    `--debug` anywhere among the arguments shows the traceback of an error: who adds it to a
    command that failed adds it at the end. Whoever handles signals itself while it runs (`Stop`)
    does so undisturbed.

    Exit codes: the command's own, or the error's; 1 where standard output was lost on the way;
    70 for what nobody foresaw; 129, 130, 143 for SIGHUP, SIGINT, SIGTERM.
    """
    rest = [each for each in argv if each != "--debug"]
    with streams.guarded():
        try:
            with signals_end_it():
                code = _run(command, prog, rest, debug="--debug" in argv)
        except Interrupted as signal:  # between two of the lines that follow an error
            code = signal.exit_code
        return _after(code)


def _run(command: click.Command, prog: str, argv: list[str], *, debug: bool) -> int:
    given = None
    try:
        given = Given.read(command, prog, argv)
        set_given(given)
        given.refuse_repeated()
        result: Any = command.main(args=argv, prog_name=prog, standalone_mode=False)
    except Interrupted as signal:
        return _tell_interrupted(given, signal)
    except click.Abort:
        return _fail(given, Ending("aborted", "nobody answered the question", "", 1))
    except (click.UsageError, click.ClickException) as error:
        if given is None or not given.as_json:
            error.show()
            return error.exit_code
        return _fail(given, Ending.of(error))
    except Exception as error:  # noqa: BLE001 - the one place for what nobody foresaw
        if debug:
            traceback.print_exc()
        return _fail(given, Ending.of(error))
    finally:
        set_given(None)
    return result if isinstance(result, int) else 0


def _fail(given: Given | None, failure: Ending) -> int:
    if given is not None and given.as_json:
        tell(failure, as_json_to="err" if given.streams else "out")
    else:
        tell(failure)
    return failure.exit_code


def _tell_interrupted(given: Given | None, signal: Interrupted) -> int:
    return _fail(given, Ending("interrupted", f"ended by {signal.name}", "", signal.exit_code))


def _after(code: int) -> int:
    """Take account of output that was lost, other than by a reader who has seen enough."""
    why = streams.lost(sys.stdout)
    if why is None or streams.reader_left(sys.stdout):
        return code
    streams.note(f"error: standard output was lost: {why}")
    return code or _LOST
