"""`freezer schema`: the schemas' life, one module per command, imported when it is called."""

from __future__ import annotations

from typing import Final

import click

from freezer_events.console.lazy import LazyGroup

_COMMANDS: Final = {
    "list": "List events and versions.",
    "check": "Check all events offline: the gate for CI.",
    "new": "Begin the next version of an event, or a new event.",
    "release": "Release a version: lock, golden files and code in one go.",
    "generate": "Generate the typed events from the schemas.",
    "compare": "Compare two schema files: what breaks, for whom, why, what to do.",
    "diff": "Say what changed between two versions, and who upgrades first.",
    "register": "Register versions and set the level, in the registry.",
    "status": "Compare the versions here with those in the registry.",
}


@click.command("schema", cls=LazyGroup, package=__name__, commands=_COMMANDS)
def command() -> None:
    """Schemas: see what is there, evolve it, generate code from it, register it."""
