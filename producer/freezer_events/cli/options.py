"""Options that several commands share, and what they make: settings, event type, topic."""

from __future__ import annotations

import importlib
import importlib.util
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from freezer_events.config import Settings, property_options
from freezer_events.errors import SchemaError, UsageError
from freezer_events.event import default_event

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import ModuleType

    from freezer_events.event import EventType
    from freezer_events.schema.catalogue import Catalogue

_LONGEST_S = 2_000_000.0  # librdkafka counts milliseconds in 32 bits


class Seconds(click.FloatRange):
    """A finite number of seconds: `float` takes nan and inf."""

    name = "seconds"

    def __init__(self, least: float) -> None:
        super().__init__(min=least, max=_LONGEST_S)

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Convert, and refuse what is no number."""
        found = super().convert(value, param, ctx)
        if math.isnan(found):
            self.fail(f"{value!r} is not a number of seconds.", param, ctx)
        return float(found)


F = TypeVar("F", bound="Callable[..., Any]")

env_file = click.option(
    "--env-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Another .env file.",
)
properties = click.option(
    "-X",
    "properties",
    multiple=True,
    metavar="PROPERTY=VALUE",
    help="Any librdkafka property that is no secret.",
)
topic = click.option("--topic", help="The event's topic, instead of TOPIC and event.toml.")
event = click.option(
    "--event", "event_name", metavar="NAME", help="Event name (a folder in schemas/)."
)
output = click.option(
    "--output",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="For people, or for machines.",
)
schemas = click.option(
    "--schemas",
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder of schemas.  [default: pyproject.toml, ./schemas, the package's own]",
)
into = click.option(
    "--into",
    type=click.Path(file_okay=False, path_type=Path),
    help="The package folder of the generated events.  [default: pyproject.toml]",
)


def connection(function: F) -> F:
    """Add the options that say which cluster: --env-file, --topic, -X."""
    return env_file(topic(properties(function)))


def events(function: F) -> F:
    """Add the options that say which event: --event, --schemas, --into."""
    return event(schemas(into(function)))


def load_settings(
    env_file: Path | None, properties: tuple[str, ...] = (), topic: str | None = None
) -> Settings:
    """Load the settings as the options say."""
    options = {"TOPIC": topic} if topic else {}
    return Settings.load(env_file, options=options, properties=property_options(properties))


def find_event_type(
    name: str | None, schemas: Path | None = None, into: Path | None = None
) -> EventType:
    """Return the generated type of an event: from the project's own package, else from ours.

    Raises:
        UsageError: there is no such event.
        SchemaError: there is, but its code has not been generated.

    """
    from freezer_events.schema.catalogue import Catalogue  # noqa: PLC0415

    catalogue = Catalogue.find(schemas, into)
    known: Mapping[str, EventType] = _generated(catalogue).EVENTS
    name = name or default_event(known)
    found = known.get(name or "")
    if found is not None:
        return found
    listed = ", ".join(known) or "none"
    if name is None:
        raise UsageError("which event", f"there are several: {listed}", "name one: --event")
    if name in catalogue.events:
        raise SchemaError(
            f"event {name!r}", "has no generated code yet", "generate it: freezer schema generate"
        )
    raise UsageError(f"event {name!r}", f"there is none; events: {listed}")


def _generated(catalogue: Catalogue) -> ModuleType:
    """Import the package that holds the generated events."""
    if catalogue.into is None or catalogue.into.resolve() == _own_events():
        return importlib.import_module("freezer_events.events")
    return import_package(catalogue.into)


def import_package(folder: Path) -> ModuleType:
    """Import a package by its folder, under its own name, without touching the search path.

    Raises:
        SchemaError: there is no package in this folder.

    """
    init = folder.resolve() / "__init__.py"
    spec = importlib.util.spec_from_file_location(folder.resolve().name, init)
    if not init.is_file() or spec is None or spec.loader is None:
        raise SchemaError(
            str(folder), "holds no generated events", "generate them: freezer schema generate"
        )
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # relative imports inside the package look here
    spec.loader.exec_module(module)
    return module


def _own_events() -> Path:
    return Path(__file__).resolve().parent.parent / "events"
