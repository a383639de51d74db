"""A group of commands that live in modules of their own, imported when they are called."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Mapping


class LazyGroup(click.Group):
    """Knows each command's name and its line of help; the module of that name has the rest.

    Args:
        package: the package in which the modules are; each defines `command`.
        commands: name to one line of help, in the order in which they are listed.

    """

    def __init__(self, *, package: str, commands: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._package = package
        self._commands = commands

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the names, in the table's order."""
        return list(self._commands)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import one command."""
        if cmd_name not in self._commands:
            return None
        command = importlib.import_module(f"{self._package}.{cmd_name}").command
        return command if isinstance(command, click.Command) else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the commands without importing any of them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(self._commands.items()))
