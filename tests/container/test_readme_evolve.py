"""docs/evolve.md: every command run in a checkout of its own, its output as shown."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.cli import FREEZER
from tests.support.readme import ELIDED, ROOT, shape, shown

if TYPE_CHECKING:
    from tests.support.cli import Freezer

PAGE = "docs/evolve.md"
TOPIC = "freezer-temperatura"
REGISTRY = "http://localhost:8081/apis/ccompat/v7"
INCOMPATIBLE = 5


@pytest.fixture
def checkout(freezer: Freezer) -> Freezer:
    """Give a copy of what evolution touches; the versions there are now are registered."""
    folder = freezer.folder / "checkout"
    shutil.copytree(ROOT / "schemas", folder / "schemas")
    shutil.copytree(
        ROOT / "producer/freezer_events/events",
        folder / "producer/freezer_events/events",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    shutil.copy(ROOT / "pyproject.toml", folder)
    there = replace(freezer, folder=folder)
    done = there("schema", "register")
    assert done.returncode == 0, done.stderr
    return there


def test_every_command_does_what_is_shown(checkout: Freezer) -> None:
    for each in shown(PAGE):
        done = subprocess.run(
            ["/bin/sh", "-c", each.command],
            cwd=checkout.folder,
            env=checkout.environment | {"PATH": f"{Path(FREEZER).parent}:{os.environ['PATH']}"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=checkout.timeout_s,
            check=False,
        )
        expected = INCOMPATIBLE if "\nincompatible" in each.output else 0
        assert done.returncode == expected, (each.command, done.stdout)
        # Partitions come in any order.
        printed, told = (Counter(lines(checkout, text)) for text in (done.stdout, each.output))
        if told.pop(ELIDED, 0):
            assert told <= printed, each.command
        else:
            assert told == printed, each.command


def lines(checkout: Freezer, output: str) -> list[str]:
    """Leave out what differs from run to run."""
    text = output.replace(checkout.settings["TOPIC"], TOPIC)
    text = text.replace(checkout.settings["SCHEMA_REGISTRY_URL"], REGISTRY)
    return [re.sub(r"-?\b0\b", "0", line) for line in shape(text)]
