"""A folder of schemas and nothing else: no pyproject.toml, no package for generated code."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.support.cli import Freezer
from tests.support.project import Project

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

NOTICE = "no schemas/ here"
DRY = ("produce", "--dry-run", "--interval", "0")


@pytest.fixture
def alone(tmp_path: Path) -> Project:
    """Give such a folder, its event released."""
    project = Project.begin(tmp_path)
    (tmp_path / "pyproject.toml").unlink()
    project.run("release")
    return project


def freezer(project: Project, *args: str) -> subprocess.CompletedProcess[str]:
    return Freezer(project.folder)(*args)


@pytest.mark.parametrize("named", [(), ("--event", "door-event")])
def test_an_event_without_a_package_is_produced_all_the_same(
    alone: Project, named: tuple[str, ...]
) -> None:
    before = alone.files()
    done = freezer(alone, *DRY, *named)
    assert (done.returncode, done.stderr) == (0, "")
    assert "10 events read, 0 rejected" in done.stdout
    assert alone.files() == before


def test_readings_are_checked_against_ones_own_schema(alone: Project) -> None:
    (alone.folder / "in.jsonl").write_text('{"door_id": "a", "open": "ajar"}\n')
    done = freezer(alone, *DRY, "--from", "in.jsonl")
    assert done.returncode == 5
    assert "in.jsonl:1" in done.stderr
    assert "open" in done.stderr


def test_schemas_named_on_the_command_line_are_the_ones_produced(
    alone: Project, tmp_path: Path
) -> None:
    (tmp_path / "schemas").rename(tmp_path / "avro")
    (tmp_path / "in.jsonl").write_text('{"door_id": "a", "open": true}\n')
    done = freezer(alone, *DRY, "--from", "in.jsonl", "--schemas", "avro")
    assert (done.returncode, done.stderr) == (0, "")
    assert "1 event read, 0 rejected" in done.stdout


def test_generating_needs_to_know_the_package(alone: Project) -> None:
    said = alone.refusal("generate", code=2)
    assert "no package to put them into is named" in said
    assert "next: name one: --into PACKAGE_DIR" in said


@pytest.mark.parametrize("name", ["types", "json"])
def test_a_package_may_be_called_as_a_module_of_pythons(alone: Project, name: str) -> None:
    alone.run("generate", "--into", name)
    done = freezer(alone, *DRY, "--into", name)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("text", "said", "step"),
    [
        (None, "holds no generated events", "generate them: freezer schema generate"),
        ("", "holds no generated events", "generate them: freezer schema generate"),
        ("from .gone import Gone\n", "was not generated", "generate into a folder of its own"),
    ],
)
def test_a_package_that_is_not_one_is_named(
    alone: Project, text: str | None, said: str, step: str
) -> None:
    if text is not None:
        (alone.folder / "made").mkdir()
        (alone.folder / "made" / "__init__.py").write_text(text)
    done = freezer(alone, *DRY, "--into", "made")
    assert done.returncode == 5
    assert said in done.stderr
    assert f"next: {step}" in done.stderr


class TestUncheckedCode:
    def test_is_told_to_people(self, alone: Project) -> None:
        shown = " ".join(alone.run("check").split())
        assert "no problems in the schemas; generated code is not checked" in shown
        assert not shown.endswith("no problems")

    def test_is_told_to_machines(self, alone: Project) -> None:
        assert json.loads(alone.run("check", "--output", "json"))["not_checked"] == ["code"]

    def test_is_told_to_github(self, alone: Project) -> None:
        (line,) = alone.run("check", "--output", "github").splitlines()
        assert line.startswith("::notice title=code%3A not checked::generated code is not checked")

    def test_is_told_beside_what_was_found(self, alone: Project) -> None:
        (alone.event / "notes.txt").write_text("")
        done = alone.schema("check")
        assert done.returncode == 5
        assert "1 break; generated code is not checked" in done.stdout

    def test_is_not_told_where_it_is_checked(self, alone: Project) -> None:
        named = ("--into", "made")
        alone.run("generate", *named)
        assert "no problems" in alone.run("check", *named)
        assert alone.run("check", *named, "--output", "github") == ""
        found = json.loads(alone.run("check", *named, "--output", "json"))
        assert found["not_checked"] == []


class TestThePackagesOwnEvent:
    @pytest.mark.parametrize(
        "command",
        [DRY, ("schema", "list"), ("schema", "check"), ("schema", "diff"), ("doctor",),
         ("topics", "plan")],
        ids=" ".join,
    )  # fmt: skip
    def test_is_used_with_a_note_where_there_are_no_schemas(
        self, tmp_path: Path, command: tuple[str, ...]
    ) -> None:
        done = Freezer(tmp_path)(*command)
        assert done.stderr.count(NOTICE) == 1
        assert NOTICE not in done.stdout
        assert "freezer-reading" in done.stderr

    @pytest.mark.parametrize(
        "command", [DRY, ("schema", "list"), ("schema", "check"), ("doctor",)], ids=" ".join
    )
    def test_is_used_without_a_word_for_machines(
        self, tmp_path: Path, command: tuple[str, ...]
    ) -> None:
        done = Freezer(tmp_path)(*command, "--output", "json")
        assert NOTICE not in done.stderr
        assert json.loads(done.stdout.splitlines()[-1])

    @pytest.mark.parametrize(
        "command",
        [DRY, ("schema", "list"), ("schema", "check"), ("schema", "release"),
         ("schema", "generate", "--into", "made"), ("schema", "diff"), ("schema", "register"),
         ("schema", "status"), ("consume", "--until-end"), ("doctor",), ("topics", "plan")],
        ids=" ".join,
    )  # fmt: skip
    def test_never_takes_the_place_of_a_folder_that_holds_no_event(
        self, tmp_path: Path, command: tuple[str, ...]
    ) -> None:
        (tmp_path / "schemas" / "door-event").mkdir(parents=True)
        done = Freezer(tmp_path)(*command)
        assert done.returncode == 3
        assert done.stdout == ""
        assert "error: the schemas folder schemas: holds no event" in done.stderr
        assert "next: begin an event: freezer schema new EVENT" in done.stderr

    def test_never_takes_the_place_of_a_folder_that_is_named_and_missing(
        self, tmp_path: Path
    ) -> None:
        done = Freezer(tmp_path)(*DRY, "--schemas", "avro")
        assert done.returncode == 3
        assert "the schemas folder avro: is not there" in done.stderr
        assert "freezer schema new EVENT --schemas avro" in done.stderr

    def test_never_takes_the_place_of_one_that_pyproject_names(self, tmp_path: Path) -> None:
        (tmp_path / "pyproject.toml").write_text('[tool.freezer]\nschemas = "avro"\n')
        done = Freezer(tmp_path)(*DRY)
        assert done.returncode == 3
        assert "the schemas folder avro: is not there" in done.stderr

    def test_is_not_guessed_where_there_are_several_of_ones_own(self, alone: Project) -> None:
        alone.run("new", "lamp-event")
        done = freezer(alone, *DRY)
        assert done.returncode == 2
        assert "schemas holds several, and none is named" in done.stderr
        assert "next: name one of them: door-event, lamp-event" in done.stderr
        assert freezer(alone, *DRY, "--event", "lamp-event").returncode == 0


def test_a_folder_without_its_declaration_is_named(alone: Project) -> None:
    alone.run("new", "lamp-event")
    (alone.folder / "schemas" / "lamp-event" / "event.toml").unlink()
    done = freezer(alone, *DRY, "--event", "lamp-event")
    assert done.returncode == 2
    assert "schemas/lamp-event has no event.toml" in done.stderr


def test_events_that_were_released_and_are_gone_are_a_break(alone: Project) -> None:
    for path in [*alone.event.rglob("*")]:
        if path.is_file() and path.name != "lock":
            path.unlink()
    done = alone.schema("check")
    assert done.returncode == 5
    assert "the event is released and its event.toml gone" in done.stdout
