"""The command line, one program: `freezer`. Commands are imported when they are called."""

from __future__ import annotations

import signal
import sys

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def main(args: list[str] | None = None) -> None:
    """Run the command line; errors become one message and an exit code.

    Before and after the run itself a signal ends the process at once: there is nothing to tell,
    and Python's own way would be a traceback out of an import.
    """
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    from freezer_events.cli.tree import cli  # noqa: PLC0415 - signals first
    from freezer_events.console.command import run  # noqa: PLC0415 - likewise

    code = run(cli, "freezer", sys.argv[1:] if args is None else args)
    sys.exit(code)
