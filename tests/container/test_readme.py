"""What the pages tell their readers to type works on a real Kafka, and prints what is shown."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests
from confluent_kafka import Producer

from freezer_events.config import Settings
from freezer_events.send.client_properties import DEFAULTS
from tests.support.cli import Freezer
from tests.support.prometheus import free_port
from tests.support.readme import (
    README,
    ROOT,
    assert_alike,
    blocks,
    programs,
    shape,
    shown,
    text_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from freezer_infra.local.stack import Stack
    from tests.support.readme import Shown

PRODUCE, PYTHON, OPERATE = "docs/produce.md", "docs/python.md", "docs/operate.md"
OWN_EVENT = "docs/your-own-event.md"
BACKFILL = "docs/backfill.md"
FILE = "Send readings from a file or a pipe"


METRICS = "9400"


@dataclass(frozen=True)
class Shell:
    """Runs what a reader types; `told` is what the pages call the topic."""

    folder: Path
    topic: str
    told: str
    metrics: int = field(default_factory=free_port)  # one that nobody else on the machine uses

    def __call__(self, command: str) -> str:
        clean = Freezer(self.folder).environment
        command = command.replace(METRICS, str(self.metrics))
        done = subprocess.run(
            ["bash", "-o", "pipefail", "-c", command],
            cwd=self.folder,
            env=clean | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{clean['PATH']}"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, f"{command}: {done.stdout}"
        return done.stdout.replace(self.topic, self.told)

    def follow(self, steps: list[Shown]) -> None:
        """Type each command; what is shown for it, if anything is, is what it prints."""
        for step in steps:
            output = self(step.command)
            if step.output:
                assert_alike(bare(output), bare(step.output), step.command)

    def provision(self) -> None:
        """Create the topic and register the schema."""
        self("freezer topics apply --yes")
        self("freezer schema register")


@pytest.fixture
def empty(tmp_path: Path, stack: Stack, new_topic: Callable[[], str]) -> Iterator[Shell]:
    """Give a shell in a folder that holds a `.env`, which names the stack and a missing topic."""
    topic = new_topic()
    (tmp_path / ".env").touch(mode=0o600)
    (tmp_path / ".env").write_text(
        f"BOOTSTRAP_SERVERS={stack.bootstrap}\nSCHEMA_REGISTRY_URL={stack.registry_url}\n"
        f"TOPIC={topic}\n"
    )
    yield Shell(tmp_path, topic, "door-event")
    with requests.Session() as session:
        session.trust_env = False
        for query in ("", "?permanent=true"):
            session.delete(f"{stack.registry_url}/subjects/{topic}-value{query}", timeout=10)


@pytest.fixture
def shell(empty: Shell) -> Shell:
    """Give a shell in a checkout with such a `.env`."""
    for name in ("schemas", "producer", "pyproject.toml"):
        (empty.folder / name).symlink_to(ROOT / name)
    shutil.copytree(ROOT / "infra", empty.folder / "infra")
    declared = (empty.folder / "infra" / "topics.toml").read_text()
    # Users and ACLs are the same for all topics, and other tests are at work on them.
    (empty.folder / "infra" / "topics.toml").write_text(declared.partition("[[access]]")[0])
    return Shell(empty.folder, empty.topic, "freezer-temperatura")


def bare(output: str) -> list[str]:
    """Return the shape of an output, minus signs left out as well."""
    return [re.sub(r"-?\b0\b", "0", line) for line in shape(output)]


def test_the_readme_takes_readings_there_and_back(shell: Shell) -> None:
    shell.follow(shown(README, "Produce"))
    (snippet,) = blocks(README, "Produce", "python")
    (shell.folder / "snippet.py").write_text(snippet)
    assert shell("python -W error snippet.py") == ""
    assert "4 readings read, 0 skipped" in shell("freezer consume --from-beginning --until-end")


def test_the_steps_of_produce_deliver_and_print_what_is_shown(shell: Shell) -> None:
    (readings,) = (e.output for e in shown(PRODUCE, FILE) if e.command == "cat readings.csv")
    (shell.folder / "readings.csv").write_text(readings)
    steps = shown(PRODUCE)
    assert len(steps) == 11
    shell.follow(steps)


def test_the_worked_example_of_a_backfill_goes_from_a_topic_to_parquet_and_back(
    shell: Shell,
) -> None:
    shell.provision()
    shell.follow(shown(BACKFILL, "Out again, and a worked example"))


def test_what_readers_in_other_languages_are_told_is_what_producers_do() -> None:
    told = text_of(PRODUCE).partition("## Readers in other languages")[2]
    assert f"| compression | {str(DEFAULTS['compression.type']).upper()}," in told
    assert f"| partition | {str(DEFAULTS['partitioner']).partition('_')[0]} of the key" in told


def test_the_programs_on_the_python_page_do_what_it_says(shell: Shell) -> None:
    shell.provision()
    *snippets, for_tests = blocks(PYTHON, None, "python")
    for number, snippet in enumerate(snippets):
        (shell.folder / f"snippet{number}.py").write_text(snippet)
    assert shell("python -W error snippet0.py") == ""
    lines = shell("python -W error snippet1.py").splitlines()
    assert lines[0] == "freezer-reading: temperature: nan is not a finite number"
    assert lines[1].startswith("delivered freezer-temperatura")
    assert len(lines) == 2
    assert shell("python -W error snippet2.py") == ""
    assert shell("python -W error snippet3.py").startswith("delivered freezer-temperatura")
    assert shell("python -W error snippet4.py").strip() == "0 lost; 5,000 read, 5,000 delivered"
    consumed = shell("python -W error snippet5.py").splitlines()
    assert len(consumed) == 1 + 1 + 1 + 5000
    assert [line for line in consumed if "(('site', b'A'),) 4.5" in line]

    (shell.folder / "test_theirs.py").write_text(for_tests)
    assert "1 passed" in shell(
        "python -m pytest -c /dev/null -p no:asyncio -q -W error test_theirs.py"
    )


def test_the_service_on_the_page_goes_on_where_it_was(shell: Shell) -> None:
    shell.provision()
    (program,) = programs(PYTHON, "A service that reads").values()
    # The page's group is everybody's who tries it.
    program = program.replace('group="alarms"', f'group="{shell.topic}"')
    (shell.folder / "alarms.py").write_text(program)
    servers = Settings.load(shell.folder / ".env").bootstrap_servers
    raw = Producer({"bootstrap.servers": servers, "partitioner": "murmur2_random"})
    raw.produce(shell.topic, b"{}", b"s")  # before the readings, in their partition
    assert raw.flush(10) == 0
    for warm in (-3.5, -4.5):
        row = json.dumps({"sensor_id": "s", "temperature": warm})
        shell(f"echo '{row}' | freezer produce --from - --no-lines")
        with subprocess.Popen(
            [sys.executable, "-W", "error", "alarms.py"],
            cwd=shell.folder,
            env=Freezer(shell.folder).environment,
            stdout=subprocess.PIPE,
            text=True,
        ) as service:
            assert service.stdout is not None
            assert service.stdout.readline() == f"ALARM s {warm}\n"
            service.terminate()
            assert service.stdout.read() == ""
            assert service.wait(30) == 0
    dead = (shell.folder / "dead.jsonl").read_text().splitlines()
    (place,) = {json.loads(line)["place"] for line in dead}
    assert re.fullmatch(rf"{shell.topic}\[\d\] offset 0", place)


def test_the_operator_sees_what_is_shown(shell: Shell) -> None:
    shell.provision()
    shell.follow(shown(OPERATE))
    logged = [json.loads(line) for line in (shell.folder / "run.log").read_text().splitlines()]
    tally = next(each["tally"] for each in logged if each.get("event") == "ended")
    assert tally["delivered"] == tally["read"] > 0


def test_an_event_of_your_own_goes_from_its_first_field_to_the_topic_and_back(empty: Shell) -> None:
    for name, text in programs(OWN_EVENT).items():
        (empty.folder / name).write_text(text)
    empty.follow(shown(OWN_EVENT))
    assert "2 events read" in empty("freezer consume --from-beginning --until-end")


def test_what_is_copied_into_env_is_what_the_example_holds() -> None:
    (ini,) = blocks(PRODUCE, None, "ini")
    keys = [line.partition("=")[0] for line in ini.splitlines()]
    example = (ROOT / ".env.example").read_text()
    assert all(f"\n{key}=" in example for key in keys)
