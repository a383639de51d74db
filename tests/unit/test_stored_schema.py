"""What Confluent's registry makes of a schema's text says the same as the text."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from freezer_events.avro.parse import parse
from freezer_events.registry.client import same_schema
from tests.support.effort import thorough
from tests.support.schema_pairs import model
from tests.support.stored_schema import stored_schema


@given(seed=st.integers(0, 2**32))
@thorough(200)
def test_a_schema_and_what_the_registry_stores_of_it_are_the_same(seed: int) -> None:
    text = model(Random(seed)).text()
    assert same_schema(text, stored_schema(text))
    assert parse(text, "here").canonical == parse(stored_schema(text), "there").canonical
