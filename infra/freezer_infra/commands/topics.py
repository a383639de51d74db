"""`freezer topics`: plan, apply and check topics and access."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from freezer_events.console.given import refuse_together
from freezer_events.console.streams import note
from freezer_events.console.wrap import columns, wrapped
from freezer_events.errors import ConfigError, UsageError
from freezer_infra.commands.place import Place, opened
from freezer_infra.commands.topics_run import TopicsRun
from freezer_infra.planner import apply as applying

if TYPE_CHECKING:
    from collections.abc import Callable

    from freezer_infra.planner.plan import Plan
    from freezer_infra.planner.target import Target

_DRIFT: Final = 1
_NOT_APPLIED: Final = 1
_YES: Final = "freezer topics apply --yes"


def _options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that plan, apply and check share."""
    for option in reversed(
        (
            click.option(
                "--target",
                "kind",
                type=click.Choice(["local", "cloud"]),
                help="[default: cloud if a cluster is named, else local]",
            ),
            click.option(
                "--cluster", envvar="CONFLUENT_CLUSTER", help="lkc-…, in Confluent Cloud."
            ),
            click.option("--environment", envvar="CONFLUENT_ENVIRONMENT", help="env-…, likewise."),
            click.option(
                "--kafka-endpoint",
                metavar="URL",
                envvar="CONFLUENT_KAFKA_ENDPOINT",
                help="The cluster's REST endpoint in a private network.",
            ),
            click.option(
                "--registry-endpoint",
                metavar="URL",
                envvar="CONFLUENT_REGISTRY_ENDPOINT",
                help="The registry's endpoint in a private network.",
            ),
            click.option("--url", help="REST API of a Confluent Platform, instead of a cluster."),
            click.option(
                "--env-file", help="Another .env file, with the brokers of the local target."
            ),
            click.option(
                "--topics",
                type=Path,
                help="[default: [tool.freezer] topics, infra/topics.toml, event.toml alone]",
            ),
            click.option("--topic", help="The event's topic, instead of TOPIC and event.toml."),
            click.option("--event", metavar="NAME", help="Event whose topic TOPIC is."),
            click.option(
                "--schemas",
                type=click.Path(file_okay=False, path_type=Path),
                help="The folder of schemas.  [default: pyproject.toml, ./schemas, the package's]",
            ),
            click.option("--stage", metavar="NAME", help="One of [stages] in infra/topics.toml."),
            click.option("--without-schemas", is_flag=True, help="Leave subjects as they are."),
            click.option(
                "--allow-partition-increase",
                is_flag=True,
                help="Allow more partitions; keys will move.",
            ),
            click.option("--write-env", type=Path, help="Put the producer's key into this file."),
            click.option(
                "--write-keys", is_flag=True, help="Put each key into the env_file declared for it."
            ),
            click.option(
                "--rotate-key", metavar="NAME", help="Replace the key of this service account."
            ),
            click.option(
                "--output",
                type=click.Choice(["text", "json"]),
                default="text",
                show_default=True,
                help="For people, or for machines.",
            ),
        )
    ):
        function = option(function)
    return function


def _run(**given: Any) -> TopicsRun:
    refuse_together("--url", ("--cluster", "--environment"), "it is another target")
    refuse_together("--url", ("--env-file",), "that is of the local target")
    place = Place(
        given["kind"],
        given["cluster"],
        given["environment"],
        given["url"],
        given["env_file"],
        given["kafka_endpoint"],
        given["registry_endpoint"],
    )
    return TopicsRun(
        place,
        given["topics"],
        given["event"],
        given["allow_partition_increase"],
        given["write_env"],
        given["rotate_key"],
        given["output"],
        given["schemas"],
        given["topic"],
        given["stage"],
        with_schemas=not given["without_schemas"],
        write_keys=given["write_keys"],
    )


@click.group("topics")
def command() -> None:
    """Make topics and access as declared, on any Kafka or Confluent Cloud."""


@command.command()
@_options
def plan(**given: Any) -> int:
    """Show what apply would do; change nothing."""
    return _compare(_run(**given), drift=0)


@command.command()
@_options
def check(**given: Any) -> int:
    """Find drift: exit 0 if everything is as declared, 1 if not."""
    return _compare(_run(**given), drift=_DRIFT)


def _compare(run: TopicsRun, drift: int) -> int:
    desired = run.desired()
    with ExitStack() as held:
        target = held.enter_context(opened(run.place.at(desired.stage), _say))
        desired = run.reachable(target, desired)
        registry = held.enter_context(run.registry(target, desired))
        found = run.plan(target, desired, run.keys(target, desired), registry)
        run.show(found, target, desired.stage)
    return drift if found.is_drift else 0


@command.command()
@_options
@click.option("--yes", is_flag=True, help="Do not ask.")
def apply(*, yes: bool, **given: Any) -> int:
    """Show the plan, ask, carry it out and read it back."""
    run = _run(**given)
    desired = run.desired()
    with ExitStack() as held:
        target = held.enter_context(opened(run.place.at(desired.stage), _say))
        held.enter_context(applying.only_apply(target.name, _say))
        desired = run.reachable(target, desired)
        registry = held.enter_context(run.registry(target, desired))
        keys = run.keys(target, desired)
        found = run.plan(target, desired, keys, registry)
        run.show(found, target, desired.stage)
        if found.refusals:
            raise applying.refused(found)
        if not found.steps:
            return 0
        if not _agreed(found, target, yes=yes):
            _say("nothing was changed")
            return _NOT_APPLIED
        applying.apply(target, found, run.files(desired), _say, registry)
        settled = [replace(key, held=True, rotation=()) for key in keys]
        applying.verify(target, desired, settled, registry)
        _say(f"applied to {target.name} and read back: everything is as declared")
    return 0


@command.command("import")
@_options
def import_(**given: Any) -> int:
    """Write a topics.toml that declares what is there; never over one that exists."""
    run = _run(**given)
    path = given["topics"] or Path("infra/topics.toml")
    if path.exists():
        fix = f"freezer topics import --topics {path.with_stem(path.stem + '-there')}"
        raise UsageError(f"write {path}", "it exists, and is not written over", fix)
    with opened(run.place, _say) as target:
        text = run.found(target)
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        why = f"cannot be written: {error.strerror}"
        raise ConfigError(str(path), why, "--topics FILE") from error
    _say(f"{path} declares what {target.name} has; next: freezer topics plan --topics {path}")
    return 0


def _agreed(found: Plan, target: Target, *, yes: bool) -> bool:
    """Ask whether to go on, unless that is known.

    Raises:
        UsageError: there is nobody to ask.

    """
    if yes or (target.is_local and found.only_creates):
        return True
    if not sys.stdin.isatty():
        raise UsageError("apply", "this needs a yes, and there is no terminal to ask at", _YES)
    return click.confirm(f"Apply this to {target.name}?", err=True)


def _say(line: str) -> None:
    told = wrapped(line, rest="  ", width=columns(sys.stderr))
    note("\n".join(told))
