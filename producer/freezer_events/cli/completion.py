"""`freezer completion`: the script that completes commands and options in a shell."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from freezer_events.cli import cli


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print the completion script; load it with `eval "$(freezer completion bash)"`."""
    made = get_completion_class(shell)
    if made is not None:
        click.echo(made(cli, {}, "freezer", "_FREEZER_COMPLETE").source())
