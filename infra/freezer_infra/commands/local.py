"""`freezer local`: Kafka and a Schema Registry in containers on this machine."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

import click

from freezer_events.console.escape import one_line
from freezer_events.console.streams import line
from freezer_events.errors import UsageError
from freezer_infra.local import observe as observers
from freezer_infra.local import stack
from freezer_infra.local.state import Stack

if TYPE_CHECKING:
    from collections.abc import Callable

_NOT_UP: Final = 1
_NOT_DONE: Final = 1

_yes = click.option("--yes", is_flag=True, help="Do not ask before removing topics and schemas.")


@click.group("local")
def command() -> None:
    """Kafka and a Schema Registry in containers, one pair for the whole machine."""


@command.command()
@_yes
@click.option("--observe", is_flag=True, help="Prometheus and Grafana beside them.")
def up(*, yes: bool, observe: bool) -> None:
    """Start them; leave running ones alone."""
    stack.up(line, _confirm("up", yes=yes))
    if observe:
        observers.up(line)


@command.command()
def status() -> int:
    """Show their addresses; exit 1 if they do not answer."""
    found = Stack.load()
    if found is None:
        line("no local stack was started here: freezer local up")
        return _NOT_UP
    line(f"Kafka:    {found.bootstrap} (PLAINTEXT), {found.sasl_bootstrap} (SASL_SSL)")
    line(f"registry: {found.registry_url}")
    if (reason := stack.answers(found)) is not None:
        line(one_line(f"it does not answer ({reason}): freezer local up"))
        return _NOT_UP
    line("both answer")
    return 0


@command.command()
@_yes
def down(*, yes: bool) -> int:
    """Stop and remove them, with their topics and schemas; Prometheus and Grafana, too."""
    if not stack.down(line, _confirm("down", yes=yes)):
        return _NOT_DONE
    observers.down(line)
    return 0


def _confirm(verb: str, *, yes: bool) -> Callable[[str], bool]:
    def confirm(what: str) -> bool:
        if yes:
            return True
        if not sys.stdin.isatty():
            why = f"it would remove {what}, and there is no terminal to ask at"
            raise UsageError(f"freezer local {verb}", why, f"freezer local {verb} --yes")
        return click.confirm(f"This removes {what}. Go on?", err=True)

    return confirm
