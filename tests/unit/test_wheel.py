"""Installed from its wheel, in a folder that knows nothing of the checkout, everything works."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import readme, wheel


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
        ("--version", "freezer, version "),
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


def test_the_version_is_that_of_the_wheel(
    built_wheel: Path, wheel_freezer: Path, tmp_path: Path
) -> None:
    """It comes from the tag; an installation of the checkout may be some commits older."""
    done = run(wheel_freezer, tmp_path, "--version")
    assert done.stdout == f"freezer, version {built_wheel.name.split('-')[1]}\n"


def collected(folder: Path) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-p", "no:randomly", "tests"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return sorted(line for line in done.stdout.splitlines() if "::" in line)


def test_the_sdist_holds_all_tests_and_what_they_import_and_read(tmp_path: Path) -> None:
    sources = wheel.unpacked(tmp_path)
    assert collected(sources) == collected(wheel.ROOT)
    named = "|".join(map(re.escape, (each.name for each in wheel.ROOT.iterdir())))
    for path in (wheel.ROOT / "tests").rglob("*.py"):
        for name in re.findall(rf'ROOT / "({named})"', path.read_text()):
            assert (sources / name).exists(), f"{path} reads {name}"


@pytest.fixture(scope="module")
def schemas_alone(wheel_freezer: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder that holds `schemas/` and nothing else, with an event in two versions."""
    folder = tmp_path_factory.mktemp("alone")
    for command in (
        ("new", "door-event", "--key", "door_id", "--field", "open: boolean"),
        ("release",),
        ("new", "--field", "note: string?"),
        ("release",),
    ):
        done = run(wheel_freezer, folder, "schema", *command)
        assert done.returncode == 0, done.stderr
    assert [path.name for path in folder.iterdir()] == ["schemas"]
    return folder


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        ("schema list", "door-event  v1       released"),
        ("schema check", "1 event, 2 versions: no problems in the schemas"),
        ("schema compare schemas/door-event/v1.avsc schemas/door-event/v2.avsc", "both ways"),
        ("schema diff", "door-event: v1 to v2"),
        ("schema generate --into {}/made", "door_event.py"),
        ("produce --dry-run --interval 0", "10 events read, 0 rejected"),
        ("produce --dry-run --interval 0 --event door-event", "10 events read, 0 rejected"),
        ("config", "BOOTSTRAP_SERVERS"),
        ("demo", "all 10 events equal what was sent"),
        ("completion bash", "_freezer_completion"),
    ],
)
def test_a_command_works_beside_a_schemas_folder_alone(
    wheel_freezer: Path, schemas_alone: Path, tmp_path: Path, command: str, shown: str
) -> None:
    done = run(wheel_freezer, schemas_alone, *command.format(tmp_path).split())
    assert done.returncode == 0, done.stderr
    assert shown in done.stdout
    assert "comes with the package" not in done.stderr


def follow(freezer: Path, folder: Path, steps: list[readme.Shown]) -> None:
    """Type what a page shows; each command prints what is shown for it."""
    for each in steps:
        done = subprocess.run(
            ["/bin/sh", "-c", each.command],
            cwd=folder,
            env={"PATH": f"{freezer.parent}:{os.environ['PATH']}", "HOME": str(folder)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=60,
        )
        incompatible = "\nincompatible" in each.output
        assert done.returncode == (5 if incompatible else 0), done.stdout
        readme.assert_alike(_bare(done.stdout), _bare(each.output), each.command)


def _bare(output: str) -> list[str]:
    """Return the shape of an output, the bytes of a message left out as well."""
    without_bytes = re.sub(r"\b[0-9a-f]{2}\b", "0", output)
    return [re.sub(r"-?\b0\b", "0", line) for line in readme.shape(without_bytes)]


def test_the_demo_prints_what_the_readme_shows(wheel_freezer: Path, tmp_path: Path) -> None:
    follow(wheel_freezer, tmp_path, readme.shown("README.md", "Demo"))


@pytest.mark.parametrize("place", ["an empty folder", "a checkout"])
def test_the_readme_goes_from_nothing_to_an_event_of_your_own_and_its_next_version(
    wheel_freezer: Path, tmp_path: Path, place: str
) -> None:
    if place == "a checkout":
        shutil.copytree(wheel.ROOT / "schemas", tmp_path / "schemas")
        shutil.copytree(
            wheel.ROOT / "producer",
            tmp_path / "producer",
            ignore=shutil.ignore_patterns("__pycache__"),
        )
        shutil.copy(wheel.ROOT / "pyproject.toml", tmp_path)
    for name, text in readme.programs("README.md", "Your own event").items():
        (tmp_path / name).write_text(text)
    steps = readme.shown("README.md", "Your own event") + readme.shown("README.md", "Evolve")
    follow(wheel_freezer, tmp_path, steps)


def test_its_types_are_there_for_users_who_check_theirs(wheel_freezer: Path) -> None:
    (package,) = wheel_freezer.parents[1].glob("lib/python*/site-packages/freezer_events")
    assert (package / "py.typed").exists()


def test_a_wheel_without_compiled_code_says_so_and_does_the_same(
    wheel_freezer: Path, tmp_path: Path
) -> None:
    done = run(wheel_freezer, tmp_path, "config")
    (shown,) = [line for line in done.stdout.splitlines() if line.startswith("FREEZER_LINE")]
    assert shown.split() == ["FREEZER_LINE", "default", "python"]
    assert "the compiled line is not built: make fast" in done.stderr
    (tmp_path / ".env").write_text("FREEZER_LINE=compiled\nBOOTSTRAP_SERVERS=localhost:1\n")
    done = run(wheel_freezer, tmp_path, "produce", "--interval", "0")
    assert done.returncode == 3
    assert "FREEZER_LINE: is compiled, which is not built: make fast" in done.stderr
