"""Generated modules as a user meets them: types, names, docs, defaults, and the package."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from dataclasses import MISSING, fields
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, get_type_hints
from uuid import UUID

import pytest
from hypothesis import Phase, given, seed, settings

from freezer_events.avro.forms import from_json
from freezer_events.avro.parse import parse
from freezer_events.avro.parse.types import PRIMITIVES
from freezer_events.errors import SchemaError
from freezer_events.schema.catalogue import Catalogue
from freezer_events.schema.event_types import import_package
from freezer_events.schema.generate import (
    GeneratedModule,
    module_name,
    module_source,
    package_source,
)
from freezer_events.schema.generated import stale
from tests.support.generated import module_of, read, record, schemas, written

ROOT = Path(__file__).parents[2]
TIME = {"type": "long", "logicalType": "timestamp-millis"}
ID = {"type": "string", "logicalType": "uuid"}
QUALITY = {
    "type": "enum",
    "name": "Quality",
    "symbols": ["UNKNOWN", "GOOD", "None", "title", "_x", "mro"],
    "default": "UNKNOWN",
}
DEVICE = record(("model", "string"), ("firmware", ["null", "string"], None), name="Device")
EVERY_KIND = record(
    ("text", "string"),
    ("number", "double", 1.5),
    ("at", ["null", TIME], None),
    ("again", ["null", "Event"], None),
    ("quality", QUALITY, "UNKNOWN"),
    ("grade", "Quality", "GOOD"),
    ("device", ["null", DEVICE], None),
    ("devices", {"type": "map", "values": {"type": "array", "items": "Device"}}),
    ("mixed", ["null", "string", "long", "Device", {"type": "array", "items": ID}]),
    ("amount", {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2}),
    ("day", {"type": "int", "logicalType": "date"}),
    ("hash", {"type": "fixed", "size": 4, "name": "Hash"}),
    ("same_hash", "Hash"),
)
# Names that Python, the class body or the module use for something else.
HIDING = record(
    *(("from", "string"), ("str", ["null", "string"], None), ("list", "int"), ("self", "int")),
    *(("datetime", ["null", TIME], None), ("until", ["null", TIME], None)),
    *(("ClassVar", "int"), ("EventType", "int"), ("__event__", "int"), ("__x", "int")),
    ("Quality", ["null", {**QUALITY, "default": "UNKNOWN"}], None),
    ("grade", "Quality", "UNKNOWN"),
    ("items", {"type": "array", "items": "string"}),
    ("Event", ["null", "Event"], None),
    ("UUID", record(("x", ["null", ID]), name="UUID")),
    name="Event",
)


def source(schema: Any, event: str = "door-event", **changes: Any) -> str:
    return generated(schema, event, **changes).text


def generated(schema: Any, event: str = "door-event", **changes: Any) -> GeneratedModule:
    options: dict[str, Any] = {
        "version": 1,
        "topic": "doors",
        "key": None,
        "fill": {},
        "default": False,
        "source_name": "v1.avsc",
    }
    text = json.dumps(schema) if not isinstance(schema, str) else schema
    return module_source(event=event, schema=parse(text, "v1.avsc"), **(options | changes))


def test_attributes_have_the_types_that_the_schema_means() -> None:
    module = module_of(EVERY_KIND)
    shown = {each.name: each.type for each in fields(module.Event)}
    assert shown == {
        "text": "str",
        "number": "float",
        "at": "datetime | None",
        "again": "Event | None",
        "quality": "Quality",
        "grade": "Quality",
        "device": "Device | None",
        "devices": "dict[str, list[Device]]",
        "mixed": "str | int | Device | list[UUID] | None",
        "amount": "Decimal",
        "day": "date",
        "hash": "bytes",
        "same_hash": "bytes",
    }


def test_only_null_and_unknown_are_constructor_defaults() -> None:
    module = module_of(EVERY_KIND)
    optional = {each.name: each.default for each in fields(module.Event)}
    assert {name for name, default in optional.items() if default is not MISSING} == {
        *("at", "again", "quality", "device"),
    }
    assert optional["quality"] is module.Quality.UNKNOWN


def test_an_array_or_map_default_is_made_anew_for_each_event() -> None:
    schema = record(
        ("_field", ["null", "int"], None),
        ("tags", {"type": "array", "items": "string"}, ["a"]),
        ("days", {"type": "array", "items": {"type": "int", "logicalType": "date"}}, [1]),
        ("labels", {"type": "map", "values": QUALITY}, {"x": "GOOD"}),
        ("maybe", [{"type": "array", "items": "int"}, "null"], []),
        ("EVENT", "int"),
    )
    module = module_of(schema)
    event = module.Event(EVENT=1)
    assert event.tags == ["a"]
    assert event.days == [date(1970, 1, 2)]
    assert event.labels == {"x": module.Quality.GOOD}
    assert event.maybe == []
    assert read(module.encode(event), schema, module.EVENT) == event
    assert from_json(module.EVENT)({"EVENT": 1}) == event
    event.tags.append("b")
    assert module.Event(EVENT=1).tags == ["a"]


def test_a_module_of_an_older_generator_is_named_with_the_way_out(tmp_path: Path) -> None:
    text = source(record(("part", "string")))
    older = text.replace("    read_model=_read_model,\n", "    decode=encode,\n")
    older = re.sub(r"    generator=\d+,\n", "", older)
    (tmp_path / "__init__.py").write_text(older, encoding="utf-8")
    with pytest.raises(SchemaError, match="older version of freezer-events") as caught:
        import_package(tmp_path)
    assert "freezer schema generate" in str(caught.value)


def test_docs_of_record_and_fields_become_the_docstring_whatever_they_hold() -> None:
    schema = record(("part", "string"), doc='Say "when"\\ """ and more.')
    schema["fields"][0]["doc"] = 'A part;\n in \\x degrees"'
    doc = str(module_of(schema).Event.__doc__)
    assert doc.startswith("Say \"when\"\\ ''' and more.")
    assert 'part: A part; in \\x degrees"' in doc


