"""`freezer schema check`: what each check finds, at which line, and what the exit code says."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.support.cli import Freezer
from tests.support.project import DOORS, Project, findings

if TYPE_CHECKING:
    from pathlib import Path

NOTE = {"name": "note", "type": ["null", "string"], "default": None}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = Project.begin(tmp_path)
    made.run("release")
    return made


def test_all_is_well_after_a_release(project: Project) -> None:
    shown = project.run("check").splitlines()
    assert shown[0].split() == [
        "event",
        "versions",
        "names",
        "schema",
        "lock",
        "level",
        "golden",
        "toml",
        "code",
    ]
    assert shown[1].split() == ["door-event", "1", *["ok"] * 7]
    assert shown[-1] == "1 event, 1 version: no problems"
    assert all(len(line) <= 80 for line in shown)


def test_a_changed_release_is_a_break_that_shows_the_difference(project: Project) -> None:
    path = project.event / "v1.avsc"
    path.write_text(path.read_text().replace('"boolean"', '"string"'))
    code, found = findings(project)
    assert code == 5
    (lock,) = [each for each in found if each.check == "lock"]
    assert (lock.severity, lock.place) == ("break", "v1.avsc:0")
    assert '-      "type": "boolean",' in lock.why
    assert '+      "type": "string",' in lock.why


def test_a_release_that_is_gone_or_renumbered_is_a_break(project: Project) -> None:
    (project.event / "v1.avsc").rename(project.event / "v2.avsc")
    code, found = findings(project)
    assert code == 5
    assert any(each.why.startswith("is now v2.avsc") for each in found)


def test_a_released_event_whose_declaration_is_gone_is_a_break(project: Project) -> None:
    (project.event / "event.toml").unlink()
    code, found = findings(project)
    assert code == 5
    assert any("the event is released and its event.toml gone" in each.why for each in found)


def test_a_new_version_that_breaks_old_readers_is_found_at_its_field(project: Project) -> None:
    project.write(2, [*DOORS, {"name": "count", "type": "int"}])
    done = project.schema("check")
    assert done.returncode == 5
    assert "schemas/door-event/v2.avsc:8:5: break: FIELD_ADDED_WITHOUT_DEFAULT" in done.stdout
    assert "count: v2 cannot read v1" in done.stdout


def test_each_version_is_compared_with_every_older_one(tmp_path: Path) -> None:
    project = Project.begin(tmp_path, "BACKWARD_TRANSITIVE")
    project.run("release")
    project.write(2, DOORS[:1])
    project.run("release")
    # v2 did not have the field, so nothing about it breaks; v1 had it, as something else.
    project.write(3, [DOORS[0], {"name": "open", "type": "string", "default": ""}])
    code, found = findings(project)
    assert code == 5
    assert {each.place for each in found if each.check == "level"} == {"v3.avsc:7"}
    assert all("v3 cannot read v1" in each.why for each in found if each.check == "level")


def test_a_version_equal_to_an_older_one_is_a_break(project: Project) -> None:
    project.write(2, DOORS)
    code, found = findings(project)
    assert code == 5
    assert [each.why for each in found] == ["says the same as v1: a registry would not number it"]


def test_gaps_and_files_of_no_version_are_breaks(project: Project) -> None:
    project.write(3, [*DOORS, NOTE])
    (project.event / "v02.avsc").write_text("{}")
    (project.event / "golden" / "v9.json").write_text("[]")
    (project.folder / "schemas" / "lost.avsc").write_text("{}")
    (project.folder / "schemas" / "Doors").mkdir()
    (project.event / "README.md").write_text("notes are welcome")
    code, found = findings(project)
    assert code == 5
    assert {each.place for each in found if each.check == "names"} == {
        *("door-event:0", "v02.avsc:0", "v9.json:0", "lost.avsc:0", "Doors:0"),
    }


def test_committed_bytes_that_read_otherwise_are_a_break(project: Project) -> None:
    path = project.event / "golden" / "v1.json"
    path.write_text(path.read_text().replace("true", "false"))
    code, found = findings(project)
    assert code == 5
    assert [(each.check, each.severity) for each in found] == [("golden", "break")]
    assert "read by v1, gives" in found[0].why


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ('key = "nowhere"', "'nowhere' is no field in v1.avsc"),
        ('key = "open"', "'open' is boolean, which cannot be a message key, in v1.avsc"),
        ("version = 7", "there is no v7.avsc"),
        ('fill = {seen_at = "now"}', "no version has such a field"),
        ('fill = {open = "count"}', "'count' does not fit the field's type in v1.avsc"),
    ],
)
def test_what_event_toml_says_wrongly_is_found_at_its_line(
    project: Project, line: str, why: str
) -> None:
    path = project.event / "event.toml"
    name = line.split(maxsplit=1)[0]
    kept = [each for each in path.read_text().splitlines() if not each.startswith(name)]
    path.write_text("\n".join([*kept, line]) + "\n")
    code, found = findings(project)
    assert code == 5
    (declared,) = [each for each in found if each.check == "event.toml"]
    assert why in declared.why
    assert declared.place == f"event.toml:{len(kept) + 1}"


def test_what_only_has_to_be_made_again_is_exit_1(project: Project) -> None:
    (project.folder / "my_events" / "door_event.py").unlink()
    (project.event / "golden" / "v1.json").unlink()
    code, found = findings(project)
    assert code == 1
    assert [(each.check, each.severity) for each in found] == [
        ("golden", "stale"),
        ("code", "stale"),
    ]
    project.run("release")
    assert findings(project) == (0, [])


def test_a_generated_module_of_an_event_that_is_gone_is_stale(project: Project) -> None:
    left = project.folder / "my_events" / "gone_event.py"
    left.write_text("# Generated by `freezer schema generate` from somewhere. Do not edit.\n")
    code, found = findings(project)
    assert code == 1
    assert found[0].place == "gone_event.py:0"


def test_warnings_are_shown_while_a_version_can_be_changed_and_fail_nothing(
    tmp_path: Path,
) -> None:
    project = Project.begin(tmp_path, "BACKWARD")
    number = {"name": "count", "type": "long"}
    project.write(1, [*DOORS, number])
    project.run("release")
    project.write(2, [*DOORS, {**number, "type": "double"}])
    done = project.schema("check")
    assert done.returncode == 0, done.stdout
    assert "v2.avsc:8" in done.stdout
    assert "warning: PROMOTION_LOSES_DIGITS" in done.stdout
    project.run("release")
    assert "warning" not in project.run("check")


def test_github_gets_an_annotation_on_the_line_that_breaks(project: Project) -> None:
    project.write(2, [*DOORS, {"name": "count", "type": "int"}])
    done = project.schema("check", "--output", "github")
    assert done.returncode == 5
    first, *_ = done.stdout.splitlines()
    assert first.startswith(
        "::error file=schemas/door-event/v2.avsc,line=8,col=5,title=FIELD_ADDED_WITHOUT_DEFAULT::"
    )
    assert "%0Anext: " in first


def test_github_annotations_escape_what_would_end_them(tmp_path: Path) -> None:
    project = Project.begin(tmp_path / "a, b: 100%")
    project.run("release")
    path = project.event / "v1.avsc"
    path.write_text(path.read_text().replace("Whether it", "100% it"))
    outside = Freezer(tmp_path)(
        *("schema", "check", "--output", "github"),
        *("--schemas", str(project.folder / "schemas")),
    )
    line, unchecked = outside.stdout.splitlines()
    assert unchecked.startswith("::notice title=code%3A not checked::generated code is not checked")
    assert "file=a%2C b%3A 100%25/schemas/door-event/v1.avsc,line=1," in line
    assert "100%25 it stood open" in line


def test_the_project_itself_is_well() -> None:
    from pathlib import Path  # noqa: PLC0415

    root = Path(__file__).parents[2]
    done = Freezer(root)("schema", "check", "--output", "json")
    assert (done.returncode, json.loads(done.stdout)["findings"]) == (0, [])
