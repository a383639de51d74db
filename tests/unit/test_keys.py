"""Message keys: their text, and the types that can be one, refused alike everywhere."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from freezer_events.errors import SchemaError, UsageError
from freezer_events.schema.catalogue import Catalogue
from freezer_events.schema.field_spec import FieldSpec
from freezer_events.schema.start import starter
from tests.support.generated import module_of, record

if TYPE_CHECKING:
    from pathlib import Path

    from freezer_events.testing import EventCluster

DOOR = {"type": "enum", "name": "Door", "symbols": ["OPEN", "SHUT"]}


def logical(base: str, kind: str, **more: Any) -> Any:
    return {"type": base, "logicalType": kind, **more}


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        ("string", "sensor0", "sensor0"),
        ({"type": "string", "avro.java.string": "String"}, "sensor0", "sensor0"),
        ("int", -7, "-7"),
        ("long", 2**40, str(2**40)),
        (logical("string", "uuid"), UUID(int=7), str(UUID(int=7))),
        (
            {"type": "fixed", "name": "Id", "size": 16, "logicalType": "uuid"},
            UUID(int=7),
            str(UUID(int=7)),
        ),
        (logical("int", "date"), date(2026, 1, 31), "2026-01-31"),
        (DOOR, "SHUT", "SHUT"),
    ],
)
def test_a_key_is_sent_in_its_text_form(
    event_cluster: EventCluster, kind: Any, value: Any, text: str
) -> None:
    module = module_of(record(("part", kind)), key="part")
    made = module.EVENT.types["test.Door"](value) if kind is DOOR else value
    with event_cluster.producer() as producer:
        producer.send(module.Event(part=made))
    (found,) = event_cluster.records(module.Event)
    assert found.key == text


@pytest.mark.parametrize(
    ("kind", "called"),
    [
        ("double", "double"),
        ("bytes", "bytes"),
        ("boolean", "boolean"),
        (["null", "string"], "a union of null, string"),
        (logical("long", "timestamp-millis"), "timestamp-millis"),
        ({"type": "array", "items": "string"}, "array"),
        ({"type": "fixed", "name": "Id", "size": 4}, "test.Id"),
    ],
)
def test_generate_refuses_a_key_of_any_other_type(kind: Any, called: str) -> None:
    with pytest.raises(
        SchemaError, match=f"the key 'part' is {called}, which cannot be a message key"
    ):
        module_of(record(("part", kind)), key="part")


def test_new_refuses_it_as_well(tmp_path: Path) -> None:
    catalogue = Catalogue(tmp_path, None)
    fields = [FieldSpec.parse("part: double")]
    with pytest.raises(UsageError, match="is double, which cannot be a message key"):
        starter(catalogue, "door-event", "part", fields)
    assert starter(catalogue, "door-event", "part", [FieldSpec.parse("part: uuid")])
