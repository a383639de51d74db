"""What the README tells its readers to type works, and prints what the README shows."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests

from tests.support.cli import Freezer
from tests.support.readme import ROOT, blocks, shape, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from freezer_infra.local.stack import Stack

CLOUD, PYTHON = "Produce to Confluent Cloud", "Use it from Python"


@pytest.fixture
def shell(tmp_path: Path, stack: Stack, new_topic: Callable[[], str]) -> Iterator[Shell]:
    """Give a shell in a checkout whose `.env` names the stack, and a topic that is not there."""
    for name in ("schemas", "producer", "pyproject.toml"):
        (tmp_path / name).symlink_to(ROOT / name)
    shutil.copytree(ROOT / "infra", tmp_path / "infra")
    declared = (tmp_path / "infra" / "topics.toml").read_text()
    # Users and ACLs are the same for all topics, and other tests are at work on them.
    (tmp_path / "infra" / "topics.toml").write_text(declared.partition("[[access]]")[0])
    topic = new_topic()
    (tmp_path / ".env").write_text(
        f"BOOTSTRAP_SERVERS={stack.bootstrap}\nSCHEMA_REGISTRY_URL={stack.registry_url}\n"
        f"TOPIC={topic}\n"
    )
    (readings,) = (each.output for each in shown(CLOUD) if each.command == "cat readings.csv")
    (tmp_path / "readings.csv").write_text(readings)
    yield Shell(tmp_path, topic)
    with requests.Session() as session:
        for query in ("", "?permanent=true"):
            session.delete(f"{stack.registry_url}/subjects/{topic}-value{query}", timeout=10)


class Shell:
    """Runs what a reader types."""

    def __init__(self, folder: Path, topic: str) -> None:
        self.folder = folder
        self._topic = topic

    def __call__(self, command: str) -> str:
        clean = Freezer(self.folder).environment
        done = subprocess.run(
            ["bash", "-o", "pipefail", "-c", command],
            cwd=self.folder,
            env=clean | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{clean['PATH']}"},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout.replace(self._topic, "freezer-temperatura")


def bare(output: str) -> list[str]:
    """Return the shape of an output, the bytes of a message left out as well."""
    return shape(re.sub(r"\b[0-9a-f]{2}\b", "0", output))


def test_the_quick_start_shows_what_the_demo_prints(shell: Shell) -> None:
    (demo,) = shown("Quick start")
    assert demo.command == "make demo"
    recipe = subprocess.run(
        ["make", "--no-print-directory", "-n", "demo"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert recipe.stdout.splitlines()[-1].endswith("/freezer demo")
    assert bare(shell("freezer demo --seed 1")) == bare(demo.output)


def test_the_steps_to_the_cloud_deliver_and_print_what_is_shown(shell: Shell) -> None:
    steps = shown(CLOUD)
    assert len(steps) == 7
    for step in steps:
        output = shell(step.command)
        if step.output:
            assert bare(output) == bare(step.output), step.command

    # Then the topic and the schema are there for the Python snippets.
    *snippets, _ = blocks(PYTHON, "python")
    for number, snippet in enumerate(snippets):
        (shell.folder / f"snippet{number}.py").write_text(snippet)
    assert shell("python -W error snippet0.py") == ""
    lines = shell("python -W error snippet1.py").splitlines()
    assert lines[0] == "freezer-reading: temperature: nan is not a finite number"
    assert lines[1].startswith("delivered freezer-temperatura")
    assert len(lines) == 2
    assert shell("python -W error snippet2.py").strip() == "0 lost; 5,000 read, 5,000 delivered"
    consumed = shell("python -W error snippet3.py").splitlines()
    assert len(consumed) == 10 + 3 + 1 + 1 + 5000
    assert [line for line in consumed if "(('site', b'A'),) 4.5" in line]


def test_the_snippet_for_own_tests_is_one_that_passes(shell: Shell) -> None:
    (shell.folder / "test_theirs.py").write_text(blocks(PYTHON, "python")[-1])
    assert "1 passed" in shell("python -m pytest -c /dev/null -q -W error test_theirs.py")


def test_what_is_copied_into_env_is_what_the_example_holds() -> None:
    (ini,) = blocks(CLOUD, "ini")
    keys = [line.partition("=")[0] for line in ini.splitlines()]
    example = (ROOT / ".env.example").read_text()
    assert all(f"\n{key}=" in example for key in keys)
