"""`schema check --against REF`: what was released on the main branch is as it was there."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.support.project import DOORS, Project, git

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

BY = {"name": "by", "type": ["null", "string"], "default": None, "doc": "Who; null: nobody knows."}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Return a project whose v1 is released on `main`, on a branch of its own."""
    project = Project.begin(tmp_path)
    project.run("release")
    git(tmp_path, "init", "-q", "-b", "main")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "v1")
    git(tmp_path, "checkout", "-q", "-b", "change")
    return project


def check(project: Project) -> tuple[int, str]:
    done = project.schema("check", "--against", "main")
    return done.returncode, done.stdout + done.stderr


def delete_lock(project: Project) -> None:
    (project.event / "lock").unlink()


def delete_event(project: Project) -> None:
    project.event.rename(project.event.with_name("gate-event"))


def empty_golden(project: Project) -> None:
    (project.event / "golden" / "v1.json").unlink()
    path = project.event / "golden" / "v1.json"
    path.write_text('[{"hex": "0000", "reads": {}}]', encoding="utf-8")


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (Project.relabel, "v1.avsc: break: lock"),
        (Project.relabel, "the entry of v1 has changed: it was released in HEAD"),
        (delete_lock, "the entry of v1 is gone: it was released in HEAD"),
        (delete_event, "is gone: 'door-event' has released versions in HEAD"),
        (empty_golden, "example 1 is not what it was in HEAD"),
    ],
)
def test_what_was_released_there_and_is_not_as_it_was_is_a_break(
    project: Project, harm: Callable[[Project], None], said: str
) -> None:
    assert check(project)[0] == 0
    harm(project)
    code, output = check(project)
    assert code == 5
    assert said in " ".join(output.split())


def test_a_new_version_is_judged_against_what_was_released_there(project: Project) -> None:
    project.write(1, [DOORS[0]])  # the old file is made to fit the new one
    (project.event / "lock").unlink()
    shutil.rmtree(project.event / "golden")
    project.run("release")
    project.write(2, [DOORS[0], BY])
    code, output = check(project)
    assert code == 5
    assert "against v1 as released in HEAD" in " ".join(output.split())


def test_a_release_on_the_branch_and_one_on_main_since_are_both_well(project: Project) -> None:
    project.write(2, [*DOORS, BY])
    project.run("release")
    git(project.folder, "add", ".")
    git(project.folder, "commit", "-q", "-m", "v2")
    assert check(project)[0] == 0
    # `main` moves on to what this branch has not seen: its own merge base counts.
    git(project.folder, "checkout", "-q", "main")
    project.write(2, [*DOORS, BY | {"name": "who"}])
    project.run("release")
    git(project.folder, "add", ".")
    git(project.folder, "commit", "-q", "-m", "another v2")
    git(project.folder, "checkout", "-q", "change")
    assert check(project)[0] == 0


EARLIER = """[
  {"hex": "0000", "reads": {"1": {"door_id": "", "open": false}}},
  {"hex": "026101", "reads": {"1": {"door_id": "a", "open": true}}}
]
"""


@pytest.mark.parametrize("harm", ["", '"open": true', "026101"])
def test_golden_files_of_an_earlier_form_are_converted_and_nothing_else_is_changed(
    project: Project, harm: str
) -> None:
    path = project.event / "golden" / "v1.json"
    path.write_text(EARLIER, encoding="utf-8")
    git(project.folder, "commit", "--amend", "-aqm", "golden")
    git(project.folder, "branch", "-f", "main")
    code, output = check(project)
    assert code == 0
    assert "is of an earlier form" in output
    project.run("release")
    now = path.read_text(encoding="utf-8")
    assert check(project)[0] == 0
    assert "no problems" in check(project)[1]
    if harm:
        other = {'"open": true': '"open": false', "026101": "026201"}[harm]
        path.write_text(now.replace(harm, other), encoding="utf-8")
        code, output = check(project)
        assert code == 5
        said = "example 2 is not what it was in HEAD" if "02" in harm else "instead of"
        assert said in " ".join(output.split())


def test_a_file_of_an_earlier_form_that_says_otherwise_is_not_converted(project: Project) -> None:
    path = project.event / "golden" / "v1.json"
    path.write_text(EARLIER.replace("true", "false"), encoding="utf-8")
    said = " ".join(project.refusal("release", code=5).split())
    assert 'instead of {"door_id": "a", "open": false}' in said
    assert "converts" not in said


def test_a_ref_that_is_not_there_is_named(project: Project) -> None:
    done = project.schema("check", "--against", "origin/main")
    assert done.returncode == 2
    assert "there is no commit 'origin/main' here" in done.stderr


def test_a_shallow_clone_is_named_and_not_skipped(project: Project, tmp_path: Path) -> None:
    project.write(2, [*DOORS, BY])
    project.run("release")
    git(project.folder, "add", ".")
    git(project.folder, "commit", "-q", "-m", "v2")
    shallow = tmp_path / "shallow"
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{project.folder}", str(shallow))
    done = Project(shallow).schema("check", "--against", "origin/main")
    assert done.returncode == 2
    assert "this clone is shallow" in done.stderr


def test_outside_of_a_repository_it_says_so(tmp_path: Path) -> None:
    project = Project.begin(tmp_path)
    project.run("release")
    done = project.schema("check", "--against", "main")
    assert done.returncode == 2
    assert "is in no git repository" in done.stderr
