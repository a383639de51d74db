"""Which topic an event has: every command and both clients agree, whatever `TOPIC` says.

None of the topics exists, so that everybody names the one that is missed.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from tests.support.cli import Freezer

if TYPE_CHECKING:
    from pathlib import Path

    from freezer_infra.local.stack import Stack

TOPIC = "topic-rule-setting"
COMMANDS = (
    "produce --count 1",
    "consume --until-end",
    "doctor",
    "schema register --dry-run",
    "schema status",
    "topics plan",
    "config",
)
CLIENTS = """
import sys
from freezer_events import EventConsumer, EventError, EventProducer, Settings
from my_events import EVENTS

kind = EVENTS[sys.argv[1]].record
for use in (
    lambda: EventProducer(Settings.load()).prepare(kind),
    lambda: EventConsumer(Settings.load(), kind),
):
    try:
        use()
    except EventError as error:
        print(error)
"""


def own(event: str) -> str:
    return f"topic-rule-{event}"


@pytest.fixture(scope="module")
def projects(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, ...], Path]:
    """Give projects by their events: one alone, two with the default, two without it."""
    made: dict[tuple[str, ...], Path] = {}
    for events in (("order",), ("freezer-reading", "order"), ("door-event", "order")):
        folder = made[events] = tmp_path_factory.mktemp("project")
        (folder / "pyproject.toml").write_text('[tool.freezer]\ninto = "my_events"\n')
        freezer = Freezer(folder)
        for event in events:
            new = freezer("schema", "new", event, "--field", "number: int", "--key", "id")
            assert new.returncode == 0, new.stderr
            toml = folder / "schemas" / event / "event.toml"
            text, count = re.subn(r'topic = ".*?"', f'topic = "{own(event)}"', toml.read_text())
            assert count == 1
            toml.write_text(text)
            released = freezer("schema", "release", event)
            assert released.returncode == 0, released.stderr
    return made


ONE, WITH_DEFAULT, WITHOUT = ("order",), ("freezer-reading", "order"), ("door-event", "order")


@pytest.mark.parametrize(
    ("events", "named", "meant"),
    [
        (ONE, None, "order"),
        (ONE, "order", "order"),
        (WITH_DEFAULT, None, "freezer-reading"),
        (WITH_DEFAULT, "order", "order"),
        (WITHOUT, "order", "order"),
        (WITHOUT, "door-event", "door-event"),
    ],
)
@pytest.mark.parametrize("topic", [None, TOPIC])
def test_every_command_means_the_same_topic(
    stack: Stack,
    projects: dict[tuple[str, ...], Path],
    events: tuple[str, ...],
    named: str | None,
    meant: str,
    topic: str | None,
) -> None:
    freezer = freezer_in(projects[events], stack, topic)
    option = ["--event", named] if named else []
    with ThreadPoolExecutor(3) as pool:
        runs = pool.map(lambda command: freezer(*command.split(), *option), COMMANDS)
    seen = dict(zip(COMMANDS, map(topics_in, runs), strict=True))
    expected = topic or own(meant)
    others = {own(event) for event in events if event != meant}
    assert seen == {key: {expected} for key in COMMANDS} | {"topics plan": {expected} | others}


@pytest.mark.parametrize(
    ("events", "default"), [(ONE, "order"), (WITH_DEFAULT, "freezer-reading"), (WITHOUT, None)]
)
@pytest.mark.parametrize("topic", [None, TOPIC])
def test_producer_and_consumer_mean_the_same_topic(
    stack: Stack,
    projects: dict[tuple[str, ...], Path],
    events: tuple[str, ...],
    default: str | None,
    topic: str | None,
) -> None:
    freezer = freezer_in(projects[events], stack, topic)
    for event in events:
        done = subprocess.run(
            [sys.executable, "-c", CLIENTS, event],
            cwd=freezer.folder,
            env=freezer.environment,
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        expected = topic if topic and event == default else own(event)
        assert len(re.findall(re.escape(repr(expected)), done.stdout)) == 2, done.stdout
        assert topics_in(done) == {expected}


def test_a_topic_that_is_nobodys_is_said_and_not_given_to_anybody(
    stack: Stack, projects: dict[tuple[str, ...], Path]
) -> None:
    freezer = freezer_in(projects[WITHOUT], stack, TOPIC)
    plan, config = freezer("topics", "plan"), freezer("config")
    for done in (plan, config):
        assert done.returncode == 0
        assert "TOPIC is no event's topic: there are several, and none is named" in done.stderr
    assert topics_in(plan) == {own("door-event"), own("order")}
    for command in ("produce", "consume", "doctor", "schema status", "schema register"):
        done = freezer(*command.split())
        assert done.returncode == 2
        assert "door-event, order" in done.stderr, command


def freezer_in(folder: Path, stack: Stack, topic: str | None) -> Freezer:
    settings = {
        "BOOTSTRAP_SERVERS": stack.bootstrap,
        "SCHEMA_REGISTRY_URL": stack.registry_url,
        "PYTHONPATH": os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")]),
    }
    return Freezer(folder, settings | ({"TOPIC": topic} if topic else {}))


def topics_in(done: subprocess.CompletedProcess[str]) -> set[str]:
    """Return the topics that a command names, a subject's among them."""
    found = re.findall(r"topic-rule-[a-z-]+", done.stdout + done.stderr)
    return {each.removesuffix("-value") for each in found}
