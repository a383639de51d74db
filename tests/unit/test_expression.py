"""Conditions of `--where` and rules: what they mean, beside cel-python, and what they refuse."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any
from uuid import UUID

import pytest
import re2
from hypothesis import given
from hypothesis import strategies as st

from freezer_events.avro.expression.condition import condition_on_event, condition_on_mapping
from freezer_events.avro.expression.pattern import python_pattern
from freezer_events.avro.expression.tree import BadExpression
from freezer_events.errors import UsageError
from tests.support.cel import SAMPLE, celpy_answer, expressions, samples
from tests.support.effort import thorough
from tests.support.generated import module_of, record

Sample = module_of(SAMPLE).Sample
EVENT = Sample.__event__


@given(text=expressions(), values=samples())
@thorough(400)
def test_an_event_is_judged_as_cel_python_does(text: str, values: dict[str, Any]) -> None:
    assert condition_on_event(text, EVENT)(Sample(**values)) == celpy_answer(text, values)


@given(text=expressions(), values=samples())
@thorough(200)
def test_a_mapping_of_which_nothing_is_known_is_judged_alike(
    text: str, values: dict[str, Any]
) -> None:
    assert condition_on_mapping(text)(values) == celpy_answer(text, values)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("level > 1", True),  # an int and a double, by value
        ("count == 2.0", True),
        ("count in [1.0, 2.0]", True),
        ("9007199254740993 > 9007199254740992.0", True),  # exactly: no rounding on the way
        ("count_or_null > 1", None),  # null has no order
        ("count_or_null == null", True),
        ("count_or_null != 1", True),
        ("count_or_null > 1 || level > 1.0", True),  # the side that decides
        ("count_or_null > 1 && level < 1.0", False),
        ("count_or_null > 1 && level > 1.0", None),
        ("count / 0 == 1", None),
        ("9223372036854775807 + count > 0", None),
        ("-7 / 2 == -3 && -7 % 3 == -1", True),
        ("size('é😀') == 2 && size(b'é') == 2", True),
        ("0.0 / 0.0 == 0.0 / 0.0", False),
        ("1.0 / 0.0 > 1e308", True),
        ("name.matches('a$')", False),  # $ is the end, not the place before a last newline
        ("has(labels.room) && labels.room == 'cold'", True),
        ("labels.shelf == 'x'", None),
        ("'room' in labels", True),
        ("open ? level > 1.0 : false", True),
        ("0x1F == 31 && 1e3 == 1000.0 && .5 < 1.0 // half", True),
        (r"'\x41\u0042\101' == 'ABA' && r'\n' == '\\n'", True),
    ],
)
def test_what_cel_says(text: str, answer: bool | None) -> None:  # noqa: FBT001
    values: dict[str, Any] = {
        "count": 2,
        "other": 0,
        "level": 1.5,
        "ratio": 0.0,
        "name": "a\n",
        "label": "",
        "raw": b"",
        "open": True,
        "on": False,
        "counts": [1],
        "names": [],
        "labels": {"room": "cold"},
        "count_or_null": None,
    }
    assert condition_on_event(text, EVENT)(Sample(**values)) is answer
    assert condition_on_mapping(text)(values) is answer


def test_what_a_schema_says_more_of_is_compared_as_what_cel_sees() -> None:
    door = {"type": "enum", "name": "Door", "symbols": ["OPEN", "SHUT"]}
    inner = record(("id", {"type": "string", "logicalType": "uuid"}), name="Inner")
    module = module_of(record(("door", door), ("from", "string"), ("inner", ["null", inner])))
    number = UUID("12345678-1234-5678-1234-567812345678")
    event = module.Event(door=module.Door.OPEN, from_="a", inner=module.Inner(id=number))
    text = f"door == 'OPEN' && from == 'a' && inner.id == '{number}' && has(inner.id)"
    assert condition_on_event(text, module.EVENT)(event) is True
    without = module.Event(door=module.Door.OPEN, from_="a", inner=None)
    assert condition_on_event("inner.id == 'a'", module.EVENT)(without) is None
    assert condition_on_event("inner != null", module.EVENT)(without) is False


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "column 1: a value is missing at the end"),
        ("level >", "column 8: a value is missing at the end"),
        ("level = 1.0", "column 7: '=' means nothing here; equality is =="),
        ("level > 1.0 and open", "column 13: 'and' is one too many here"),
        ("leveI > 1.0", "column 1: unknown name 'leveI'\n  next: did you mean 'level'?"),
        ("name > 3", "a string is compared with an int"),
        ("level", "a double is no condition"),
        ("count + 1.5 > 2.0", "an int + a double has no value\n  next: write the number as a dou"),
        ("size(count) > 1", "an int has no size"),
        ("int(level) > 3", "int() is not supported\n  next: known are size, has,"),
        ("names.exists(n, n == 'a')", "exists() is not supported"),
        ("names[0] == 'a'", "an index ([…) is not supported"),
        ("{'a': 1} == {}", "a map that is written out ({…}) is not supported"),
        ("count > 1u", "unsigned numbers (1u) are not supported"),
        ("name == '''a'''", "triple quotes are not supported"),
        ("name == 'a", "the quote is never closed"),
        ("9223372036854775808 > count", "9223372036854775808 is no 64-bit number"),
        ("name.matches(label)", "must be written out as a string"),
        ("name.matches('(?=a)')", "(?=… is not supported"),
        (r"name.matches(r'(a)\1')", r"\1 is not supported"),
        ("name.matches('(a+)+')", "repeats a group that holds a choice or a repetition"),
        ("name.matches('a{1001}')", "repeats more than 1000 times"),
        ("labels == labels", "a map cannot be compared"),
        ("1 in ['a']", "an int is compared with a string"),
        ("count in [1, 'a']", "a list of several kinds: int, string"),
        ("has(name)", "has() takes one field"),
        ("(" * 60 + "open" + ")" * 60, "nested more than 40 levels deep"),
        ("open" + " || open" * 60, "more than 40 in a row of '||'"),
        ("!" * 60 + "open", "nested more than 40 levels deep"),
        ("open || " * 2000, "is longer than 4096 characters"),
        ("name == '\ud800'", "no character"),
    ],
)
def test_what_is_none_or_beyond_is_refused_by_name(text: str, why: str) -> None:
    with pytest.raises(UsageError) as caught:
        condition_on_event(text, EVENT)
    assert why in str(caught.value)


@given(text=st.text(max_size=30))
@thorough(300)
def test_any_text_is_an_expression_or_refused(text: str) -> None:
    with suppress(UsageError):
        assert condition_on_mapping(text)({}) in {True, False, None}


@given(
    pattern=st.text("ab.^$|()[]-*+?\\dswDWSbz{}1,:x\n", max_size=8),
    text=st.text("ab1 \n\v-é", max_size=6),
)
@thorough(1500)
def test_a_pattern_finds_what_re2_finds(pattern: str, text: str) -> None:
    try:
        made = python_pattern(pattern, 0)
    except BadExpression:
        return
    assert (re.search(made, text, re.ASCII) is None) == (re2.search(pattern, text) is None)
