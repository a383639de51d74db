"""Installed from its wheel, in a folder that knows nothing of the checkout, everything works."""

from __future__ import annotations

import os
import subprocess
from importlib.metadata import version
from pathlib import Path

import pytest


def run(program: Path, folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [program, *args],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_it_runs_its_own_code_and_not_the_checkouts(wheel_freezer: Path, tmp_path: Path) -> None:
    python = wheel_freezer.with_name("python")
    done = run(python, tmp_path, "-c", "import freezer_events; print(freezer_events.__file__)")
    assert Path(done.stdout.strip()).is_relative_to(wheel_freezer.parents[1]), done.stderr


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        ("--version", version("freezer-events")),
        ("demo", "all 10 events equal what was sent"),
        ("produce --dry-run --interval 0", "10 read"),
        ("schema generate --into events", "wrote events"),
        ("config", "BOOTSTRAP_SERVERS"),
    ],
)
def test_a_command_works_outside_of_the_checkout(
    wheel_freezer: Path, tmp_path: Path, command: str, shown: str
) -> None:
    done = run(wheel_freezer, tmp_path, *command.split())
    assert done.returncode == 0, done.stderr
    assert shown in done.stdout


def test_its_types_are_there_for_users_who_check_theirs(wheel_freezer: Path) -> None:
    (package,) = wheel_freezer.parents[1].glob("lib/python*/site-packages/freezer_events")
    assert (package / "py.typed").exists()
