"""A group of commands that live in modules of their own, imported when they are called."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, NamedTuple

import click

if TYPE_CHECKING:
    from collections.abc import Mapping


class Lazy(NamedTuple):
    """A command that is imported when it is called.

    Attributes:
        home: the module that defines `command`.
        summary: its line in the list of commands.

    """

    home: str
    summary: str


class LazyGroup(click.Group):
    """Knows where each command is and its line of help; the module there has the rest.

    Args:
        commands: name to command, in the order in which they are listed.

    """

    def __init__(self, *, commands: Mapping[str, Lazy], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._commands = commands

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the names, in the table's order."""
        return list(self._commands)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import one command."""
        found = self._commands.get(cmd_name)
        if found is None:
            return None
        command = importlib.import_module(found.home).command
        return command if isinstance(command, click.Command) else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the commands without importing any of them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, each.summary) for name, each in self._commands.items()])
