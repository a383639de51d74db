"""Names: whatever Avro allows works in generation, encoding, JSON, CSV and the simulator."""

from __future__ import annotations

import builtins
import csv
import io
import json
import keyword
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

import pytest

from freezer_events.avro.forms import from_json, to_json
from freezer_events.sources import open_source
from freezer_events.sources.simulator import Simulator
from tests.support.generated import module_of, read, record

if TYPE_CHECKING:
    from pathlib import Path

# Whatever Python, dataclasses, enums or the generated module could have another use for.
AWKWARD: Final = sorted(
    {
        *("from", "from_", "class_", "__op", "mro", "mro_", "field__op", "_x", "__x__", "_"),
        *("self", "cls", "event", "value", "encode", "EVENT", "v1", "low", "body", "EVENTS"),
        *("name", "title", "symbol_x", "auto", "dataclass", "ClassVar", "Final", "Any", "Nanos"),
        *keyword.kwlist,
        *keyword.softkwlist,
        *dir(object),
        *dir(type),
        *dir(StrEnum),
        *(each for each in dir(builtins) if each.isidentifier()),
    }
)
PAIRS: Final = [("from", "from_"), ("class", "class_"), ("__op", "field__op"), ("mro", "mro_")]


def test_fields_of_any_name_are_sent_and_read_in_every_form(tmp_path: Path) -> None:
    schema = record(*((name, "string") for name in AWKWARD))
    module = module_of(schema)
    data = {name: f"value of {name}" for name in AWKWARD}
    event = from_json(module.EVENT)(data)
    assert to_json(event) == data
    assert read(module.encode(event), schema, module.EVENT) == event

    path, rejected = tmp_path / "readings.csv", list[Any]()
    text = io.StringIO()
    csv.writer(text).writerows([list(data), list(data.values())])
    path.write_text(text.getvalue(), encoding="utf-8")
    source = open_source(str(path), module.EVENT, rejected.append, wait=lambda: True)
    assert (list(source), rejected) == ([event], [])
    source.close()

    (simulated,) = Simulator(module.EVENT, count=1, seed=1)
    assert list(to_json(simulated)) == AWKWARD


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_two_fields_that_python_would_call_the_same_stay_two(one: str, other: str) -> None:
    module = module_of(record((one, "int"), (other, "int")))
    event = from_json(module.EVENT)({one: 1, other: 2})
    assert to_json(event) == {one: 1, other: 2}


def test_symbols_of_any_name_are_sent_and_read() -> None:
    symbols = [name for name in AWKWARD if name != "_"]
    schema = record(("part", {"type": "enum", "name": "Part", "symbols": symbols}))
    module = module_of(schema)
    for symbol in symbols:
        event = from_json(module.EVENT)({"part": symbol})
        assert event.part.value == symbol
        assert to_json(read(module.encode(event), schema, module.EVENT)) == {"part": symbol}


def test_records_of_any_name_are_sent_and_read() -> None:
    primitives = {"int", "long", "float", "double", "bytes", "string", "boolean", "null"}
    names = [name for name in AWKWARD if name not in primitives]
    parts = [(f"p{n}", record(("a", ["null", "int"]), name=name)) for n, name in enumerate(names)]
    schema = record(*parts, name="Outer")
    module = module_of(schema)
    data = {f"p{n}": {"a": n} for n in range(len(names))}
    event = from_json(module.EVENT)(data)
    assert to_json(read(module.encode(event), schema, module.EVENT)) == data


@pytest.mark.parametrize(
    "doc", ['One reading, called "event"', '"', "ends in \\", '\\"', '"""', 'a\n"b"', "\u2028x"]
)
def test_a_doc_may_hold_and_end_in_anything(doc: str) -> None:
    enum = {"type": "enum", "name": "Part", "symbols": ["A"], "doc": doc}
    schema = record(("part", enum), doc=doc)
    schema["fields"][0]["doc"] = doc
    module = module_of(schema)
    assert json.loads(module.EVENT.schema)["doc"] == doc
    assert module.Event.__doc__
