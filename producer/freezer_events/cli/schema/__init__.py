"""`freezer schema`: the schemas' life, one module per command, imported when it is called."""

from __future__ import annotations

from typing import Final

import click

from freezer_events.console.lazy import Lazy, LazyGroup

_COMMANDS: Final = {
    "list": Lazy(f"{__name__}.list", "List events and versions."),
    "check": Lazy(f"{__name__}.check", "Check all events offline: the gate for CI."),
    "new": Lazy(f"{__name__}.new", "Begin the next version of an event, or a new event."),
    "release": Lazy(
        f"{__name__}.release", "Release a version: lock, golden files and code in one go."
    ),
    "generate": Lazy(f"{__name__}.generate", "Generate the typed events from the schemas."),
    "compare": Lazy(
        f"{__name__}.compare", "Compare two schema files: what breaks, for whom, why, what to do."
    ),
    "diff": Lazy(
        f"{__name__}.diff", "Say what changed between two versions, and who upgrades first."
    ),
    "register": Lazy(
        f"{__name__}.register", "Register versions and set the level, in the registry."
    ),
    "status": Lazy(f"{__name__}.status", "Compare the versions here with those in the registry."),
}


@click.command("schema", cls=LazyGroup, commands=_COMMANDS)
def command() -> None:
    """Schemas: see what is there, evolve it, generate code from it, register it."""
