"""The compiled decoder reads what the one in Python reads, and refuses what that refuses."""

from __future__ import annotations

import json
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from freezer_events.avro import fast
from freezer_events.avro.default_values import MismatchError
from freezer_events.avro.model import model_of
from freezer_events.avro.parse import parse
from freezer_events.avro.parse.types import RecordType
from freezer_events.errors import SchemaError
from tests.support import schema_pairs
from tests.support.effort import thorough
from tests.support.generated import Sample, module_of, samples, written

if TYPE_CHECKING:
    from collections.abc import Callable

    from freezer_events.avro.parse import Schema

pytestmark = pytest.mark.usefixtures("compiled")
THOROUGH = thorough(250)


def both(writer: Schema, event_type: Any) -> list[Callable[[bytes], Any]]:
    return [fast.decoder(writer, event_type, compiled=compiled) for compiled in (True, False)]


def outcome(decode: Callable[[bytes], Any], body: bytes) -> str:
    """Return the value with all its types, or what is said of the body."""
    try:
        return repr(decode(body))
    except Exception as error:  # noqa: BLE001 - whatever it is, it becomes a BodyError
        return f"{type(error).__name__}: {error}"


@THOROUGH
@given(samples())
def test_an_event_of_any_schema_is_read_as_it_was_sent(sample: Sample) -> None:
    event_type = sample.module.EVENT
    body = written(sample.schema, sample.datum)
    compiled, python = both(model_of(event_type).schema, event_type)
    assert compiled(body) == python(body) == sample.event
    assert outcome(compiled, body) == outcome(python, body)


@THOROUGH
@given(samples(), st.data())
def test_what_is_damaged_is_refused_with_the_same_words(
    sample: Sample, data: st.DataObject
) -> None:
    event_type = sample.module.EVENT
    body = bytearray(written(sample.schema, sample.datum))
    for _ in range(data.draw(st.integers(1, 3))):
        assume(body)
        at = data.draw(st.integers(0, len(body) - 1))
        way = data.draw(st.sampled_from(("flip", "cut", "add")))
        if way == "flip":
            body[at] = data.draw(st.integers(0, 255))
        elif way == "cut":
            del body[at : at + data.draw(st.integers(1, 4))]
        else:
            body[at:at] = data.draw(st.binary(min_size=1, max_size=4))
    compiled, python = both(model_of(event_type).schema, event_type)
    assert outcome(compiled, bytes(body)) == outcome(python, bytes(body))


@thorough(400)
@given(st.integers(0, 2**32))
def test_a_foreign_writers_values_are_read_alike_or_not_at_all(seed: int) -> None:
    rng = Random(seed)
    try:
        old = schema_pairs.model(rng)
        new = schema_pairs.changed(old, rng)
        writer, reader = parse(old.text(), "old.avsc"), parse(new.text(), "new.avsc")
        assume(isinstance(reader.root, RecordType))
        event_type = module_of(json.loads(new.text())).EVENT
        body = schema_pairs.encoded(writer, rng)
    except (SchemaError, schema_pairs.EndlessError, RecursionError):
        assume(False)
    try:
        compiled, python = both(writer, event_type)
    except MismatchError:
        assume(False)
    assert outcome(compiled, body) == outcome(python, body)


@pytest.mark.parametrize(
    "text",
    ["0" * 32, "{01234567-89ab-cdef-0123-456789abcdef}", "01234567-89AB-CDEF-0123-456789ABCDEF"],
)
def test_a_uuid_in_a_form_of_its_own_is_read(text: str) -> None:
    kind = {"type": "string", "logicalType": "uuid"}
    schema = {"type": "record", "name": "Event", "fields": [{"name": "id", "type": kind}]}
    event_type = module_of(schema).EVENT
    compiled, python = both(model_of(event_type).schema, event_type)
    body = bytes([len(text) * 2]) + text.encode()
    assert outcome(compiled, body) == outcome(python, body)
    assert compiled(body).id.is_safe is python(body).id.is_safe
    assert hash(compiled(body)) == hash(python(body))
