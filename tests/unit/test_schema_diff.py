"""What changed between two versions, in words, and the order of the rollout."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from freezer_events.avro.parse import Schema, parse
from freezer_events.schema.changes import changes
from tests.support.cli import Freezer
from tests.support.evolution import V1, V2, V3, write_event

if TYPE_CHECKING:
    from pathlib import Path


def record(*fields: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "record", "name": "R", "fields": list(fields), **more}


def field(kind: Any, name: str = "a", **more: Any) -> dict[str, Any]:
    return {"name": name, "type": kind, **more}


def enum(symbols: str, **more: Any) -> dict[str, Any]:
    return {"type": "enum", "name": "E", "symbols": list(symbols), **more}


def device(*names: str) -> Any:
    return record(*(field("string", name) for name in names), name="Device")


MILLIS = {"type": "long", "logicalType": "timestamp-millis"}
OPTIONAL = ["null", "int"]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ([], [field("int")], ["a added: int, no default"]),
        ([], [field(OPTIONAL, default=None)], ["a added: null or int, default null"]),
        ([field(enum("A"))], [], ["a removed: it was enum E"]),
        (
            [field("int")],
            [field("int", "b", aliases=["a"])],
            ["b renamed from a, which is its alias now"],
        ),
        ([field("int")], [field("long")], ["a type int became long"]),
        ([field("long")], [field(MILLIS)], ["a type long became long (timestamp-millis)"]),
        ([field("int")], [field(OPTIONAL)], ["a type int became null or int"]),
        ([field(OPTIONAL)], [field(OPTIONAL[::-1])], ["a type null or int became int or null"]),
        ([field("int", default=1)], [field("int", default=2)], ["a default 1 became 2"]),
        ([field("int")], [field("int", default=0)], ["a default none became 0"]),
        ([field("int", doc="x")], [field("int", doc="y")], ['a doc "x" became "y"']),
        ([field("int")], [field("int", doc="y")], ["a doc added: y"]),
        ([field("int")], [field("int", aliases=["z"])], ["a aliases none became z"]),
        ([field(enum("AB"))], [field(enum("BC"))], [
            "a symbols added: C", "a symbols removed: A",
        ]),
        ([field(enum("A"))], [field(enum("A", default="A"))], [
            "a the enum's default none became A",
        ]),
        ([field(device("m"))], [field(device("m", "n"))], ["a.n added: string, no default"]),
        (
            [field(["null", device("m")])],
            [field(["null", device("n")])],
            ["a.n added: string, no default", "a.m removed: it was string"],
        ),
        (
            [field({"type": "array", "items": "int"})],
            [field({"type": "array", "items": "long"})],
            ["a[] type int became long"],
        ),
        (
            [field({"type": "map", "values": device("m")})],
            [field({"type": "map", "values": device()})],
            ["a{}.m removed: it was string"],
        ),
        (
            [field("int"), field("int", "b")],
            [field("int", "b"), field("int")],
            ["(root) the order of fields is now b and a"],
        ),
        ([field("int")], [field("int")], []),
    ],
)  # fmt: skip
def test_a_change_is_told_in_words(old: list[Any], new: list[Any], told: list[str]) -> None:
    schemas = [parse(json.dumps(record(*fields)), "x.avsc") for fields in (old, new)]
    assert [f"{each.path} {each.words}" for each in changes(*schemas)] == told


def test_a_recursive_type_is_told_once() -> None:
    def tree(kind: str) -> Schema:
        below = field({"type": "array", "items": "R"}, "below")
        return parse(json.dumps(record(field(kind), below)), "x.avsc")

    assert [each.path for each in changes(tree("int"), tree("long"))] == ["a"]


@pytest.fixture
def freezer(tmp_path: Path) -> Freezer:
    write_event(tmp_path, [V1, V2, V3], topic="doors", level="BACKWARD")
    return Freezer(tmp_path)


def test_the_latest_two_are_meant_unless_others_are_named(freezer: Freezer) -> None:
    assert freezer("schema", "diff").stdout.splitlines() == [
        "door: v2 to v3",
        "  for_ms  added: null or long, default null",
        "rollout (BACKWARD): upgrade consumers first, then producers: the new schema",
        "  reads what the last version wrote, but not the other way round",
    ]
    assert freezer("schema", "diff", "door", "v1").stdout.startswith("door: v1 to v3\n  by  added")
    told = json.loads(freezer("schema", "diff", "v1", "2", "--output", "json").stdout)
    assert (told["from"], told["to"], told["level"]) == (1, 2, "BACKWARD")
    assert [(each["path"], each["what"]) for each in told["changes"]] == [("by", "added")]
    assert told["rollout"].startswith("upgrade consumers first")


@pytest.mark.parametrize("words", [["v9"], ["nope"], ["v1", "v2", "v3"], ["door", "xyz"]])
def test_what_is_not_there_is_a_usage_error(freezer: Freezer, words: list[str]) -> None:
    done = freezer("schema", "diff", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: ")
