"""Example values, golden files and the lock: what a release keeps of a version."""

from __future__ import annotations

import io
import json
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from fastavro import parse_schema, schemaless_reader

from freezer_events.avro.parse import Schema, parse
from freezer_events.avro.parse.types import RecordType
from freezer_events.avro.wire import decode, encode
from freezer_events.errors import SchemaError
from freezer_events.schema import golden
from freezer_events.schema.catalogue import EventSpec
from freezer_events.schema.examples import examples
from freezer_events.schema.golden_file import GoldenFile
from freezer_events.schema.levels import Level
from freezer_events.schema.lock import Entry, Lock
from tests.support.generated import module_of, moved, record
from tests.support.schema_pairs import endless, model

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from freezer_events.event import EventType


def schema_of(value: Any) -> Schema:
    return parse(json.dumps(value), "v1.avsc")


def type_of(value: Any) -> EventType:
    event: EventType = module_of(value).EVENT
    return event


def test_examples_of_any_schema_are_sent_and_read_back() -> None:
    tried = 0
    for seed in range(300):
        text = model(Random(seed)).text()
        schema = parse(text, "v1.avsc")
        if not isinstance(schema.root, RecordType):
            continue
        event_type = type_of(json.loads(text))
        try:
            made = examples(event_type)
        except SchemaError:
            assert endless(schema), text
            continue
        for event in made:
            assert decode(encode(event), text, event_type) == event
        tried += 1
    assert tried > 200


@pytest.mark.parametrize("branches", [["null", "Node"], ["Node", "null"], ["Node", "Node2", "int"]])
def test_examples_of_a_recursive_type_end(branches: list[str]) -> None:
    other = {"type": "record", "name": "Node2", "fields": [{"name": "next", "type": "Node"}]}
    value = record(("other", ["null", other]), ("next", branches), name="Node")
    assert len(examples(type_of(value))) == 2


def test_a_type_that_no_value_fits_is_refused_at_its_place() -> None:
    with pytest.raises(SchemaError, match=r"no value fits"):
        examples(type_of(record(("next", "Node"), name="Node")))


def test_golden_files_tell_the_branches_of_a_union_apart(tmp_path: Path) -> None:
    parts = [{"type": "record", "name": n, "fields": [{"name": "x", "type": "int"}]} for n in "AB"]
    door = {"type": "enum", "name": "Door", "symbols": ["OPEN", "SHUT"]}
    event = an_event(tmp_path, record(("part", parts), ("door", ["string", door])))
    kept = json.loads(golden.fresh(event, 1, [1]))
    assert kept["form"] == 2
    assert [each["reads"]["1"] for each in kept["examples"]] == [
        {"part": {"test.A": {"x": 0}}, "door": {"string": ""}},
        {"part": {"test.B": {"x": 2**31 - 1}}, "door": {"test.Door": "SHUT"}},
    ]


def test_a_reading_of_another_branch_is_a_mismatch(tmp_path: Path) -> None:
    door = {"type": "enum", "name": "Door", "symbols": ["OPEN", "SHUT"]}
    event = an_event(tmp_path, record(("door", ["string", door])))
    text = golden.fresh(event, 1, [1])
    golden.path(event, 1).parent.mkdir()
    golden.path(event, 1).write_text(text, encoding="utf-8")
    assert list(golden.mismatches(event, 1, [1])) == []
    other = text.replace('"test.Door"', '"string"')
    golden.path(event, 1).write_text(other, encoding="utf-8")
    (why,) = golden.mismatches(event, 1, [1])
    assert """{"door": {"test.Door": "SHUT"}} instead of {"door": {"string": "SHUT"}}""" in why


def earlier_form(schema: Schema, made: list[Any]) -> list[Any]:
    """Return what a golden file of form 1 held: fastavro's reading, without logical types."""
    plain = parse_schema(without_logical_types(schema.parsed), _ignore_default_error=True)
    found = []
    for event in made:
        body = encode(event)
        stream = io.BytesIO(body)
        datum = schemaless_reader(
            stream, plain, plain, return_record_name=True, return_record_name_override=True
        )
        assert not stream.read()
        found.append({"hex": body.hex(), "reads": {"1": as_json(datum)}})
    return found


def without_logical_types(schema: Any) -> Any:
    if isinstance(schema, list):
        return [without_logical_types(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: value if key == "default" else without_logical_types(value)
        for key, value in schema.items()
        if key != "logicalType"
    }


def as_json(value: Any) -> Any:
    if isinstance(value, bytes):
        return {"bytes": value.hex()}
    if isinstance(value, dict):
        return {key: as_json(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [as_json(each) for each in value]
    return value


def test_a_file_of_the_earlier_form_is_converted_once_all_of_it_agrees(tmp_path: Path) -> None:
    """What fastavro reads, whose bytes and values they were, agrees with what a consumer reads."""
    tried = spoilt = 0
    for seed in range(250):
        value = moved(json.loads(model(Random(seed)).text()))
        schema = schema_of(value)
        if not isinstance(schema.root, RecordType) or endless(schema):
            continue
        folder = tmp_path / str(seed)
        (folder / "golden").mkdir(parents=True)
        event = an_event(folder, value)
        was = earlier_form(schema, examples(type_of(value)))
        path = golden.path(event, 1)
        path.write_text(json.dumps(was), encoding="utf-8")
        assert golden.is_earlier(event, 1)
        assert list(golden.mismatches(event, 1, [1])) == []
        now = json.loads(golden.fresh(event, 1, [1]))
        assert [each["hex"] for each in now["examples"]] == [each["hex"] for each in was]
        path.write_text(json.dumps(now), encoding="utf-8")
        assert list(golden.changed(event, 1, GoldenFile.parse(path, json.dumps(was)))) == []
        tried += 1
        for wrong in spoilings(was[1]["reads"]["1"], Random(seed)):
            other = [was[0], was[1] | {"reads": {"1": wrong}}]
            earlier = GoldenFile.parse(path, json.dumps(other))
            assert list(golden.changed(event, 1, earlier)) == [2], (value, wrong)
            path.write_text(json.dumps(other), encoding="utf-8")
            with pytest.raises(SchemaError, match="instead of"):
                golden.fresh(event, 1, [1])
            spoilt += 1
    assert tried > 150
    assert spoilt > 300


def spoilings(reading: Any, rng: Random) -> list[Any]:
    """Return the reading with one value at a time replaced by another."""
    places = list(leaves(reading, ()))
    return [replaced(reading, each) for each in rng.sample(places, min(3, len(places)))]


def leaves(value: Any, path: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, dict | list):
        for key, each in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(each, (*path, key))
    else:
        yield path


def replaced(value: Any, path: tuple[Any, ...]) -> Any:
    if path:
        made = value.copy()
        made[path[0]] = replaced(value[path[0]], path[1:])
        return made
    match value:
        case bool() | None:
            return 7
        case int() | float():
            return value - 1
        case str():
            # The hex of bytes, a symbol, a text.
            return f"{value}00"
    raise AssertionError(value)


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
