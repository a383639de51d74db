"""What comparison says of two schemas: each code with its place, its reason and its advice."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from freezer_events.avro.parse import Schema, parse
from freezer_events.schema.compare import (
    ACCEPTABLE,
    Code,
    Direction,
    Finding,
    Kind,
    Level,
    compare,
    judge,
)

CASES = json.loads(
    (Path(__file__).parents[1] / "data/avro_compatibility_cases.json").read_text(encoding="utf-8")
)["cases"]


def schema(value: Any) -> Schema:
    return parse(json.dumps(value, indent=1), "x.avsc")


def record(*fields: dict[str, Any], name: str = "R", **more: Any) -> dict[str, Any]:
    return {"type": "record", "name": name, "namespace": "n", **more, "fields": list(fields)}


def field(kind: Any, name: str = "a", **more: Any) -> dict[str, Any]:
    return {"name": name, "type": kind, **more}


def one(kind: Any, **more: Any) -> dict[str, Any]:
    """Return a record with one field, "a"."""
    return record(field(kind, **more))


def enum(symbols: str, **more: Any) -> dict[str, Any]:
    return {"type": "enum", "name": "E", "symbols": list(symbols), **more}


def fixed(size: int) -> dict[str, Any]:
    return {"type": "fixed", "name": "F", "size": size}


def logical(kind: str, name: str, **more: Any) -> dict[str, Any]:
    return {"type": kind, "logicalType": name, **more}


def found(old: Any, new: Any) -> tuple[Finding, ...]:
    return compare(schema(old), schema(new))


@pytest.mark.parametrize(
    "case", CASES, ids=lambda case: f"{case['source'].split()[0]}:{case['name']}"
)
def test_every_published_verdict_is_ours_too(case: dict[str, Any]) -> None:
    findings = found(case["writer"], case["reader"])
    breaks = [
        each
        for each in findings
        if each.kind is Kind.DECODE and each.direction is Direction.NEW_READS_OLD
    ]
    assert (not breaks) is case["compatible"], breaks


def test_the_published_cases_are_all_there() -> None:
    assert len(CASES) == 185


NEW, OLD = Direction.NEW_READS_OLD, Direction.OLD_READS_NEW
A, AB = enum("A"), enum("AB")
MILLIS, MICROS = (logical("long", f"timestamp-{unit}") for unit in ("millis", "micros"))
CENTS, MILLS = (logical("bytes", "decimal", precision=8, scale=scale) for scale in (2, 3))
D = record(field("string", "m"), name="D")
D2 = record(field("string", "m"), field("int", "x"), name="D")
X, Y = (record(name=name) for name in "XY")

# code, old, new, direction, path, pointer into the old, pointer into the new, why, fix
BREAKS: list[tuple[Code, Any, Any, Direction, str, str, str, str, str]] = [
    (
        Code.FIELD_ADDED_WITHOUT_DEFAULT, one("int"), record(field("int"), field("int", "b")),
        NEW, "b", "/fields", "/fields/1",
        "old data has no 'b', and the new schema gives no default to read instead",
        'write {"name": "b", "type": ["null", "int"], "default": null}',
    ),
    (
        Code.FIELD_REMOVED_WITHOUT_DEFAULT, record(field("int"), field("int", "b")), one("int"),
        OLD, "b", "/fields/1", "/fields",
        "old readers need 'b': new data has none", "keep 'b'; to drop it later, first release",
    ),
    (
        Code.FIELD_ALIAS_AMBIGUOUS, record(field("int"), field("int", "b")),
        record(field("int", "b", aliases=["a"])),
        NEW, "b", "/fields/1", "/fields/0",
        "old data has 'b' and a field of its alias", "take the alias away from 'b'",
    ),
    (
        Code.TYPE_NARROWED, one("long"), one("int"), NEW, "a", "/fields/0/type", "/fields/0/type",
        "old data holds long, which does not fit the int that new readers expect",
        "keep long, and for int add another field beside it",
    ),
    (
        Code.TYPE_WIDENED, one("int"), one("long"), OLD, "a", "/fields/0/type", "/fields/0/type",
        "new data holds long, which does not fit the int that old readers expect",
        "or upgrade every reader before the first writer, which is what BACKWARD promises",
    ),
    (
        Code.TYPE_CHANGED, one("long"), one("string"), NEW, "a", "/fields/0/type",
        "/fields/0/type", "is nothing like the string that new readers expect", "keep long",
    ),
    (
        Code.NAME_CHANGED, one(X), one(Y), NEW, "a", "/fields/0/type/name", "/fields/0/type/name",
        "old data holds 'n.X', and new readers expect 'n.Y'", '"aliases": ["n.X"]',
    ),
    (
        Code.NAME_CHANGED, one(X), one(Y), OLD, "a", "/fields/0/type/name", "/fields/0/type/name",
        "new data holds 'n.Y', and old readers expect 'n.X'",
        "an alias in the new schema does not help old readers",
    ),
    (
        Code.FIXED_SIZE_CHANGED, one(fixed(3)), one(fixed(4)), NEW, "a", "/fields/0/type/size",
        "/fields/0/type/size", "old data holds 3 bytes, and new readers expect 4", "keep the size",
    ),
    (
        Code.ENUM_SYMBOL_REMOVED, one(AB), one(A), NEW, "a", "/fields/0/type/symbols/1",
        "/fields/0/type/symbols", "old data may hold B, which the new enum lacks",
        'keep B, or give the enum the symbol to read instead: "default": "A"',
    ),
    (
        Code.ENUM_SYMBOL_ADDED, one(A), one(AB), OLD, "a", "/fields/0/type/symbols",
        "/fields/0/type/symbols/1", "new data may hold B, which old readers lack",
        "leave B out until every reader has a version whose enum has a default",
    ),
    (
        Code.UNION_BRANCH_REMOVED, one(["null", "int"]), one("int"), NEW, "a",
        "/fields/0/type/0", "/fields/0/type",
        "old data may be null here, and new readers expect int", "keep null in the union",
    ),
    (
        Code.UNION_BRANCH_ADDED, one(["int", "string"]), one(["int", "string", "boolean"]), OLD,
        "a<boolean>", "/fields/0/type", "/fields/0/type/2",
        "new data may hold boolean here, and old readers expect int or string",
        "do not let it be boolean yet",
    ),
    (
        Code.FASTAVRO_CANNOT_RESOLVE, record(field(D), field("n.D", "b")),
        record(field(["null", D], "b")), NEW, "b", "/fields/1/type", "/fields/0/type/1",
        "fastavro, which reads for Python, fails where D becomes a branch of a union",
        "define D at the same first use in both schemas",
    ),
    (
        Code.LOGICAL_TYPE_CHANGED, one(MILLIS), one(MICROS), NEW, "a",
        "/fields/0/type/logicalType", "/fields/0/type/logicalType",
        "new readers take it for timestamp-micros: every value is 1000 times too small",
        "keep timestamp-millis, and for timestamp-micros add another field",
    ),
    (
        Code.LOGICAL_TYPE_CHANGED, one("long"), one(MILLIS), NEW, "a", "/fields/0/type",
        "/fields/0/type/logicalType",
        "old data holds plain long, and new readers take it for timestamp-millis", "keep plain",
    ),
    (
        Code.DECIMAL_CHANGED, one(CENTS), one(MILLS), OLD, "a", "/fields/0/type/scale",
        "/fields/0/type/scale", "every value is 10 times too large", "keep decimal(8, 2)",
    ),
    (
        Code.UNION_BRANCH_AMBIGUOUS, one("int"), one(["double", "int"]), NEW, "a",
        "/fields/0/type", "/fields/0/type/0", "fastavro reads it as double, Java as int",
        "put int before double",
    ),
    (
        Code.NAMESPACE_CHANGED, one(["null", fixed(3)]),
        one(["null", fixed(3) | {"namespace": "m"}]), NEW, "a", "/fields/0/type/1",
        "/fields/0/type/1", "Java matches a union's branch, an enum or a fixed by its full name",
        "keep the namespace of 'n.F'",
    ),
    (
        Code.ALIAS_MAKES_NAME_TWICE, record(field(["null", record(field("int"), name="X"), Y])),
        record(field(["null", Y | {"aliases": ["X"]}])), NEW, "(root)", "/fields/0/type/2", "",
        "fails on a name that is there twice", "take the alias away that leads to 'n.Y'",
    ),
    (
        Code.ALIAS_SPOILS_DEFAULT, one(one("int", default=1) | {"name": "X"}, default={"a": 1}),
        one(record(field("int", "b", aliases=["a"], default=1), name="X"), default={"b": 1}), NEW,
        "a", "/fields/0/default", "", "the old schema's default of 'a' has a 'a' in it",
        "keep the name 'a', without the alias",
    ),
    (
        Code.FIELD_ALIAS_READERS_DIFFER, one("int"),
        record(field("int", default=0), field("int", "b", aliases=["a"], default=0)), NEW, "a",
        "/fields/0", "/fields/0", "Java reads its default 0 for 'a', and fastavro the written 'a'",
        "let no field have an alias that is still a field",
    ),
    (
        Code.DEFAULT_OF_LATER_BRANCH, record(), one(["long", "double"], default=1.5), NEW, "a",
        "", "/fields/0/default", "of the default 1.5 of 'a', Java takes it for the long",
        "put the branch that the default belongs to first",
    ),
]  # fmt: skip


MEANT = {
    Code.LOGICAL_TYPE_CHANGED,
    Code.DECIMAL_CHANGED,
    Code.UNION_BRANCH_AMBIGUOUS,
    Code.FIELD_ALIAS_READERS_DIFFER,
    Code.DEFAULT_OF_LATER_BRANCH,
}
"""What a reader does not fail on and gets wrong."""


@pytest.mark.parametrize("case", BREAKS, ids=lambda case: f"{case[0]}-{case[3]}")
def test_a_break_is_named_placed_explained_and_mended(case: tuple[Any, ...]) -> None:
    code, old, new, direction, path, old_pointer, new_pointer, why, fix = case
    wanted = (code, direction, path)
    alike = [e for e in found(old, new) if (e.code, e.direction, e.path) == wanted]
    assert len(alike) == 1, found(old, new)
    finding = alike[0]
    meant = code in MEANT
    assert finding.kind is (Kind.MEANING if meant else Kind.DECODE)
    places = finding.path, finding.old_pointer, finding.new_pointer
    assert places == (path, old_pointer, new_pointer)
    assert why in finding.why
    assert fix in finding.fix


WARNINGS: list[tuple[Code, Any, Any, Direction, str]] = [
    (Code.DEFAULT_CHANGED, one("int", default=1), one("int", default=2), NEW, "old readers see 1"),
    (Code.DEFAULT_REMOVED, one("int", default=1), one("int"), NEW, "the default 1 is gone"),
    (Code.PROMOTION_LOSES_DIGITS, one("long"), one("double"), NEW, "above 2^53"),
    (Code.PROMOTION_LOSES_DIGITS, one("int"), one("float"), NEW, "above 2^24"),
    (Code.FLOAT_READ_AS_DOUBLE, one("float"), one("double"), NEW, "-18.1 becomes -18.1000003815"),
    (Code.BYTES_READ_AS_STRING, one("bytes"), one("string"), NEW, "bytes that are no UTF-8"),
    (Code.NAMESPACE_CHANGED, one("int"), one("int") | {"namespace": "m"}, NEW, "'m.R'"),
    (
        Code.ENUM_SYMBOL_READ_AS_DEFAULT, one(enum("AB", default="A")),
        one(enum("ABC", default="A")), OLD, "C of the writer is read as A",
    ),
    (
        Code.UNION_BRANCH_AMBIGUOUS, one("int"), one(["long", "int"]), NEW,
        "fastavro reads it as long, Java as int",
    ),
    (
        Code.FIELD_RENAMED_WITHOUT_ALIAS, record(field("double", "humidity")),
        record(field("double", "humidity_pct", default=0.0)), NEW, "its default 0.0",
    ),
    (
        Code.UNIT_CHANGED, one("double", doc="In °C."), one("double", doc="In Fahrenheit."), NEW,
        "degrees Fahrenheit where it spoke of degrees Celsius",
    ),
    (
        Code.LOGICAL_TYPE_IGNORED, one("int"), one(logical("int", "timestamp-millis")), NEW,
        "timestamp-millis does not stand on int",
    ),
    (Code.ALIAS_OF_ITSELF, one("int"), one("int", aliases=["a"]), NEW, "its own alias"),
    (
        Code.ALIAS_OF_WHAT_EXISTS, record(field("int", "b")),
        record(field("int", default=0), field("int", "b", aliases=["a"])), NEW,
        "'a' is an alias and still a field",
    ),
    (
        Code.ALIAS_SHARED, record(),
        record(*(field("int", n, aliases=["z"], default=0) for n in "ab")), NEW,
        "two fields have the alias 'z'",
    ),
]  # fmt: skip


@pytest.mark.parametrize("case", WARNINGS, ids=lambda case: f"{case[0]}-{case[4]}")
def test_what_is_legal_and_surprises_is_warned_of(case: tuple[Any, ...]) -> None:
    code, old, new, direction, why = case
    finding = next(each for each in found(old, new) if each.code is code)
    assert (finding.kind, finding.direction) == (Kind.WARNING, direction)
    assert why in finding.why
    assert finding.fix
    assert not judge([finding], Level.FULL_TRANSITIVE)


def test_every_code_is_tried_here() -> None:
    """Those of rules are tried in test_rules."""
    assert {case[0] for case in [*BREAKS, *WARNINGS]} == set(Code) - ACCEPTABLE


@pytest.mark.parametrize(
    ("wrap", "path", "pointer"),
    [
        (lambda inner: one(["null", inner]), "a.x", "/fields/0/type/1/fields/1"),
        (lambda inner: one({"type": "array", "items": inner}), "a[].x", None),
        (lambda inner: one({"type": "map", "values": inner}), "a{}.x", None),
        (lambda inner: one(["int", inner]), "a<D>.x", None),
        (lambda inner: record(field(inner), field("n.D", "b")), "a.x", None),
        (lambda inner: inner, "x", "/fields/1"),
    ],
)
def test_a_break_inside_is_found_once_and_at_its_own_field(
    wrap: Any, path: str, pointer: str | None
) -> None:
    breaks = judge(found(wrap(D), wrap(D2)), Level.FULL)
    assert [(each.code, each.path) for each in breaks] == [(Code.FIELD_ADDED_WITHOUT_DEFAULT, path)]
    assert pointer in (None, breaks[0].new_pointer)


def test_a_recursive_type_ends_and_is_compared_inside() -> None:
    def tree(kind: str) -> Any:
        return record(field(kind), field({"type": "array", "items": "n.R"}, "below"))

    assert [each.path for each in judge(found(tree("long"), tree("int")), Level.BACKWARD)] == ["a"]
    assert found(tree("long"), tree("long")) == ()


def test_lines_are_those_of_the_files() -> None:
    old = parse('{"type": "record", "name": "R",\n "fields": []}', "old.avsc")
    new = parse(
        '{"type": "record", "name": "R",\n\n "fields": [\n{"name": "a", "type": "int"}]}', "new"
    )
    (finding,) = compare(old, new)
    assert (finding.old_line, finding.new_line) == (2, 4)


@pytest.mark.parametrize(
    ("new", "why"),
    [
        (record(field("int", "b", aliases=["a"])), "a is b by another name"),
        (one("long"), "every int is a long"),
        (one(["null", "int"]), "a branch more"),
        (record(field("int"), field("string", "b", default="")), "a field with a default"),
        (record(), "a field that nobody reads"),
    ],
)
def test_what_new_readers_can_read_is_no_break_for_them(new: Any, why: str) -> None:
    assert not judge(found(one("int"), new), Level.BACKWARD), why


def test_a_chain_of_renames_names_the_ambiguous_field_only() -> None:
    old = record(field("int"), field("int", "b"))
    new = record(field("int", "b", aliases=["a"]), field("int", "c", aliases=["b"]))
    breaks = judge(found(old, new), Level.BACKWARD)
    assert [(each.code, each.path) for each in breaks] == [(Code.FIELD_ALIAS_AMBIGUOUS, "b")]


def test_breaks_come_before_warnings_and_always_in_the_same_order() -> None:
    old = record(field("long"), field(MILLIS, "b"), field("long", "c"))
    new = record(field("double"), field(MICROS, "b"), field("int", "c"))
    kinds = [each.kind for each in found(old, new)]
    assert kinds == sorted(kinds, key=list(Kind).index)
    assert found(old, new) == found(old, new)


def test_a_level_judges_its_own_directions_alone() -> None:
    findings = found(one("int"), one("long"))
    assert judge(findings, Level.BACKWARD) == ()
    assert [each.code for each in judge(findings, Level.FORWARD)] == [Code.TYPE_WIDENED]
    assert judge(findings, Level.NONE) == ()
