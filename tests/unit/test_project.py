"""Where a project's files are looked for: here and upwards to the root of its repository."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.cli import Freezer
from tests.support.project import Project

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Give the root of a repository that has a project in it."""
    root = tmp_path / "repository"
    Project.begin(root)
    (root / ".git").mkdir()
    return root


def subfolder(of: Path) -> Path:
    folder = of / "some" / "where"
    folder.mkdir(parents=True)
    return folder


def client_id(folder: Path) -> tuple[str, str]:
    """Return the value of CLIENT_ID in this folder, and where it comes from."""
    done = Freezer(folder)("config", "--output", "json")
    assert done.returncode == 0, done.stderr
    rows: list[dict[str, str]] = json.loads(done.stdout)
    return next((row["value"], row["origin"]) for row in rows if row["key"] == "CLIENT_ID")


def listed(folder: Path) -> dict[str, Any]:
    done = Freezer(folder)("schema", "list", "--output", "json")
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_env_is_found_from_a_subfolder_of_the_repository(repository: Path) -> None:
    (repository / ".env").write_text("CLIENT_ID=root\n")
    assert client_id(repository) == ("root", ".env")
    assert client_id(subfolder(repository)) == ("root", "../../.env")


def test_the_nearest_env_counts_alone(repository: Path) -> None:
    (repository / ".env").write_text("CLIENT_ID=root\n")
    here = subfolder(repository)
    (here / ".env").write_text("TOPIC=near\n")
    assert client_id(here) == ("freezer", "default")


def test_a_worktree_whose_git_is_a_file_is_a_repository(repository: Path) -> None:
    (repository / ".git").rmdir()
    (repository / ".git").write_text("gitdir: elsewhere\n")
    (repository / ".env").write_text("CLIENT_ID=root\n")
    assert client_id(subfolder(repository)) == ("root", "../../.env")


def test_nothing_is_found_above_the_repository(repository: Path) -> None:
    (repository.parent / ".env").write_text("CLIENT_ID=stranger\n")
    assert client_id(subfolder(repository)) == ("freezer", "default")


def test_outside_of_a_repository_only_this_folder_counts(tmp_path: Path) -> None:
    project = Project.begin(tmp_path / "project")
    (project.folder / ".env").write_text("CLIENT_ID=root\n")
    assert client_id(project.folder) == ("root", ".env")
    here = subfolder(project.folder)
    assert client_id(here) == ("freezer", "default")
    ours = ["dead-reading", "freezer-reading"]
    assert [each["event"] for each in listed(here)["events"]] == ours


def test_pyproject_is_found_from_a_subfolder_and_its_paths_are_its_own(repository: Path) -> None:
    avro = repository / "avro"
    (repository / "schemas").rename(avro)
    (repository / "pyproject.toml").write_text('[tool.freezer]\nschemas = "avro"\ninto = "made"\n')
    here = subfolder(repository)
    assert listed(here)["schemas"] == "../../avro"
    done = Freezer(here)("schema", "generate")
    assert done.returncode == 0, done.stderr
    assert (repository / "made" / "door_event.py").is_file()


def test_the_schemas_folder_itself_is_found_from_a_subfolder(repository: Path) -> None:
    (repository / "pyproject.toml").unlink()
    assert listed(subfolder(repository))["schemas"] == "../../schemas"


@pytest.mark.parametrize("schemas", ["schemas", "./schemas", "absolute"])
def test_the_projects_schemas_go_with_its_package_however_they_are_named(
    repository: Path, schemas: str
) -> None:
    named = str(repository / "schemas") if schemas == "absolute" else schemas
    done = Freezer(repository)("schema", "generate", "--schemas", named)
    assert done.returncode == 0, done.stderr
    assert (repository / "my_events" / "door_event.py").is_file()


def test_a_key_that_nobody_knows_is_named_with_its_place(repository: Path) -> None:
    (repository / "pyproject.toml").write_text('[tool.freezer]\nschema = "schemas"\n')
    done = Freezer(subfolder(repository))("schema", "list")
    assert done.returncode == 3
    assert "error: ../../pyproject.toml:2: [tool.freezer] schema: no such key" in done.stderr
