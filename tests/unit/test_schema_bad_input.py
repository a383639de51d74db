"""Bad schemas on the command line: one line with the place, exit 5 or 2, nothing half-written."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.support.project import Project

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HEAD = '{"type": "record", "name": "DoorEvent", "namespace": "doors",\n "fields": ['
ID = '{"name": "door_id", "type": "string"}'


def text(content: str | bytes) -> Callable[[Path], object]:
    data = content.encode() if isinstance(content, str) else content
    return lambda path: path.write_bytes(data)


BAD: dict[str, tuple[Callable[[Path], object], str, str]] = {
    "no JSON": (text('{"type": "record",\n "name": }'), ":2:10", "not JSON"),
    "empty": (text(""), ":1:1", "not JSON"),
    "no schema": (text('{"some": ["JSON"]}'), ":1:1", "the key 'type' is missing"),
    "no record": (text('"string"'), ":1:1", "must be a record"),
    "an unknown type": (
        text(f'{HEAD}{ID},\n{{"name": "open", "type": "boolan"}}]}}'),
        ":3:26",
        "did you mean 'boolean'?",
    ),
    "a field twice": (text(f"{HEAD}{ID},\n{ID}]}}"), ":3:10", "'door_id' is there twice"),
    "an unfit default": (
        text(f'{HEAD}{ID},\n{{"name": "n", "type": "int", "default": "x"}}]}}'),
        ":3:41",
        "the default of 'n' does not fit",
    ),
    "a default that no reader can make a uuid of": (
        text(
            f'{HEAD}{ID},\n{{"name": "u", "default": "", '
            '"type": {"type": "string", "logicalType": "uuid"}}]}'
        ),
        ":3:26",
        "no reader can make a uuid",
    ),
    "a default beyond the last date": (
        text(
            f'{HEAD}{ID},\n{{"name": "d", "default": 2147483647, '
            '"type": {"type": "int", "logicalType": "date"}}]}'
        ),
        ":3:26",
        "no reader can make a date",
    ),
    "not UTF-8": (text(HEAD.encode() + b'{"name": "\xff"'), ":2:23", "is not UTF-8: byte 0xff"),
    "5 MB": (
        text(HEAD + ID + "]" + " " * 5_000_000 + "}"),
        "",
        "is larger than 1,048,576 bytes",
    ),
    "a thousand deep": (
        text('{"type": "array", "items": ' * 1000 + '"int"' + "}" * 1000),
        ":1:3457",
        "nested more than 128 levels deep",
    ),
    "a directory": (lambda path: path.mkdir(), "", "cannot be read"),
    "a dangling link": (lambda path: path.symlink_to("nowhere"), "", "cannot be read"),
}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = Project.begin(tmp_path)
    made.run("release")
    return made


@pytest.mark.parametrize("name", BAD)
def test_a_bad_version_is_refused_at_its_place_by_every_command(
    project: Project, name: str
) -> None:
    make, place, why = BAD[name]
    make(project.event / "v2.avsc")
    before = project.files()
    where = f"schemas/door-event/v2.avsc{place}: "

    checked = project.schema("check")
    assert checked.returncode == 5
    assert f"{where}break: schemas" in checked.stdout
    assert why in " ".join(checked.stdout.split())

    released = project.schema("release")
    assert released.returncode == 5
    assert where in released.stderr

    toml = project.event / "event.toml"
    toml.write_text(toml.read_text().replace("version = 1", "version = 2"))
    generated = project.schema("generate")
    assert generated.returncode == 5
    error, *more = generated.stderr.splitlines()
    assert error.startswith(f"error: {where}")
    assert why in error + " ".join(more)
    assert all(line.startswith("  next: ") for line in more)

    for done in (checked, released, generated):
        assert "Traceback" not in done.stderr
    toml.write_text(toml.read_text().replace("version = 2", "version = 1"))
    assert project.files() == before


def test_a_bad_version_does_not_hide_what_is_wrong_elsewhere(project: Project) -> None:
    (project.event / "v2.avsc").write_text("{")
    path = project.event / "v1.avsc"
    path.write_text(path.read_text().replace("Whether", "If"))
    found = json.loads(project.schema("check", "--output", "json").stdout)["findings"]
    assert {each["check"] for each in found} == {"schemas", "lock"}


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"[broken", "door-event/lock"),
        (b"\xff", "cannot be read as UTF-8"),
        (b'[1]\nsha256 = "x"\n', "is damaged"),
        (b"[1]\nsha256 = 1\nfingerprint = 2\nschema = 3\n", "is damaged"),
        (b"<<<<<<< HEAD\n[1]\n=======\n[1]\n>>>>>>> other\n", "markers of a merge conflict"),
        (b'[one]\nsha256 = "1"\n', "is damaged"),
    ],
)
def test_a_damaged_lock_is_never_taken_for_an_empty_one(
    project: Project, content: bytes, why: str
) -> None:
    (project.event / "lock").write_bytes(content)
    before = project.files()
    for command in ("check", "release", "new", "list"):
        done = project.schema(command)
        assert (done.returncode, "Traceback" in done.stderr) == (5, False), command
        assert why in done.stderr + done.stdout
    assert project.files() == before


@pytest.mark.parametrize("content", ["", "[]", "{", '[{"hex": "zz", "reads": {}}]', '[{"hex": 1}]'])
def test_a_damaged_golden_file_is_a_break_and_stays_for_a_person(
    project: Project, content: str
) -> None:
    (project.event / "golden" / "v1.json").write_text(content)
    said = project.refusal("release", code=5)
    assert "golden/v1.json" in said


def test_code_is_not_generated_where_event_toml_does_not_fit(project: Project) -> None:
    with (project.event / "event.toml").open("a") as file:
        file.write('[fill]\nopen = "count"\n')
    said = project.refusal("generate", code=5)
    assert "event.toml:7: [fill] open: 'count' does not fit the field's type in v1.avsc" in said


@pytest.mark.parametrize(
    ("content", "place"),
    [
        ("version = 1", "event.toml: partitions is missing"),
        ("partitions = true", "event.toml:1: partitions: True is not a whole number"),
        ("colour = 1", "event.toml:1: colour: no such key"),
        ("topic =", "event.toml"),
    ],
)
def test_a_bad_event_toml_is_refused_with_its_line(
    project: Project, content: str, place: str
) -> None:
    (project.event / "event.toml").write_text(content)
    done = project.schema("check")
    assert done.returncode == 3
    assert place in done.stderr
