"""The lock of each event: releases side by side, the old lock of all, what a crash left behind."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.support.project import DOORS, Project, findings

if TYPE_CHECKING:
    from pathlib import Path

BY = {"name": "by", "type": ["null", "string"], "default": None, "doc": "Who; null: nobody knows."}
RELEASE = """
import sys
from pathlib import Path
from freezer_events.schema.catalogue import Catalogue
from freezer_events.schema.release import release
catalogue = Catalogue(Path("schemas"))
event = catalogue.event(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
release(catalogue, event)
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    project = Project.begin(tmp_path)
    project.run("release")
    return project


def second(project: Project, name: str) -> Path:
    """Add an event that is not released."""
    folder = project.event.with_name(name)
    shutil.copytree(project.event, folder, ignore=shutil.ignore_patterns("golden", "lock"))
    text = (folder / "v1.avsc").read_text(encoding="utf-8")
    (folder / "v1.avsc").write_text(text.replace("DoorEvent", "Other"), encoding="utf-8")
    return folder


def test_releases_at_the_same_time_lose_nothing(project: Project) -> None:
    names = [f"event-{n}" for n in range(4)]
    folders = [second(project, name) for name in names]
    (project.folder / "schemas/schemas.lock").write_text(old_lock(project), encoding="utf-8")
    (project.event / "lock").unlink()
    running = [
        subprocess.Popen(
            [sys.executable, "-c", RELEASE, name],
            cwd=project.folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in names
    ]
    for each in running:
        assert each.stdout is not None
        assert each.stdout.readline() == "ready\n"
    for each in running:
        each.communicate("\n")
        assert each.returncode == 0
    assert all((folder / "lock").exists() for folder in [*folders, project.event])
    assert [each for each in findings(project)[1] if each.check == "lock"] == []


def old_lock(project: Project) -> str:
    """Return the lock of all events that an older version would have written."""
    return (project.event / "lock").read_text(encoding="utf-8").replace("[1]", '["door-event".1]')


def test_an_old_lock_of_all_events_is_read_and_a_release_converts_it(project: Project) -> None:
    new, old = project.event / "lock", project.folder / "schemas" / "schemas.lock"
    before = new.read_text(encoding="utf-8")
    old.write_text(old_lock(project), encoding="utf-8")
    new.unlink()
    assert findings(project)[0] == 0
    assert "schemas.lock: warning" in project.run("check")
    assert "not released" not in project.run("list")
    project.run("release", "door-event")
    assert new.read_text(encoding="utf-8") == before
    assert not old.exists()


def test_what_a_crash_left_behind_is_ignored_and_then_removed(project: Project) -> None:
    left = [
        project.event / ".v1.avsc.0123456789abcdef",
        project.event / "golden" / ".v1.json.0123456789abcdef",
    ]
    for path in left:
        path.write_text("{", encoding="utf-8")
    assert findings(project) == (0, [])
    project.run("release", "door-event")
    assert not any(path.exists() for path in left)


def test_a_lock_that_is_a_symbolic_link_stays_one(project: Project) -> None:
    lock, real = project.event / "lock", project.folder / "kept.lock"
    lock.rename(real)
    lock.symlink_to(real)
    project.write(2, [*DOORS, BY])
    project.run("release")
    assert lock.is_symlink()
    assert "[2]" in real.read_text(encoding="utf-8")


def test_a_broken_event_does_not_hide_another(project: Project) -> None:
    (second(project, "lamp-event") / "event.toml").write_text("topic =", encoding="utf-8")
    (second(project, "bell-event") / "lock").write_text("[1", encoding="utf-8")
    project.write(2, [*DOORS, {"name": "n", "type": "int"}])
    code, found = findings(project)
    assert code == 5
    places = {each.place.partition(":")[0] for each in found if each.severity == "break"}
    assert places == {"event.toml", "lock", "v2.avsc"}


def test_golden_files_are_renewed_where_nothing_is_released(project: Project) -> None:
    project.write(2, [*DOORS, BY])
    damaged = project.event / "golden" / "v2.json"
    damaged.write_text("<<<<<<< ", encoding="utf-8")
    assert "merge conflict" in project.refusal("release", code=5)
    project.run("release", "--renew-golden")
    assert json.loads(damaged.read_text(encoding="utf-8"))


def test_a_golden_file_of_a_released_version_is_verified_and_not_renewed(
    project: Project,
) -> None:
    path = project.event / "golden" / "v1.json"
    path.write_text(path.read_text(encoding="utf-8").replace("true", "false"), encoding="utf-8")
    assert "instead of" in project.refusal("release", "--renew-golden", code=5)
