"""Schemas that say the same are the same, however a person or a registry has written them."""

from __future__ import annotations

import json
from random import Random
from typing import Any

import pytest

from freezer_events.avro.parse import parse
from freezer_events.avro.parse.foreign import parse_foreign
from tests.support.schema_pairs import model

DEVICE = {"type": "record", "name": "Dev", "fields": [{"name": "m", "type": "string"}]}


def event(*fields: Any, **more: Any) -> dict[str, Any]:
    return {"type": "record", "name": "A", "namespace": "f.e", "fields": list(fields), **more}


def same(one: Any, other: Any) -> bool:
    texts = [json.dumps(each) for each in (one, other)]
    strict, foreign = parse(texts[0], "mine"), parse_foreign(texts[1], "theirs")
    return strict.canonical == foreign.canonical


ID = {"name": "id", "type": "string"}


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [
        (
            event({"name": "dev", "type": ["null", DEVICE], "default": None}),
            event(
                {"name": "dev", "type": ["null", DEVICE | {"namespace": "f.e"}], "default": None}
            ),
        ),
        (event({"name": "id", "type": {"type": "string"}}), event(ID)),
        (event(ID), event({"name": "id", "type": {"type": {"type": "string"}}})),
        (event({**ID, "order": "ascending"}), event(ID)),
        (event(ID, aliases=["f.e.Older"]), event(ID, aliases=["Older"])),
        (event(ID), {**event(ID), "name": "f.e.A", "namespace": "ignored"}),
        (
            event({"name": "d", "type": "double", "default": 0}),
            event({"name": "d", "type": "double", "default": 0.0}),
        ),
        (
            event({"name": "d", "type": {"type": "map", "values": "float"}, "default": {"a": 1}}),
            event({"name": "d", "type": {"values": "float", "type": "map"}, "default": {"a": 1.0}}),
        ),
        (
            event(
                {"name": "d", "type": {"type": "bytes", "logicalType": "decimal", "precision": 3}}
            ),
            event(
                {
                    "name": "d",
                    "type": {"type": "bytes", "logicalType": "decimal", "precision": 3, "scale": 0},
                }
            ),
        ),
        (
            event({"name": "a", "type": DEVICE}, {"name": "b", "type": "Dev"}),
            event({"name": "a", "type": DEVICE}, {"name": "b", "type": "f.e.Dev"}),
        ),
    ],
)
def test_ways_of_writing_one_schema_are_one(mine: Any, theirs: Any) -> None:
    assert same(mine, theirs)


@pytest.mark.parametrize(
    "other",
    [
        event(ID, doc="Something."),
        event({**ID, "doc": "Which."}),
        event({**ID, "default": ""}),
        event({**ID, "aliases": ["key"]}),
        event({**ID, "order": "descending"}),
        event({"name": "id", "type": {"type": "string", "logicalType": "uuid"}}),
        event({"name": "id", "type": {"type": "string", "avro.java.string": "String"}}),
        event({**ID, "pii": True}),
        event(ID, aliases=["Older"]),
        event(ID, namespace="f.g"),
        event({"name": "id", "type": ["string"]}),
    ],
)
def test_whatever_else_a_schema_says_makes_it_another(other: Any) -> None:
    assert not same(event(ID), other)


def test_the_order_of_keys_says_nothing_in_any_schema() -> None:
    for seed in range(150):
        text = model(Random(seed)).text()
        turned = json.dumps(_turned(json.loads(text)))
        assert parse(text, "old").canonical == parse_foreign(turned, "turned").canonical


def _turned(value: Any) -> Any:
    if isinstance(value, list):
        return [_turned(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {key: _turned(value[key]) for key in reversed(value)}
