"""The property `confluent:rules`: what the encoder refuses; what check, compare and diff say."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from confluent_kafka.schema_registry.common.avro import validate_message
from confluent_kafka.schema_registry.serde import (
    RuleError,
    ValidationRule,
    ValidationRuleExecutor,
)
from fastavro import parse_schema
from hypothesis import given
from hypothesis import strategies as st

from freezer_events.avro import wire
from freezer_events.avro.explain import first_problem
from freezer_events.avro.parse import parse
from freezer_events.errors import InvalidEvent, SchemaError
from freezer_events.events import FreezerReading
from freezer_events.schema.changes import changes
from freezer_events.schema.compare import Code, Kind, compare
from tests.support.cel import SAMPLE, celpy_answer, expressions, samples
from tests.support.cli import Freezer
from tests.support.effort import thorough
from tests.support.evolution import V1, write_event
from tests.support.generated import module_of, record

if TYPE_CHECKING:
    from pathlib import Path

    from freezer_events.testing import EventCluster


def rule(expr: str, name: str = "plausible", doc: str = "") -> dict[str, str]:
    return {"name": name, "expr": expr, **({"doc": doc} if doc else {})}


def ruled(kind: Any, *rules: dict[str, str]) -> Any:
    """Return a module whose event has one field `x` with rules."""
    schema = record(("x", kind))
    schema["fields"][0]["confluent:rules"] = list(rules)
    return module_of(schema)


class CelPython(ValidationRuleExecutor):
    """Evaluates rules as the client does, without the parts of it that need Google's packages."""

    def execute(self, rule: ValidationRule, schema: Any, message: Any) -> Any:
        del schema
        found = celpy_answer(str(rule.expr), {"this": message})
        if found is None:
            raise RuleError(rule.expr)
        return found


@given(text=expressions(prefix="this."), values=samples())
@thorough(250)
def test_the_encoder_refuses_what_the_client_refuses(text: str, values: dict[str, Any]) -> None:
    schema = SAMPLE | {"confluent:rules": [rule(text)]}
    module = module_of(schema)
    event = module.Sample(**values)
    violations = validate_message(CelPython(), parse_schema(json.loads(json.dumps(schema))), values)
    if violations:
        with pytest.raises(InvalidEvent) as caught:
            wire.encode(event)
        assert caught.value.rule == "plausible"
    else:
        assert wire.encode(event)


def test_a_violation_names_rule_doc_path_and_value() -> None:
    inner = record(("level", "double"), name="Inner")
    inner["fields"][0]["confluent:rules"] = [rule("this < 60.0", doc="Below 60 °C.")]
    module = module_of(record(("parts", {"type": "array", "items": inner})))
    good, bad = module.Inner(level=1.0), module.Inner(level=99.5)
    with pytest.raises(InvalidEvent) as caught:
        wire.encode(module.Event(parts=[good, bad]))
    assert "parts[1].level: 99.5 breaks the rule 'plausible': Below 60 °C." in str(caught.value)
    assert caught.value.rule == "plausible"
    assert wire.encode(module.Event(parts=[good]))


@pytest.mark.parametrize(
    ("kind", "expr", "good", "bad"),
    [
        ("double", "this > -100.0 && this < 60.0", [-3.5, 0, 59.9], [-300.0, 60, 1e308]),
        ("long", "this % 2 == 0", [0, -4], [1, -3]),
        ("string", "this.matches('^sensor[0-9]+$')", ["sensor0"], ["sensor", "sensor0\n", ""]),
        ("string", "size(this) < 3 ? '' : 'too long'", ["é😀"], ["abc"]),
        ("bytes", "size(this) == 2", [b"ab"], [b""]),
        ("boolean", "this", [True], [False]),
        (["null", "double"], "this >= 0.0", [None, 0.0], [-1.0]),
        ({"type": "array", "items": "string"}, "size(this) > 0", [["a"]], [[]]),
        (
            {"type": "map", "values": "long"},
            "'a' in this && this.a > 1",
            [{"a": 2}],
            [{}, {"a": 1}],
        ),
        (
            ["null", {"type": "string", "logicalType": "uuid"}],
            "this.startsWith('1')",
            [None, UUID(int=1 << 124)],
            [UUID(int=2)],
        ),
        ("long", "10 / this > 1", [4], [0, 100]),  # what has no value is no value that obeys
    ],
)
def test_a_rule_of_a_field(kind: Any, expr: str, good: list[Any], bad: list[Any]) -> None:
    module = ruled(kind, rule(expr))
    for value in good:
        event = module.Event(x=value)
        assert wire.encode(event)
        assert first_problem(event) is None
    for value in bad:
        event = module.Event(x=value)
        with pytest.raises(InvalidEvent) as caught:
            wire.encode(event)
        assert caught.value.rule == "plausible"
        assert first_problem(event) is not None


def test_a_value_of_the_wrong_type_is_not_a_broken_rule() -> None:
    module = ruled("double", rule("this > 0.0"))
    with pytest.raises(InvalidEvent, match="x: 'a' is not a number") as caught:
        wire.encode(module.Event(x="a"))
    assert caught.value.rule == ""