def test_names_that_python_needs_itself_get_another_one() -> None:
    module = module_of(HIDING)
    names = [each.name for each in fields(module.Event)]
    assert names[:4] == ["from_", "str", "list", "self"]
    assert {"field__event__", "field__x"} < set(names)
    assert module.EVENT.types["test.UUID"].__name__ == "UUID_"
    hints = get_type_hints(module.Event, vars(module))
    assert hints["until"] == datetime | None
    assert module.Quality.title_ == "title"
    assert [each.value for each in module.Quality] == QUALITY["symbols"]


def private_names() -> list[str]:
    """Return every name that a generated module uses for itself: locals, helpers, tables."""
    inner = record(("at", ["null", TIME]), ("sizes", {"type": "map", "values": "long"}), name="In")
    schema = record(("one", inner), ("some", {"type": "array", "items": "In"}), ("grade", QUALITY))
    tree = ast.parse(source(schema))
    names = {each.id for each in ast.walk(tree) if isinstance(each, ast.Name)}
    names |= {each.arg for each in ast.walk(tree) if isinstance(each, ast.arg)}
    names |= {each.name for each in ast.walk(tree) if isinstance(each, ast.FunctionDef)}
    return sorted(names - {"Event", "In", "Quality"})


def test_a_type_may_have_any_name_that_the_generated_code_uses_for_itself() -> None:
    names = [name for name in private_names() if name not in PRIMITIVES]
    assert {"body", "value", "v1", "_encode_1", "_COUNT", "_Quality_bytes"} < set(names)
    for name in names:
        part = record(("a", ["null", TIME]), ("b", ["null", "string"]), name=name)
        grade = {"type": "enum", "name": f"{name}2", "symbols": ["A"]}
        either = ["null", "string", f"test.{name}"]
        schema = record(("one", part), ("many", {"type": "array", "items": either}), ("g", grade))
        for used in (schema, json.loads(json.dumps(schema).replace(f"{name}2", "_swapped"))):
            module = module_of(used)
            made = module.EVENT.types[f"test.{name}"]
            one = made(a=datetime(2026, 1, 1, tzinfo=UTC), b=None)
            event = module.Event(one=one, many=[one, "x", None], g=_only_member(module))
            assert read(module.encode(event), used, module.EVENT) == event, name


def _only_member(module: Any) -> Any:
    enums = [each for each in module.EVENT.types.values() if issubclass(each, StrEnum)]
    return next(iter(enums[0]))


def test_the_contract_names_attributes_and_every_type() -> None:
    module = module_of(HIDING, key="from", fill={"datetime": "now"}, version=3, default=True)
    event_type = module.EVENT
    assert module.Event.__event__ is event_type
    assert (event_type.name, event_type.version, event_type.topic) == ("door-event", 3, "doors")
    assert (event_type.key, event_type.fill) == ("from_", {"datetime": "now"})
    assert event_type.default is True
    assert event_type.types == {
        "test.Event": module.Event,
        "test.Quality": module.Quality,
        "test.UUID": module.UUID_,
    }
    assert json.loads(event_type.schema) == HIDING


def test_the_same_schema_gives_the_same_text() -> None:
    assert source(EVERY_KIND) == source(EVERY_KIND)


def test_the_committed_events_are_what_generation_gives() -> None:
    assert stale(Catalogue(ROOT / "schemas", ROOT / "producer/freezer_events/events"))[0] == []


