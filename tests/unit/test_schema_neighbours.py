"""One event's broken files do not stop another event: every command goes on with what is well."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.support.project import Project

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Return a project with two released events, door-event and gate-event."""
    project = Project.begin(tmp_path)
    project.run("release")
    project.run("new", "gate-event", "--key", "gate_id")
    project.run("release", "gate-event")
    return project


def spoil(name: str, text: str) -> Callable[[Project], None]:
    def harm(project: Project) -> None:
        (project.event.parent / "gate-event" / name).write_text(text, encoding="utf-8")

    return harm


MARKERS = "<<<<<<< HEAD\n=======\n>>>>>>> other\n"
SOURCES = {
    "no TOML": spoil("event.toml", "topic ="),
    "no topic": spoil("event.toml", "version = 1\n"),
    "no JSON": spoil("v1.avsc", "{"),
    "no record": spoil("v1.avsc", '"int"'),
    "a merged schema": spoil("v1.avsc", MARKERS),
}
OTHERS = {
    "a damaged lock": spoil("lock", "[broken"),
    "a merged lock": spoil("lock", MARKERS),
    "a damaged golden file": spoil("golden/v1.json", "[]"),
}
ALL = SOURCES | OTHERS


def both_are_there(project: Project) -> None:
    code = "import my_events; print(sorted(my_events.EVENTS), my_events.GateEvent.__name__)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=project.folder,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "['door-event', 'gate-event'] GateEvent\n"


@pytest.mark.parametrize("harm", ALL)
def test_the_other_event_gets_its_next_version_released(project: Project, harm: str) -> None:
    ALL[harm](project)
    project.run("new", "door-event", "--field", "note: string?  # What was seen.")
    assert "released v2" in project.run("release", "door-event")
    both_are_there(project)


@pytest.mark.parametrize("harm", ALL)
def test_the_other_event_gets_its_code_and_what_is_wrong_is_said(
    project: Project, harm: str
) -> None:
    ALL[harm](project)
    module = project.folder / "my_events" / "door_event.py"
    was = module.read_text(encoding="utf-8")
    module.write_text(was.replace("door-event", "dear-event"), encoding="utf-8")
    done = project.schema("generate")
    assert module.read_text(encoding="utf-8") == was
    if harm in SOURCES:
        assert done.returncode in {3, 5}
        assert "gate-event" in done.stderr
        assert "the code of gate-event was left as it is" in done.stderr
    else:
        assert done.returncode == 0
    both_are_there(project)


@pytest.mark.parametrize("harm", ALL)
def test_the_other_event_is_listed_and_checked(project: Project, harm: str) -> None:
    ALL[harm](project)
    listed = project.schema("list", "--output", "json")
    assert "door-event" in [each["event"] for each in json.loads(listed.stdout)["events"]]
    if listed.returncode:
        assert "gate-event" in listed.stderr
    checked = json.loads(project.schema("check", "--output", "json").stdout)
    (door,) = [each for each in checked["events"] if each["event"] == "door-event"]
    assert set(door["checks"].values()) == {"ok"}
    assert checked["exit_code"] in {3, 5}


def test_a_third_event_is_begun_beside_one_that_is_broken(project: Project) -> None:
    for harm in ALL.values():
        harm(project)
        (project.event.parent / "gate-event" / "golden" / "v1.json").touch()
    project.run("new", "lamp-event")
    assert "released v1" in project.run("release", "lamp-event")


def test_generated_code_that_a_merge_has_spoilt_is_made_anew_or_left_where_it_cannot_be(
    project: Project,
) -> None:
    module = project.folder / "my_events" / "gate_event.py"
    well = module.read_text(encoding="utf-8")
    spoilt = MARKERS + well
    module.write_text(spoilt, encoding="utf-8")
    SOURCES["no TOML"](project)
    assert project.schema("generate").returncode == 3
    assert module.read_text(encoding="utf-8") == spoilt