@given(value=st.one_of(st.floats(), st.integers(), st.text(max_size=2), st.none(), st.booleans()))
@thorough(200)
def test_the_encoder_refuses_exactly_what_is_explained(value: Any) -> None:
    module = ruled(["null", "double"], rule("this > -100.0"), rule("this / 2.0 < 30.0", "half"))
    event = module.Event(x=value)
    try:
        module.EVENT.encode(event)
    except Exception:  # noqa: BLE001 - whatever it stumbles over
        assert first_problem(event) is not None
    else:
        assert first_problem(event) is None


@pytest.mark.parametrize(
    ("rules", "why"),
    [
        ([rule("this > -100")], "a double is compared with an int\n  next: write the number as a"),
        ([rule("this > ")], "a value is missing at the end"),
        ([rule("isEmail(this)")], "isEmail() is not supported"),
        ([rule("now > this")], "unknown name 'now'"),
        ([rule("this")], "a double is no condition"),
        ([{"name": "n"}], "a rule needs the key 'expr', which is text"),
        ([rule("this > 0.0"), rule("this < 9.0")], "the rule 'plausible' is there twice"),
        ([rule("this > 0.0") | {"sql": "x > 0"}], "'sql' in a rule is not supported"),
        ({"name": "n"}, "confluent:rules is no list"),
    ],
)
def test_check_refuses_a_rule_that_cannot_be_used_by_name(
    tmp_path: Path, rules: Any, why: str
) -> None:
    fields = [*V1, {"name": "x", "type": "double", "doc": "In °C.", "confluent:rules": rules}]
    write_event(tmp_path, [V1], topic="doors", level="NONE")
    path = tmp_path / "schemas" / "door" / "v2.avsc"
    schema = {"type": "record", "name": "Door", "namespace": "test.doors", "fields": fields}
    path.write_text(json.dumps(schema, indent=2))
    done = Freezer(tmp_path)("schema", "check")
    assert done.returncode == 5, done.stdout
    said = " ".join(done.stdout.split())
    assert "v2.avsc:" in said
    assert why.split("\n", maxsplit=1)[0] in said
    with pytest.raises(SchemaError) as caught:
        module_of(schema)
    assert why in str(caught.value)


def schema_of(expr: str | None, name: str = "plausible") -> Any:
    made = record(("x", "double"))
    if expr is not None:
        made["fields"][0]["confluent:rules"] = [rule(expr, name)]
    return parse(json.dumps(made), "v.avsc")


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        (None, "this > 0.0", Code.RULE_ADDED),
        ("this > 0.0", "this > 1.0", Code.RULE_CHANGED),
        ("this > 0.0", "this >= 0.0", None),
        ("this >= 0.0", "this > 0.0", Code.RULE_CHANGED),
        ("this > 0.0", "this > -1.0", None),
        ("this > 0.0 && this < 9.0", "this  <  9.0", None),
        ("this < 9.0", "this < 9.0 && this > 0.0", Code.RULE_CHANGED),
        ("this > 0.0", None, None),
        ("this != 1.0", "this != 2.0", Code.RULE_CHANGED),
    ],
)
def test_compare_reports_a_rule_that_data_which_is_there_may_break(
    old: str | None, new: str | None, code: Code | None
) -> None:
    found = [each for each in compare(schema_of(old), schema_of(new)) if each.kind is Kind.MEANING]
    assert [each.code for each in found] == ([code] if code else [])
    words = [each.words for each in changes(schema_of(old), schema_of(new))]
    assert words == ([] if old == new else words)
    assert all("rule plausible" in each for each in words)
    assert words or old == new


def test_a_break_that_depends_on_the_data_can_be_accepted_with_a_reason(tmp_path: Path) -> None:
    strict = [V1[0], V1[1] | {"confluent:rules": [rule("this", "open")]}]
    write_event(tmp_path, [V1, strict], topic="doors")
    freezer = Freezer(tmp_path)
    done = freezer("schema", "check")
    assert done.returncode == 5
    assert "RULE_ADDED" in done.stdout
    toml = tmp_path / "schemas" / "door" / "event.toml"
    toml.write_text(toml.read_text() + '[suppress]\nRULE_ADDED = "all doors are open"\n')
    done = freezer("schema", "check")
    assert "RULE_ADDED" not in done.stdout


def test_what_breaks_a_rule_is_counted_by_rule(event_cluster: EventCluster) -> None:
    event = FreezerReading(sensor_id="s", temperature=1.0)
    module = ruled("double", rule("this > 0.0"), rule("this < 9.0", "small"))
    with event_cluster.producer(topic="doors") as producer:
        producer.send(event)
        for value in (-1.0, 1.0, 10.0, 11.0):
            with suppress(InvalidEvent):
                producer.send(module.Event(x=value))
        tally = producer.tally
        assert tally.broken_rules == {"plausible": 1, "small": 2}
        assert "3 rejected (1 by the rule plausible, 2 by the rule small)" in str(tally)
