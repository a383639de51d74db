"""Options that several commands share, and what they make: settings, event type, topic."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.shell_completion import CompletionItem

from freezer_events.config import Settings, private_files, property_options
from freezer_events.console.streams import note
from freezer_events.errors import EventError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from freezer_events.event import EventType
    from freezer_events.schema.catalogue import Catalogue, EventSpec

_TRUST = "freezer.trust_generated"
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
    help="A librdkafka property that is not a secret.",
)
topic = click.option("--topic", help="The event's topic, instead of TOPIC and event.toml.")


def complete_event(
    context: click.Context, _parameter: click.Parameter, begun: str
) -> list[CompletionItem]:
    """Complete the name of an event; of none, where the schemas cannot be read."""
    return [CompletionItem(name) for name in _catalogued(context) if name.startswith(begun)]


def complete_event_or_version(
    context: click.Context, _parameter: click.Parameter, begun: str
) -> list[CompletionItem]:
    """Complete the name of an event, or v1, v2, … of the event that is named already."""
    found = _catalogued(context)
    named = [word for word in context.params.get("words") or () if word in found]
    versions = {f"v{number}": None for name in named or found for number in found[name].versions}
    choices = versions if named else [*found, *versions]
    return [CompletionItem(each) for each in choices if each.startswith(begun)]


def complete_file(
    _context: click.Context, _parameter: click.Parameter, begun: str
) -> list[CompletionItem]:
    """Let the shell complete the name of a file."""
    return [CompletionItem(begun, type="file")]


def _catalogued(context: click.Context) -> Mapping[str, EventSpec]:
    from freezer_events.schema.catalogue import Catalogue  # noqa: PLC0415 - the parser is slow

    try:
        return Catalogue.find(context.params.get("schemas")).readable
    except (EventError, OSError):
        return {}


event = click.option(
    "--event",
    "event_name",
    metavar="NAME",
    shell_complete=complete_event,
    help="Event name (a folder in schemas/).",
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

timeout = click.option(
    "--timeout",
    type=Seconds(0.001),
    metavar="SECONDS",
    default=30,
    show_default=True,
    help="Seconds that an answer of broker or registry may take.",
)
give_up_after = click.option(
    "--give-up-after",
    type=Seconds(0.001),
    metavar="SECONDS",
    default=300,
    show_default=True,
    help="Seconds of an outage before giving up.",
)
exactly_once = click.option(
    "--exactly-once",
    is_flag=True,
    help="Deliver from the spool in transactions: readers of committed messages see each once.",
)


def _trust(ctx: click.Context, _: click.Parameter, value: bool) -> None:  # noqa: FBT001 - click's
    ctx.meta[_TRUST] = value


trust = click.option(
    "--trust-generated",
    is_flag=True,
    expose_value=False,
    callback=_trust,
    help="Import generated code without comparing it to the schemas.",
)


def connection(function: F) -> F:
    """Add the options that say which cluster: --env-file, --topic, -X."""
    return env_file(topic(properties(function)))


def events(function: F) -> F:
    """Add the options that say which event: --event, --schemas, --into, --trust-generated."""
    return event(schemas(into(trust(function))))


def observing(function: F) -> F:
    """Add the options that say how a run may be watched: --metrics, --log-format, --log-level."""
    metrics = click.option(
        "--metrics",
        metavar="ADDRESS:PORT",
        help="Serve /metrics, /healthz and /readyz there.",
    )
    log_format = click.option(
        "--log-format",
        type=click.Choice(["json", "text"]),
        help="Log the run on standard error, a line per event.",
    )
    log_level = click.option(
        "--log-level",
        type=click.Choice(["debug", "info", "warning", "error"]),
        default="info",
        show_default=True,
        help="Least level to log.",
    )
    return metrics(log_format(log_level(function)))


def load_settings(
    env_file: Path | None, properties: tuple[str, ...] = (), topic: str | None = None
) -> Settings:
    """Load the settings as the options say; warn of secrets that other users can read."""
    options = {"TOPIC": topic} if topic else {}
    found = Settings.load(env_file, options=options, properties=property_options(properties))
    for warning in private_files.warnings(found):
        note(warning)
    return found


def find_catalogue(schemas: Path | None = None, into: Path | None = None) -> Catalogue:
    """Find the events; say on standard error where they are not the project's own.

    With `--output json` nothing is said: a program knows which folder it runs in.

    Raises:
        ConfigError: the folder that was named is not there, or nothing in it is an event.

    """
    from freezer_events.schema.catalogue import Catalogue  # noqa: PLC0415 - the parser is slow

    found = Catalogue.find(schemas, into)
    context = click.get_current_context(silent=True)
    if found.notice and not (context and context.params.get("output") == "json"):
        note(found.notice)
    return found


def find_event_type(
    name: str | None, schemas: Path | None = None, into: Path | None = None
) -> EventType:
    """Return the type of an event, with what `find_catalogue` says.

    Raises:
        ConfigError: the folder that was named is not there, or nothing in it is an event.
        UsageError: there is no such event.
        SchemaError: there is, and its code is missing, out of step or cannot be generated.

    """
    return event_type_in(find_catalogue(schemas, into), name)


def event_type_in(catalogue: Catalogue, name: str | None) -> EventType:
    """Return the type of one event of a catalogue; raises as `find_event_type`."""
    from freezer_events.schema.event_types import event_type  # noqa: PLC0415 - as above

    return event_type(catalogue, name, trust_generated=trusts_generated())


def trusts_generated() -> bool:
    """Tell whether --trust-generated was given."""
    context = click.get_current_context(silent=True)
    return bool(context and context.meta.get(_TRUST))
