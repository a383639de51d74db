"""`freezer completion`: the script that completes commands, options and their values in a shell."""

from __future__ import annotations

import os
from pathlib import PurePath
from typing import Final

import click
from click.shell_completion import get_completion_class

from freezer_events.cli.tree import cli
from freezer_events.console.streams import line
from freezer_events.errors import UsageError

_SHELLS: Final = ("bash", "zsh", "fish")


@click.command("completion")
@click.argument("shell", required=False, type=click.Choice(_SHELLS))
def command(shell: str | None) -> None:
    """Print the completion script; load it with `eval "$(freezer completion bash)"`.

    Without a shell, that of $SHELL is meant.
    """
    made = get_completion_class(shell or _guessed())
    if made is not None:
        line(made(cli, {}, "freezer", "_FREEZER_COMPLETE").source())


def _guessed() -> str:
    found = PurePath(os.environ.get("SHELL", "")).name
    if found not in _SHELLS:
        why = f"$SHELL names {found!r}" if found else "$SHELL is not set"
        raise UsageError(
            "freezer completion", f"no shell is named, and {why}", "freezer completion bash"
        )
    return found
