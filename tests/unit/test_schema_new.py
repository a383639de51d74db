"""`freezer schema new` and `release`: the next version, a new event, and what they leave alone."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from freezer_events.avro.parse import parse
from freezer_events.schema.edit import with_fields
from freezer_events.schema.field_spec import FieldSpec
from tests.support.project import DOORS, Project, findings

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = Project.begin(tmp_path)
    made.run("release")
    return made


def fields(project: Project, version: int) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = json.loads(
        (project.event / f"v{version}.avsc").read_text(encoding="utf-8")
    )["fields"]
    return listed


def test_the_next_version_is_a_copy_to_the_byte(project: Project) -> None:
    shown = project.run("new")
    assert shown == "wrote schemas/door-event/v2.avsc: a copy of v1\n"
    v1, v2 = ((project.event / f"v{n}.avsc").read_bytes() for n in (1, 2))
    assert v1 == v2


def test_fields_are_added_and_the_version_is_releasable_at_once(project: Project) -> None:
    project.run(
        *("new", "door-event"),
        *("--field", "humidity_pct: double?  # Relative humidity, in percent."),
        *("--field", "opened_at: timestamp-millis?", "--field", 'state: string = "a # b: c?"'),
    )
    assert fields(project, 2)[2:] == [
        {
            "name": "humidity_pct",
            "type": ["null", "double"],
            "default": None,
            "doc": "Relative humidity, in percent.",
        },
        {
            "name": "opened_at",
            "type": ["null", {"type": "long", "logicalType": "timestamp-millis"}],
            "default": None,
        },
        {"name": "state", "type": "string", "default": "a # b: c?"},
    ]
    before = (project.event / "v1.avsc").read_text().partition("\n  ]")[0]
    assert (project.event / "v2.avsc").read_text().startswith(before + ",\n")
    assert "released v2" in project.run("release")
    assert "no problems" in project.run("check")


def test_two_versions_that_are_not_released_are_refused(project: Project) -> None:
    project.run("new")
    said = project.refusal("new", code=2)
    assert "v2 is not released yet" in said


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        ("count: int", "it needs a default"),
        ("open: boolean?", "has a field 'open'"),
        ("count: integer?", "'integer' is no type"),
        ("count int", "is no field"),
        ("count: int? = 3", "the default null, and no other"),
        ("count: string = ok", "is not JSON"),
    ],
)
def test_a_field_that_cannot_be_added_is_refused_and_nothing_written(
    project: Project, spec: str, why: str
) -> None:
    said = project.refusal("new", "--field", spec, code=2)
    assert why in said


@pytest.mark.parametrize("spec", ["count: int = 1.5", "bad name!: int?", "a-b: string?"])
def test_a_field_that_makes_no_schema_is_refused_with_its_place(
    project: Project, spec: str
) -> None:
    before = project.files()
    done = project.schema("new", "--field", spec)
    assert done.returncode in {2, 5}
    assert project.files() == before


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("n: long?", {"name": "n", "type": ["null", "long"], "default": None}),
        ("n:int=0", {"name": "n", "type": "int", "default": 0}),
        (
            "n: uuid? # Says # more.",
            {
                "name": "n",
                "type": ["null", {"type": "string", "logicalType": "uuid"}],
                "default": None,
                "doc": "Says # more.",
            },
        ),
        (
            "n: decimal(9, 2)?",
            {
                "name": "n",
                "type": [
                    "null",
                    {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2},
                ],
                "default": None,
            },
        ),
        (
            "n: string[] = []",
            {"name": "n", "type": {"type": "array", "items": "string"}, "default": []},
        ),
        (
            "n: Kind{} = {}",
            {"name": "n", "type": {"type": "map", "values": "Kind"}, "default": {}},
        ),
    ],
)
def test_a_field_as_typed_becomes_one_of_the_schema(text: str, wanted: dict[str, Any]) -> None:
    assert FieldSpec.parse(text).as_json(["doors.Kind"]) == wanted


@pytest.mark.parametrize(
    ("fields_text", "wanted"),
    [
        ("[]", '[\n  {"name": "n", "type": "int", "default": 0}\n]'),
        (
            '[{"name": "a", "type": "int"}]',
            '[{"name": "a", "type": "int"}, {"name": "n", "type": "int", "default": 0}]',
        ),
        (
            '[\n\t{\n\t\t"name": "a",\n\t\t"type": "int"\n\t}\n]',
            (
                '[\n\t{\n\t\t"name": "a",\n\t\t"type": "int"\n\t},\n'
                '\t{\n\t\t"name": "n",\n\t\t"type": "int",\n\t\t"default": 0\n\t}\n]'
            ),
        ),
    ],
)
def test_a_field_is_added_as_the_others_are_written(fields_text: str, wanted: str) -> None:
    text = '{"type": "record", "name": "E", "fields": %s , "doc": "]}"}\n'
    schema = parse(text % fields_text, "v1.avsc")
    made = with_fields(schema, [{"name": "n", "type": "int", "default": 0}], "v2.avsc")
    assert made.text == text % wanted


def test_a_new_event_is_begun_checked_and_released(project: Project) -> None:
    shown = project.run("new", "window-event", "--key", "window_id", "--field", "open: boolean")
    assert "window-event is a new event; existing events: door-event" in shown
    made = json.loads((project.folder / "schemas/window-event/v1.avsc").read_text())
    assert (made["name"], made["namespace"]) == ("WindowEvent", "doors")
    assert [each["name"] for each in made["fields"]] == ["window_id", "open"]
    assert "released v1" in project.run("release")  # the one event that has something to release
    assert "2 events, 2 versions: no problems" in project.run("check")


def test_a_new_event_overwrites_nothing(project: Project) -> None:
    folder = project.folder / "schemas" / "window-event"
    folder.mkdir()
    (folder / "v1.avsc").write_text("mine")
    done = project.schema("new", "window-event")
    assert done.returncode == 2
    assert (folder / "v1.avsc").read_text() == "mine"
    assert not (folder / "event.toml").exists()


@pytest.mark.parametrize("name", ["Door", "door_event", "../door", "-", "a b"])
def test_a_name_that_is_no_events_is_refused(project: Project, name: str) -> None:
    before = project.files()
    done = project.schema("new", "--", name)
    assert (done.returncode, "is no event name" in done.stderr) == (2, True)
    assert project.files() == before


def test_release_writes_nothing_where_something_would_break(project: Project) -> None:
    project.write(2, [*DOORS, {"name": "count", "type": "int"}])
    said = project.refusal("release", code=5)
    assert "FIELD_ADDED_WITHOUT_DEFAULT" in said


def test_release_again_changes_nothing(project: Project) -> None:
    before = project.files()
    assert project.run("release") == "door-event: every version is released already\n"
    assert project.files() == before


def test_a_release_adds_its_reader_to_older_golden_files_and_keeps_their_bytes(
    project: Project,
) -> None:
    path = project.event / "golden" / "v1.json"
    before = json.loads(path.read_text())["examples"]
    project.run("new", "--field", "note: string?")
    project.run("release")
    after = json.loads(path.read_text())["examples"]
    assert [each["hex"] for each in after] == [each["hex"] for each in before]
    assert after[1]["reads"]["1"] == before[1]["reads"]["1"]
    assert after[1]["reads"]["2"] == {**before[1]["reads"]["1"], "note": None}


def test_which_event_is_asked_where_several_wait(project: Project) -> None:
    project.run("new", "--field", "note: string?")
    project.run("new", "window-event")
    done = project.schema("release")
    assert done.returncode == 2
    assert "door-event, window-event" in done.stderr
    assert "released v2" in project.run("release", "door-event")


def test_generated_code_never_replaces_what_a_person_wrote(project: Project) -> None:
    init = project.folder / "my_events" / "__init__.py"
    init.write_text("mine = 1\n")
    project.run("new", "--field", "note: string?")
    before = project.files()
    done = project.schema("release")
    assert done.returncode in {2, 5}
    assert "was not generated" in done.stderr
    assert project.files() == before


def test_outside_of_any_project_the_packages_own_schemas_stay_as_they_are(tmp_path: Path) -> None:
    project = Project(tmp_path)
    done = project.schema("release")
    assert done.returncode == 2
    assert "own" in done.stderr
    project.run("new", "door-event")
    assert sorted(project.files()) == [
        "schemas/door-event/event.toml",
        "schemas/door-event/v1.avsc",
    ]


LONGEST = "a" * 200


def test_the_longest_name_of_an_event_goes_all_the_way(project: Project) -> None:
    project.run("new", LONGEST, "--key", "door_id")
    project.run("release", LONGEST)
    project.run("generate", "--into", "elsewhere")
    assert (project.folder / "elsewhere" / f"{LONGEST}.py").exists()


@pytest.mark.parametrize("name", [f"{LONGEST}a", "a" * 240, "a" * 300])
def test_a_name_that_is_too_long_is_refused_by_whatever_takes_one(
    project: Project, name: str
) -> None:
    assert "up to 200" in project.refusal("new", name, code=2)
    assert "is not in" in project.refusal("release", name, code=2)
    assert "is not in" in project.refusal("diff", name, code=2)


def test_a_folder_with_a_name_that_is_too_long_is_a_problem(project: Project) -> None:
    folder = project.event.with_name(f"{LONGEST}a")
    shutil.copytree(project.event, folder)
    code, found = findings(project)
    assert code == 3
    assert [each for each in found if "up to 200" in each.why], found
