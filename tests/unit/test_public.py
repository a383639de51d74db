"""The public face: which names are exported, which commands there are, and that they are told."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from types import FunctionType
from typing import TYPE_CHECKING

import click
import pytest

import freezer_events
from freezer_events import EventConsumer, EventProducer, EventSerializer, errors, testing
from freezer_events.cli.tree import cli
from freezer_events.event import EventType
from freezer_events.events import FreezerReading
from freezer_events.kafka.embedded import EmbeddedCluster
from tests.support.cli import FREEZER
from tests.support.readme import pages, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator


def test_exactly_these_names_are_exported_and_each_can_be_imported() -> None:
    assert freezer_events.__all__ == [
        "KEY_FIELD",
        "AccessError",
        "AsyncEventProducer",
        "Cause",
        "ConfigError",
        "Event",
        "EventConsumer",
        "EventError",
        "EventProducer",
        "EventSerializer",
        "InvalidEvent",
        "MetricsServer",
        "NotDelivered",
        "Outcome",
        "Record",
        "Report",
        "SchemaError",
        "Settings",
        "SpoolAt",
        "Start",
        "Tally",
        "UnreachableError",
        "UsageError",
        "serve_metrics",
        "truncate_to_ms",
    ]
    assert all(hasattr(freezer_events, name) for name in freezer_events.__all__)
    assert set(freezer_events.__all__) <= set(dir(freezer_events))
    assert testing.__all__ == ["EventCluster"]
    with pytest.raises(AttributeError, match="has no attribute 'Producer'"):
        freezer_events.Producer  # noqa: B018


def test_the_tree_of_errors_is_the_one_that_is_drawn() -> None:
    drawn = re.findall(r"(\w+) +(\d) ", errors.__doc__ or "")
    classes = {
        name: each
        for name, each in vars(errors).items()
        if inspect.isclass(each) and issubclass(each, errors.EventError)
    }
    assert sorted(drawn) == sorted((n, str(each.exit_code)) for n, each in classes.items())
    assert set(classes) <= set(freezer_events.__all__)


# What users call, by where it is: the names, and the public attributes that are functions.
PUBLIC = {
    **{name: getattr(freezer_events, name) for name in freezer_events.__all__},
    "EventCluster": testing.EventCluster,
    "EmbeddedCluster": EmbeddedCluster,
    "EventType": EventType,
    "FreezerReading": FreezerReading,
}
MEMBERS = {
    f"{name}.{member}": value
    for name, each in PUBLIC.items()
    if inspect.isclass(each)
    for member, value in vars(each).items()
    if not member.startswith("_") and isinstance(value, FunctionType | property | classmethod)
}


@pytest.mark.parametrize("name", [name for name, each in PUBLIC.items() if inspect.isclass(each)])
def test_whoever_points_at_a_public_class_is_told_what_it_is(name: str) -> None:
    # A dataclass without a docstring is given its signature as one.
    assert (told := vars(PUBLIC[name])["__doc__"]), name
    assert not told.startswith(f"{name}("), name


@pytest.mark.parametrize("name", MEMBERS)
def test_whoever_points_at_a_public_method_is_told_what_it_does(name: str) -> None:
    assert MEMBERS[name].__doc__, name


CONSTRUCTORS = {
    EventProducer: "settings, *, topic, timeout_s, give_up_after_s, on_undelivered, spool,"
    " exactly_once",
    EventConsumer: (
        "settings, event, *, topic, start, partitions, group, dead_letter, timeout_s, on_notice"
    ),
    EventSerializer: "schema_registry_client, event",
    testing.EventCluster: "partitions",
}


@pytest.mark.parametrize("kind", CONSTRUCTORS, ids=lambda kind: kind.__name__)
def test_constructors_take_what_users_give_and_nothing_that_only_tests_would(kind: type) -> None:
    given = inspect.signature(kind).parameters.values()
    shown = str(inspect.Signature([inspect.Parameter(each.name, each.kind) for each in given]))
    assert shown == f"({CONSTRUCTORS[kind]})"


def test_importing_the_package_loads_none_of_what_is_slow() -> None:
    script = "import freezer_events, freezer_events.cli, sys; print([m for m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    for slow in ("confluent_kafka", "requests", "fastavro"):
        assert f"'{slow}'" not in done.stdout


@pytest.mark.parametrize("args", [["--help"], ["schema", "--help"]], ids=" ".join)
def test_help_imports_click_and_little_else(args: list[str]) -> None:
    script = f"""
import sys
from freezer_events.cli import main
try:
    main({args})
except SystemExit:
    print(*sys.modules, file=sys.stderr)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    imported = set(done.stderr.split())
    ours = {name for name in imported if name.startswith("freezer_")}
    parts = {name.removeprefix("freezer_events").removeprefix(".").split(".")[0] for name in ours}
    assert parts == {"", "cli", "console", "errors"}
    assert "click" in imported
    slow = {"asyncio", "email", "importlib.metadata", "json", "logging", "socket", "tomllib"}
    assert not imported & (slow | {"confluent_kafka", "dotenv", "fastavro", "requests", "rich"})


def commands(group: click.Group, name: str) -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for each in group.list_commands(context):
        command = group.get_command(context, each)
        assert command is not None
        yield f"{name} {each}", command
        if isinstance(command, click.Group):
            yield from commands(command, f"{name} {each}")


COMMANDS = dict(commands(cli, "freezer"))


@pytest.mark.parametrize("name", COMMANDS)
def test_the_pages_tell_of_every_command(name: str) -> None:
    told = "\n".join(map(text_of, pages()))
    assert f"{name}`" in told or f"{name} " in told


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_option_is_explained(name: str) -> None:
    command = COMMANDS[name]
    assert command.help
    for option in command.params:
        if isinstance(option, click.Option):
            assert option.help, f"{name} {option.name}"


@pytest.mark.parametrize("name", COMMANDS)
def test_help_keeps_to_80_columns(name: str) -> None:
    with click.Context(COMMANDS[name], info_name=name, terminal_width=80) as context:
        text = COMMANDS[name].get_help(context)
    assert max(map(len, text.splitlines())) <= 80


def test_the_help_of_a_group_is_what_its_commands_say() -> None:
    listed = subprocess.run([FREEZER, "--help"], capture_output=True, text=True, check=True)
    for name in COMMANDS:
        if name.count(" ") == 1:
            assert f"  {name.split()[1]} " in listed.stdout
