"""Run another program, bounded in time, and say what it said when it fails.

The only place of the local stack that waits for a subprocess; what to run is decided elsewhere.
"""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

from freezer_events.errors import UnreachableError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_LINES_SHOWN = 8


def run(
    argv: Sequence[str],
    *,
    doing: str,
    within_s: float,
    env: Mapping[str, str] | None = None,
    fix: str = "",
) -> str:
    """Run `argv` and return its standard output.

    Args:
        argv: program and arguments; found on PATH.
        doing: what this is for, as `EventError.doing` wants it.
        within_s: seconds after which it is killed.
        env: variables added to those of this process.
        fix: the next step to offer when it fails.

    Raises:
        UnreachableError: it is not there, failed, or took too long.

    """
    try:
        done = subprocess.run(
            argv,
            capture_output=True,
            text=True,
            errors="replace",
            stdin=subprocess.DEVNULL,
            timeout=within_s,
            check=False,
            env={**os.environ, **(env or {})},
        )
    except FileNotFoundError as error:
        raise UnreachableError(doing, f"there is no {argv[0]} on the PATH", fix) from error
    except subprocess.TimeoutExpired as error:
        why = f"`{' '.join(argv)}` was not done after {within_s:g} s"
        raise UnreachableError(doing, why, fix) from error
    if done.returncode:
        said = tail(done.stderr) or tail(done.stdout) or "it said nothing"
        why = f"`{' '.join(argv)}` ended with {done.returncode}: {said}"
        raise UnreachableError(doing, why, fix)
    return done.stdout


def tail(text: str, lines: int = _LINES_SHOWN) -> str:
    """Give the last lines of `text` that hold something: where programs put the cause."""
    return "\n".join([line for line in text.splitlines() if line.strip()][-lines:])
