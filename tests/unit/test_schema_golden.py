"""Example values, golden files and the lock: what a release keeps of a version."""

from __future__ import annotations

import io
import json
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from fastavro import schemaless_reader, schemaless_writer

from freezer_events.avro.parse import Schema, parse
from freezer_events.errors import SchemaError
from freezer_events.schema import golden
from freezer_events.schema.catalogue import EventSpec
from freezer_events.schema.examples import examples
from freezer_events.schema.levels import Level
from freezer_events.schema.lock import Entry, Lock
from tests.support.generated import record
from tests.support.schema_pairs import endless, model

if TYPE_CHECKING:
    from pathlib import Path


def schema_of(value: Any) -> Schema:
    return parse(json.dumps(value), "v1.avsc")


def test_examples_of_any_schema_fit_it() -> None:
    tried = 0
    for seed in range(300):
        schema = parse(model(Random(seed)).text(), "v1.avsc")
        plain = parse(json.dumps(golden.without_logical_types(schema.parsed)), "v1.avsc").fastavro
        try:
            made = examples(schema)
        except SchemaError:
            assert endless(schema), schema.text
            continue
        for datum in made:
            stream = io.BytesIO()
            schemaless_writer(stream, plain, datum)
            stream.seek(0)
            schemaless_reader(stream, plain, None)
            assert not stream.read()
        tried += 1
    assert tried > 200


@pytest.mark.parametrize("branches", [["null", "Node"], ["Node", "null"], ["Node", "Node2", "int"]])
def test_examples_of_a_recursive_type_end(branches: list[str]) -> None:
    other = {"type": "record", "name": "Node2", "fields": [{"name": "next", "type": "Node"}]}
    value = record(("other", ["null", other]), ("next", branches), name="Node")
    assert len(examples(schema_of(value))) == 2


def test_a_type_that_no_value_fits_is_refused_at_its_place() -> None:
    with pytest.raises(SchemaError, match=r"v1.avsc:1:1: no value fits"):
        examples(schema_of(record(("next", "Node"), name="Node")))


def test_golden_files_tell_records_of_a_union_apart(tmp_path: Path) -> None:
    parts = [{"type": "record", "name": n, "fields": [{"name": "x", "type": "int"}]} for n in "AB"]
    event = an_event(tmp_path, record(("part", parts), ("id", ["null", "string"], None)))
    kept = json.loads(golden.fresh(event, 1, [1]))
    assert [each["reads"]["1"]["part"] for each in kept] == [
        ["test.A", {"x": 0}],
        ["test.B", {"x": 2**31 - 1}],
    ]


def test_a_reader_that_cannot_read_is_told_before_anything_is_kept(tmp_path: Path) -> None:
    event = an_event(tmp_path, record(("a", "string")), record(("a", "int")))
    assert list(golden.trial(event, 1, [1])) == []
    assert "v2 cannot read what v1 wrote" in next(golden.trial(event, 1, [2]))
    with pytest.raises(SchemaError, match="v2 cannot read what v1 wrote"):
        golden.fresh(event, 1, [1, 2])


def test_a_lock_reads_back_as_it_was_written(tmp_path: Path) -> None:
    odd = schema_of(record(("a", "string"), doc='A "doc" \\ with \x7f and \u4e16 and \n lines.'))
    lock = Lock().with_entry(2, Entry.of(odd))
    lock = lock.with_entry(10, Entry.of(odd)).with_entry(1, Entry.of(odd))
    (tmp_path / "lock").write_text(lock.text(), encoding="utf-8")
    again = Lock.read(tmp_path)
    assert again.entries == lock.entries
    assert again.released == [1, 2, 10]
    assert again.text() == lock.text()


def test_line_ends_of_a_checkout_are_no_change(tmp_path: Path) -> None:
    event = an_event(tmp_path, record(("a", "string")))
    path = event.path(1)
    path.write_bytes(b'{"type": "record", "name": "E",\n "fields": []}\n')
    lock = Lock({1: Entry.of(event.schema(1))})
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert lock.violations(event) == []
    path.write_bytes(path.read_bytes().replace(b'"E"', b'"F"'))
    assert [version for version, _ in lock.violations(event)] == [1]


def an_event(folder: Path, *versions: Any) -> EventSpec:
    paths = {}
    for number, value in enumerate(versions, 1):
        paths[number] = folder / f"v{number}.avsc"
        paths[number].write_text(json.dumps(value), encoding="utf-8")
    return EventSpec("door-event", folder, "doors", 3, None, Level.FULL, 1, versions=paths)
