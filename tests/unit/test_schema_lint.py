"""The habits that `schema check` asks for, how one is suppressed, and whom `list` names."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.project import DOORS, Project, findings

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project.begin(tmp_path)


def warned(project: Project) -> list[tuple[str, int]]:
    """Return rule and line of each warning."""
    found = json.loads(project.schema("check", "--output", "json").stdout)["findings"]
    return [(e["code"] or e["why"], e["line"]) for e in found if e["severity"] == "warning"]


def added(name: str, kind: Any, **more: Any) -> dict[str, Any]:
    return {"name": name, "type": kind, "doc": "What it is.", **more}


def tell(project: Project, text: str) -> None:
    with (project.event / "event.toml").open("a", encoding="utf-8") as file:
        file.write(text)


DOOR = {"type": "enum", "name": "State", "symbols": ["UNKNOWN", "OPEN"]}


@pytest.mark.parametrize(
    ("field", "rule"),
    [
        (added("doorOpen", "boolean"), "field-name"),
        ({"name": "closed", "type": "boolean"}, "doc"),
        ({"name": "closed", "type": "boolean", "doc": " "}, "doc"),
        (added("temperature", "double"), "unit"),
        (added("state", DOOR), "enum-default"),
    ],
)
def test_a_rule_names_the_field_at_its_line(
    project: Project, field: dict[str, Any], rule: str
) -> None:
    project.write(1, [*DOORS, field])
    assert warned(project) == [(rule, 8)]
    tell(project, f'[suppress]\n{rule} = "it came so from the device"\n')
    assert warned(project) == []


@pytest.mark.parametrize(
    "field",
    [
        added("temperature", "double", doc="In degrees Celsius."),
        added("temperature_celsius", ["null", "float"], default=None),
        added("battery_pct", "double"),
        added("state", DOOR | {"default": "UNKNOWN"}),
        added("count", "long"),
    ],
)
def test_what_keeps_the_habits_is_well(project: Project, field: dict[str, Any]) -> None:
    project.write(1, [*DOORS, field])
    assert warned(project) == []


def test_an_addition_says_null_for_what_old_readings_did_not_have(project: Project) -> None:
    project.run("release")
    project.write(2, [*DOORS, added("count", "long", default=0)])
    assert warned(project) == [("nullable-addition", 8)]
    project.write(2, [*DOORS, added("count", ["null", "long"], default=None)])
    assert warned(project) == []


def test_what_is_released_is_not_complained_of_any_more(project: Project) -> None:
    project.write(1, [*DOORS, {"name": "closed", "type": "boolean"}])
    project.run("release")
    assert warned(project) == []


def test_a_suppression_of_nothing_is_a_finding(project: Project) -> None:
    tell(project, '[suppress]\nunit = "no measures"\nunits = "a typing error"\n')
    assert warned(project) == [
        ("[suppress] unit: suppresses nothing", 7),
        ("[suppress] units: is no rule", 8),
    ]


def test_a_suppression_needs_a_reason(project: Project) -> None:
    tell(project, '[suppress]\nunit = ""\n')
    assert "unit: says no reason" in project.refusal("check", code=3)


def test_list_says_who_answers_and_what_is_personal(project: Project) -> None:
    tell(project, 'owner = "Cold chain"\ncontact = "cold@example.org"\npii = ["door_id"]\n')
    text = project.run("list")
    assert "door-event: owner Cold chain <cold@example.org>" in text
    assert "door-event: personal data in door_id" in text
    (event,) = json.loads(project.run("list", "--output", "json"))["events"]
    assert (event["owner"], event["pii"]) == ("Cold chain", ["door_id"])


def test_a_suppression_for_one_field_leaves_the_others(project: Project) -> None:
    project.write(1, [*DOORS, added("speed", "double"), added("wind", "double")])
    tell(project, '[suppress]\nunit.speed = "as the device has it"\n')
    assert warned(project) == [("unit", 9)]
    tell(project, 'unit.height = "there is none"\n')
    whys = {(each.why, each.place) for each in findings(project)[1] if "suppress" in each.why}
    assert whys == {("[suppress] unit.height: suppresses nothing", "event.toml:8")}


def test_personal_data_is_in_fields_that_are_there(project: Project) -> None:
    device = {"type": "record", "name": "Device", "fields": [{"name": "owner", "type": "string"}]}
    project.write(1, [*DOORS, added("device", device)])
    tell(project, 'pii = ["door_id", "Device.owner", "door"]\n')
    (found,) = [each for each in findings(project)[1] if "pii" in each.why]
    assert (found.why, found.severity) == ("pii: no version has a field 'door'", "break")