def test_generated_code_passes_mypy_strict_under_any_package_name(tmp_path: Path) -> None:
    package = tmp_path / "their_events"
    package.mkdir()
    other = generated(json.dumps(HIDING).replace('"Event"', '"Other"'), event="other")
    freezer = (ROOT / "schemas" / "freezer-reading" / "v3.avsc").read_text(encoding="utf-8")
    third = generated(freezer, event="freezer-reading", version=3, fill={"recorded_at": "now"})
    modules = [generated(EVERY_KIND), third, other]
    for each in modules:
        (package / f"{module_name(each.event)}.py").write_text(each.text, encoding="utf-8")
    (package / "__init__.py").write_text(package_source(modules), encoding="utf-8")
    (tmp_path / "use.py").write_text(
        "from datetime import datetime\n"
        "from uuid import UUID\n"
        "from their_events import EVENTS, Event, FreezerReading, Other\n"
        "from freezer_events.event import EventType\n"
        "kind: EventType = EVENTS['door-event']\n"
        "assert list(EVENTS) == ['door-event', 'freezer-reading', 'other'], EVENTS\n"
        "reading = FreezerReading(sensor_id='sensor0', temperature=-3.2)\n"
        "at: datetime | None = reading.recorded_at\n"
        "made: tuple[UUID | None, str] = (reading.event_id, reading.quality.value)\n"
        "assert EVENTS['other'].record is Other\n",
        encoding="utf-8",
    )
    ran = subprocess.run(
        [sys.executable, "use.py"],
        cwd=tmp_path,
        env={"PYTHONPATH": f"{ROOT / 'producer'}"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ran.returncode == 0, ran.stderr
    checked = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--config-file=", "use.py", "their_events"],
        cwd=tmp_path,
        env={"MYPYPATH": f"{ROOT}"},
        capture_output=True,
        text=True,
        check=False,
        timeout=150,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_mypy_strict_passes_for_the_modules_of_300_random_schemas(tmp_path: Path) -> None:
    package = tmp_path / "their_events"
    package.mkdir()
    modules: list[GeneratedModule] = []

    @seed(20261126)
    @settings(max_examples=330, deadline=None, database=None, phases=[Phase.generate])
    @given(schemas())
    def collect(schema: Any) -> None:
        if len(modules) < 300:
            modules.append(generated(schema, event=f"event-{len(modules)}"))

    collect()
    assert len(modules) == 300
    assert len({each.text.partition("__all__")[2] for each in modules}) > 200
    for each in modules:
        (package / f"{module_name(each.event)}.py").write_text(each.text, encoding="utf-8")
    (package / "__init__.py").write_text(package_source(modules), encoding="utf-8")
    checked = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--config-file=", "their_events"],
        cwd=tmp_path,
        env={"MYPYPATH": f"{ROOT / 'producer'}"},
        capture_output=True,
        text=True,
        check=False,
        timeout=170,
    )
    assert checked.returncode == 0, checked.stdout[-3000:] + checked.stderr


def test_parts_of_the_same_name_in_two_events_stay_in_their_modules() -> None:
    first = generated(record(("device", DEVICE), name="Door"))
    second = generated(record(("device", DEVICE), name="Window"), event="window-event")
    assert exported([first, second]) == {"door_event": {"Door"}, "window_event": {"Window"}}


def test_an_event_keeps_its_name_when_another_event_has_a_part_called_so() -> None:
    door = generated(record(("device", DEVICE), name="Door"))
    device = generated(DEVICE, event="device")
    assert exported([device, door]) == {"device": {"Device"}, "door_event": {"Door"}}
    part = record(("part", "int"), name="Door")
    window = generated(record(("door", part), name="Window"), event="window-event")
    assert exported([door, window])["window_event"] == {"Window"}


def exported(modules: list[GeneratedModule]) -> dict[str, set[str]]:
    """Return the classes that a package takes from each of its modules."""
    tree = ast.parse(package_source(modules))
    found = [each for each in tree.body if isinstance(each, ast.ImportFrom) and each.level]
    return {
        str(each.module): {name.name for name in each.names if name.asname is None}
        for each in found
    }


def test_two_events_of_one_class_name_live_side_by_side(tmp_path: Path) -> None:
    part = record(("part", "int"))
    modules = [generated(part), generated(part, event="window-event")]
    assert exported(modules) == {"door_event": set(), "window_event": set()}
    package = tmp_path / "their_events"
    package.mkdir()
    for each in modules:
        (package / f"{module_name(each.event)}.py").write_text(each.text, encoding="utf-8")
    (package / "__init__.py").write_text(package_source(modules), encoding="utf-8")
    events = import_package(package).EVENTS
    made = {name: each.record for name, each in events.items()}
    assert made["door-event"] is not made["window-event"]
    for name, each in made.items():
        assert each(part=1).__event__ is events[name]


def test_a_package_without_events_is_one_too() -> None:
    assert "EVENTS: Final[Mapping[str, EventType]] = {\n}\n" in package_source([])


def test_defaults_of_a_newer_reader_have_the_generated_types() -> None:
    old = record(("part", "string"))
    new = record(
        ("part", "string"),
        ("at", TIME, 1_700_000_000_123),
        ("id", ID, "00000000-0000-0000-0000-000000000007"),
        ("raw", "bytes", "\u00ff"),
        ("grade", QUALITY, "GOOD"),
        ("number", "double", 3.0),
        ("day", {"type": "int", "logicalType": "date"}, 1),
        ("amount", {"type": "bytes", "logicalType": "decimal", "precision": 4, "scale": 1}, "\x0f"),
        ("either", [TIME, "string"], 5),
        ("device", DEVICE, {"model": "x", "firmware": None}),
    )
    module = module_of(new)
    event = read(written(old, {"part": "x"}), old, module.EVENT)
    assert event.at == datetime(2023, 11, 14, 22, 13, 20, 123000, tzinfo=UTC)
    assert event.id == UUID(int=7)
    assert event.raw == b"\xff"
    assert event.grade is module.Quality.GOOD
    assert str(event.amount) == "1.5"
    assert event.either == datetime(1970, 1, 1, 0, 0, 0, 5000, tzinfo=UTC)
    assert event.device == module.Device(model="x", firmware=None)
    # The encoder takes nothing but the generated types.
    assert module.encode(event)


def test_a_record_default_may_leave_out_fields_that_have_their_own_default() -> None:
    part = record(("size", "int", 3), ("at", ["null", TIME], None), ("id", ID, str(UUID(int=7))))
    old = record(("name", "string"))
    new = record(("name", "string"), ("part", {**part, "name": "Part"}, {"size": 4}))
    module = module_of(new)
    event = read(written(old, {"name": "x"}), old, module.EVENT)
    assert event.part == module.Part(size=4, at=None, id=UUID(int=7))


def test_a_writer_who_means_another_type_is_refused_not_misread() -> None:
    writer, module = record(("at", TIME)), module_of(record(("at", "long")))
    body = written(writer, {"at": datetime(2026, 1, 1, tzinfo=UTC)})
    with pytest.raises(SchemaError, match="at: timestamp-millis is not long"):
        read(body, writer, module.EVENT)


@pytest.mark.parametrize(
    ("schema", "why"),
    [
        ("{", "v1.avsc:1:2: not JSON"),
        ('{"type": "record"}', "v1.avsc:1:1: the key 'name' is missing"),
        ('"string"', "must be a record"),
        ('{"type": "enum", "name": "E", "symbols": ["A"]}', "must be a record"),
        # Names become code, so what is no Avro name must not get there.
        ('{"type": "record", "name": "E:\\n import os", "fields": []}', "is no name"),
        ('{"type": "record", "name": "E", "namespace": "a b", "fields": []}', "is no name"),
        (json.dumps(record(("a b", "int"))), "is no name"),
        (json.dumps(record(("a=print()", "int"))), "is no name"),
        (json.dumps(record(("a", {**QUALITY, "symbols": ["UNKNOWN", "a-b"]}))), "is no name"),
        (json.dumps(record(("a", {**QUALITY, "name": "Q(int)"}))), "is no name"),
        (json.dumps(record(("a", {"type": "fixed", "name": "\u00e9", "size": 1}))), "is no name"),
    ],
)
def test_what_is_no_schema_of_an_event_is_refused_in_a_sentence(schema: str, why: str) -> None:
    with pytest.raises(SchemaError) as caught:
        source(schema)
    assert "v1.avsc" in str(caught.value)
    assert why in str(caught.value)


@pytest.mark.parametrize("event", ["", "Door", "door event", "door-", 'x"""', "1st", "../door"])
def test_an_event_name_that_makes_no_module_is_refused(event: str) -> None:
    with pytest.raises(SchemaError, match="is no event name"):
        source(record(("part", "int")), event=event)


def test_the_name_of_the_file_stays_in_its_comment() -> None:
    text = source(record(("part", "int")), source_name="v1.avsc\nimport antigravity")
    assert text.startswith("# Generated by `freezer schema generate` from v1.avsc import anti")


def test_a_key_or_filled_field_that_the_version_lacks_is_refused() -> None:
    with pytest.raises(SchemaError, match="has no field 'door'"):
        source(record(("part", "int")), key="door")
    with pytest.raises(SchemaError, match="has no field 'at'"):
        source(record(("part", "int")), fill={"at": "now"})
