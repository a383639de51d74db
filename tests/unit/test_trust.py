"""A hostile working directory runs no code, and what is out of step is named."""

from __future__ import annotations

import py_compile
from importlib.util import cache_from_source
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.cli import Freezer
from tests.support.project import Project

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

HOSTILE = "import pathlib\npathlib.Path('pwned').touch()\n"
DRY = ("produce", "--dry-run", "--count", "1", "--output", "json")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    project = Project.begin(tmp_path)
    project.run("generate")
    return project


def module(project: Project) -> Path:
    return project.folder / "my_events" / "door_event.py"


def init(project: Project) -> Path:
    return project.folder / "my_events" / "__init__.py"


def run(project: Project, *args: str) -> subprocess.CompletedProcess[str]:
    done = Freezer(project.folder)(*args)
    assert "Traceback" not in done.stderr
    return done


def foreign_module(project: Project) -> None:
    module(project).write_text(HOSTILE)


def foreign_package(project: Project) -> None:
    init(project).write_text(HOSTILE)


def appended(project: Project) -> None:
    module(project).write_text(module(project).read_text() + HOSTILE)


def appended_to_package(project: Project) -> None:
    init(project).write_text(init(project).read_text() + HOSTILE)


def folder_of_the_same_name(project: Project) -> None:
    folder = module(project).with_suffix("")
    folder.mkdir()
    (folder / "__init__.py").write_text(HOSTILE)


def cached(project: Project) -> None:
    source = project.folder / "evil.py"
    source.write_text(HOSTILE)
    mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
    for path in (module(project), init(project)):
        cache = Path(cache_from_source(str(path)))
        cache.parent.mkdir(exist_ok=True)
        py_compile.compile(str(source), str(cache), invalidation_mode=mode)


def beside(project: Project) -> None:
    for name in ("typing.py", "click.py", "freezer_events.py", "sitecustomize.py"):
        (project.folder / name).write_text(HOSTILE)


ATTACKS: list[Callable[[Project], None]] = [
    foreign_module,
    foreign_package,
    appended,
    appended_to_package,
    folder_of_the_same_name,
    cached,
    beside,
]


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("args", [DRY, ("doctor",), ("schema", "check"), ("config",)])
def test_no_command_runs_code_of_the_working_directory(
    project: Project, attack: Callable[[Project], None], args: tuple[str, ...]
) -> None:
    attack(project)
    run(project, *args)
    assert not (project.folder / "pwned").exists()


@pytest.mark.parametrize("attack", [foreign_module, foreign_package, appended])
def test_what_was_not_generated_is_refused(
    project: Project, attack: Callable[[Project], None]
) -> None:
    attack(project)
    done = run(project, *DRY)
    assert done.returncode == 5
    assert "freezer schema generate" in done.stderr or "--into" in done.stderr


@pytest.mark.parametrize("attack", [appended, folder_of_the_same_name, cached])
def test_a_package_that_is_trusted_runs(
    project: Project, attack: Callable[[Project], None]
) -> None:
    attack(project)
    run(project, *DRY, "--trust-generated")
    assert (project.folder / "pwned").exists()


def test_a_trusted_package_that_fails_is_named(project: Project) -> None:
    init(project).write_text("1 / 0\n")
    done = run(project, *DRY, "--trust-generated")
    assert done.returncode == 5
    assert "cannot be imported" in done.stderr


def test_code_out_of_step_is_named_with_the_command_that_makes_it_good(project: Project) -> None:
    project.write(1, [{"name": "door_id", "type": "string"}])
    done = run(project, *DRY)
    assert done.returncode == 5
    assert "out of step" in done.stderr
    assert '"next_step": "freezer schema generate"' in done.stderr
    project.run("generate")
    assert run(project, *DRY).returncode == 0


@pytest.mark.parametrize("path", [module, init])
def test_merge_markers_in_generated_code_are_named_and_generated_away(
    project: Project, path: Callable[[Project], Path]
) -> None:
    text = path(project).read_text()
    path(project).write_text(f"<<<<<<< HEAD\n{text}=======\n{text}>>>>>>> other\n")
    done = run(project, *DRY)
    assert done.returncode == 5
    assert f"{path(project).name}:1: has merge markers" in done.stderr
    project.run("generate")
    assert run(project, *DRY).returncode == 0


@pytest.mark.parametrize("name", ["v1.avsc", "event.toml"])
@pytest.mark.parametrize("args", [DRY, ("schema", "generate"), ("doctor",)])
def test_merge_markers_in_what_is_generated_from_are_named(
    project: Project, name: str, args: tuple[str, ...]
) -> None:
    path = project.event / name
    path.write_text(f"<<<<<<< HEAD\n{path.read_text()}=======\n>>>>>>> other\n")
    done = run(project, *args)
    assert done.returncode in {3, 5}
    assert f"{name}:1: has merge markers" in done.stderr


def test_code_is_not_generated_into_a_package_of_other_code(tmp_path: Path) -> None:
    project = Project.begin(tmp_path)
    other = tmp_path / "my_events" / "main.py"
    other.parent.mkdir()
    other.write_text("print('mine')\n")
    assert "main.py" in project.refusal("generate", code=2)


def test_the_doctor_goes_on_where_code_is_out_of_step(project: Project) -> None:
    appended(project)
    done = run(project, "doctor")
    assert "registry" in done.stdout


@pytest.mark.parametrize("name", ["plugin.library.paths", "sasl.kerberos.kinit.cmd"])
def test_a_file_of_properties_names_no_code(project: Project, name: str) -> None:
    (project.folder / "p").write_text(f"{name}=touch pwned\n")
    (project.folder / ".env").write_text("KAFKA_CONFIG=p\nBOOTSTRAP_SERVERS=localhost:1\n")
    done = run(project, "config")
    assert done.returncode == 3
    assert f"p:1: {name}: runs code" in done.stderr
