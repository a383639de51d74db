"""Which file declares topics and access: each holds a mistake, and the one that is read says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.cli import Freezer
from tests.support.project import Project

if TYPE_CHECKING:
    from pathlib import Path

NAMED, CONFIGURED, CUSTOMARY = "named.toml", "configured.toml", "infra/topics.toml"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Give a project that has all three files."""
    made = Project.begin(tmp_path)
    with (tmp_path / "pyproject.toml").open("a", encoding="utf-8") as file:
        file.write(f'topics = "{CONFIGURED}"\n')
    (tmp_path / "infra").mkdir()
    for each in (NAMED, CONFIGURED, CUSTOMARY):
        (tmp_path / each).write_text("mistake = 1\n")
    return made


def mistake_in(folder: Path, *args: str) -> str:
    """Plan there, and return the file whose mistake was told."""
    done = Freezer(folder)("topics", "plan", *args)
    assert done.returncode == 3, done.stderr
    place, _, why = done.stderr.removeprefix("error: ").partition(":1: ")
    assert why.startswith("mistake"), done.stderr
    return place


def test_the_option_comes_first(project: Project) -> None:
    assert mistake_in(project.folder, "--topics", NAMED) == NAMED


def test_then_what_pyproject_names(project: Project) -> None:
    assert mistake_in(project.folder) == CONFIGURED


def test_then_the_customary_place(project: Project) -> None:
    (project.folder / "pyproject.toml").unlink()
    assert mistake_in(project.folder) == CUSTOMARY


def test_from_a_subfolder_of_the_repository_it_is_the_same_file(project: Project) -> None:
    (project.folder / ".git").mkdir()
    below = project.folder / "below"
    below.mkdir()
    assert mistake_in(below) == f"../{CONFIGURED}"
    (project.folder / "pyproject.toml").unlink()
    assert mistake_in(below) == f"../{CUSTOMARY}"


def test_without_any_event_toml_alone_declares(project: Project) -> None:
    (project.folder / "pyproject.toml").unlink()
    (project.folder / CUSTOMARY).unlink()
    done = Freezer(project.folder)("topics", "plan")
    assert "BOOTSTRAP_SERVERS" in done.stderr  # what was declared could be read


@pytest.mark.parametrize("way", ["option", "pyproject"])
def test_a_file_that_is_named_and_missing_is_an_error(project: Project, way: str) -> None:
    name = NAMED if way == "option" else CONFIGURED
    (project.folder / name).unlink()
    done = Freezer(project.folder)("topics", "plan", *(("--topics", name) * (way == "option")))
    assert done.returncode == 3
    assert f"{name}: cannot be read: No such file" in done.stderr


def test_the_schemas_may_be_named_on_the_command_line(project: Project) -> None:
    (project.folder / "schemas").rename(project.folder / "avro")
    (project.folder / CONFIGURED).write_text("[events.lamp-event]\n")
    done = Freezer(project.folder)("topics", "plan", "--schemas", "avro")
    assert done.returncode == 3
    assert "door-event" in done.stderr
