"""What CI runs: released schemas against main, in whatever way the code was checked out."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.support.cli import FREEZER
from tests.support.project import DOORS, Project, git
from tests.support.readme import ROOT

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def upstream(tmp_path: Path) -> Project:
    """Return a repository whose main has two commits, and a branch `change` with a third."""
    project = Project.begin(tmp_path / "upstream")
    (project.folder / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "schemas", project.folder / ".ci" / "schemas")
    project.run("release")
    commit(project, "init", "-q", "-b", "main")
    (project.folder / "notes.txt").write_text("x", encoding="utf-8")
    commit(project, "checkout", "-q")
    (project.folder / "notes.txt").write_text("y", encoding="utf-8")
    commit(project, "checkout", "-q", "-b", "change")
    git(project.folder, "checkout", "-q", "main")
    return project


def commit(project: Project, *begin: str) -> None:
    git(project.folder, *begin)
    git(project.folder, "add", ".")
    git(project.folder, "commit", "-q", "-m", "more")


def clone(upstream: Project, *options: str) -> Project:
    made = upstream.folder.parent / "clone"
    git(made.parent, "clone", "-q", *options, f"file://{upstream.folder}", str(made))
    return Project(made)


def ci(project: Project) -> tuple[int, str]:
    done = subprocess.run(
        [project.folder / ".ci" / "schemas"],
        env=os.environ | {"FREEZER": str(FREEZER), "GIT_CEILING_DIRECTORIES": "/tmp"},  # noqa: S108
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done.returncode, " ".join((done.stdout + done.stderr).split())


WAYS = [
    ([], "the commit before HEAD, which is in origin/main already"),
    (["-b", "change"], "where this branch left origin/main"),
    (["--depth", "1"], "HEAD itself: no commit before it is in this shallow clone"),
]


@pytest.mark.parametrize(("options", "said"), WAYS)
def test_it_says_what_it_compares_with(upstream: Project, options: list[str], said: str) -> None:
    code, output = ci(clone(upstream, *options))
    assert code == 0, output
    assert said in output


@pytest.mark.parametrize("options", [[], ["-b", "change"]])
def test_an_edited_release_is_seen_once_it_is_committed_and_before(
    upstream: Project, options: list[str]
) -> None:
    project = clone(upstream, *options)
    project.relabel()
    code, output = ci(project)
    assert code == 5, output
    commit(project, "status")
    code, output = ci(project)
    assert code == 5, output
    assert "v1.avsc" in output


def test_a_clone_of_one_branch_is_named_with_the_command_that_fetches_main(
    upstream: Project,
) -> None:
    project = clone(upstream, "--single-branch", "-b", "change")
    code, output = ci(project)
    assert code == 2
    assert "this clone has other branches only" in output
    fix = "git fetch origin main:refs/remotes/origin/main"
    assert fix in output
    git(project.folder, *fix.split()[1:])
    assert ci(project)[0] == 0


def test_a_shallow_clone_that_lacks_where_the_branch_began_is_named(upstream: Project) -> None:
    project = clone(upstream, "--depth", "1", "-b", "change")
    code, output = ci(project)
    assert code == 2
    assert "this clone is shallow" in output
    assert "fetch-depth: 0" in output


@pytest.mark.parametrize("branch", ["main", "change"])
def test_a_repository_without_a_remote_is_compared_with_its_own_main(
    upstream: Project, branch: str
) -> None:
    git(upstream.folder, "checkout", "-q", branch)
    code, output = ci(upstream)
    assert code == 0
    assert "main" in output.rpartition("compared with")[2]


def test_without_main_or_a_remote_the_commit_before_is_it(upstream: Project) -> None:
    git(upstream.folder, "checkout", "-q", "--detach")
    git(upstream.folder, "branch", "-D", "main")
    assert "the commit before HEAD" in ci(upstream)[1]


def test_a_first_release_is_not_compared_with_anything_before_it(tmp_path: Path) -> None:
    project = Project.begin(tmp_path / "upstream")
    (project.folder / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "schemas", project.folder / ".ci" / "schemas")
    project.write(1, DOORS)
    project.run("release")
    assert "no git repository here" in ci(project)[1]
    commit(project, "init", "-q", "-b", "main")
    code, output = ci(project)
    assert code == 0
    assert "no commit before it is in this repository" in output
