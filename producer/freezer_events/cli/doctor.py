"""`freezer doctor`: each precondition from `.env` to a deliverable event, with the fix."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import click

from freezer_events.cli import options
from freezer_events.cli.output import Output, note
from freezer_events.console.next_step import next_step
from freezer_events.console.wrap import wrapped
from freezer_events.doctor import Destination, diagnose, exit_code
from freezer_events.errors import ConfigError
from freezer_events.schema.event_types import OutOfStep, in_memory
from freezer_events.schema.event_types import event_type as typed

if TYPE_CHECKING:
    from pathlib import Path

    from freezer_events.config import Settings
    from freezer_events.doctor import Check

_VERDICT: Final = 6
_NAME: Final = 16


@click.command("doctor")
@options.connection
@options.events
@click.option(
    "--timeout",
    type=click.FloatRange(min=2),
    default=30.0,
    show_default=True,
    metavar="S",
    help="Seconds for all checks together.",
)
@click.option("--exactly-once", is_flag=True, help="Check what --exactly-once needs, too.")
@options.output
def command(  # noqa: PLR0913 - click gives each option
    *,
    env_file: Path | None,
    topic: str | None,
    properties: tuple[str, ...],
    event_name: str | None,
    schemas: Path | None,
    into: Path | None,
    timeout: float,
    exactly_once: bool,
    output: str,
) -> int:
    """Check everything that a delivery needs, and say how to fix what is wrong.

    Nothing is written, neither to the topic nor to the registry. The exit code is 0 where all is
    well (or only worth a warning), otherwise that of the first failure.
    """
    settings = _settings(env_file, properties, topic)
    target = replace(_target(settings, topic, event_name, schemas, into), exactly_once=exactly_once)
    out = Output()
    checks = []
    for check in diagnose(settings, target, timeout):
        checks.append(check)
        if output == "text":
            for line in lines(check):
                out.line(line)
    code = exit_code(checks)
    if output == "json":
        out.json({"ready": not code, "exit_code": code, "checks": [_object(c) for c in checks]})
    else:
        _conclude(checks, target)
    return code


def lines(check: Check) -> list[str]:
    """Return the lines of one check: verdict, name, what was seen, then what to do."""
    head = f"{check.verdict.value:<{_VERDICT}}{check.name:<{_NAME}}"
    fix = next_step(check.fix)
    return wrapped(check.detail, head) + wrapped(fix, f"{'':{len(head)}}next: ")


def _settings(
    env_file: Path | None, properties: tuple[str, ...], topic: str | None
) -> Settings | ConfigError:
    try:
        return options.load_settings(env_file, properties, topic)
    except ConfigError as error:
        return error  # the first check's verdict


def _target(
    settings: Settings | ConfigError,
    topic: str | None,
    event_name: str | None,
    schemas: Path | None,
    into: Path | None,
) -> Destination:
    catalogue = options.find_catalogue(schemas, into)
    spec, stale = catalogue.event(event_name), None
    try:
        event_type = typed(catalogue, event_name, trust_generated=options.trusts_generated())
    except OutOfStep as error:  # one check's verdict, not the end of all
        event_type, stale = in_memory(catalogue, spec), error
    if not isinstance(settings, ConfigError):
        topic = settings.topic_for(event_type, named=event_name)
    return Destination(event_type, spec, topic or event_type.topic, stale)


def _conclude(checks: list[Check], target: Destination) -> None:
    first = next((check for check in checks if check.exit_code), None)
    if first is None:
        note(f"ready: {target.event_type.name} can be delivered to {target.topic}")
    else:
        note(f"not ready: {first.name} comes first")


def _object(check: Check) -> dict[str, str]:
    return {
        "name": check.name,
        "verdict": check.verdict.value,
        "detail": check.detail,
        "fix": next_step(check.fix),
    }
