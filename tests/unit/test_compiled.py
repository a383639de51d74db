"""The compiled encoder, built here: takes, refuses and writes what the generated Python does."""

from __future__ import annotations

import importlib
import shutil
import subprocess
from datetime import datetime, time, timedelta, tzinfo
from functools import partial
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from benchmarks import targets
from benchmarks.arrived import prove
from benchmarks.events import BenchReading
from benchmarks.from_c import LIMIT
from benchmarks.ways import COMPILED
from freezer_events.avro import fast
from freezer_events.errors import InvalidEvent
from freezer_events.events import FreezerReading
from tests.support.cel import SAMPLE, expressions
from tests.support.cel import samples as cel_samples
from tests.support.effort import thorough
from tests.support.generated import (
    AWARE,
    Sample,
    events_of,
    module_of,
    record,
    released,
    samples,
    spoiled,
    written,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.way import Way
    from freezer_events.testing import EventCluster

ROOT = Path(__file__).parents[2]
THOROUGH = thorough(250)
NAME = "freezer_events.avro.fast.nodes"

pytestmark = pytest.mark.usefixtures("compiled")


def compiled_encoder(module: Any) -> Callable[[Any], bytes]:
    """Return a module's compiled encoder, None where its schema has a type without a node."""
    return importlib.import_module("freezer_events.avro.fast.node_tree").encoder(module.EVENT)  # type: ignore[no-any-return]


@THOROUGH
@given(samples())
def test_an_event_of_any_schema_has_the_bytes_that_fastavro_writes(sample: Sample) -> None:
    encode = compiled_encoder(sample.module)
    assume(encode)
    assert encode(sample.event) == written(sample.schema, sample.datum)


@THOROUGH
@given(samples(), st.data())
def test_it_refuses_what_the_generated_python_refuses(sample: Sample, data: st.DataObject) -> None:
    encode = compiled_encoder(sample.module)
    assume(encode)
    event = data.draw(st.composite(spoiled)(sample.event))
    assert outcome(encode, event) == outcome(sample.module.encode, event)


def outcome(encode: Callable[[Any], bytes], event: Any) -> bytes | str:
    try:
        return encode(event)
    except Exception:  # noqa: BLE001 - whatever it is, it becomes an InvalidEvent
        return "refused"


@pytest.mark.parametrize(
    "path",
    sorted(
        p for folder in ("schemas", "benchmarks/schemas") for p in ROOT.glob(f"{folder}/*-*/v*")
    ),
    ids=lambda path: f"{path.parent.name} {path.stem}",
)
def test_every_released_version_is_compiled(path: Path) -> None:
    schema = released(path)
    module = module_of(schema)
    encode = compiled_encoder(module)

    @thorough(50)
    @given(events_of(schema, module))
    def check(sample: Sample) -> None:
        assert encode(sample.event) == written(sample.schema, sample.datum)

    check()


def test_types_without_a_node_are_left_to_the_generated_python() -> None:
    decimal = {"type": "bytes", "logicalType": "decimal", "precision": 9}
    for kind in (decimal, ["int", "string"]):
        event_type = module_of(record(("part", kind))).EVENT
        assert fast.encoder(event_type) is event_type.encode


@given(text=expressions(prefix="this."), values=cel_samples())
@thorough(100)
def test_rules_hold_as_they_do_in_python(text: str, values: dict[str, Any]) -> None:
    module = module_of(SAMPLE | {"confluent:rules": [{"name": "r", "expr": text}]})
    event = module.Sample(**values)
    assert outcome(compiled_encoder(module), event) == outcome(module.EVENT.encode, event)


VALUES = [-300.0, -100.0, -99.5, 0, 60.0, 61, None, "a", True, float("nan"), float("inf")]


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize(
    "expr",
    [
        "this > -100.0 && this < 60.0",
        "this >= -100.0 && this <= 60.0 && this < 60.5 && this > -100.5",
        "this <= 60.0",
        "this != 60.0",
    ],
)
def test_a_rule_of_a_field_holds_as_it_does_in_python(expr: str, value: Any) -> None:
    schema = record(("x", ["null", "double"], None))
    schema["fields"][0]["confluent:rules"] = [{"name": "r", "expr": expr}]
    module = module_of(schema)
    event = module.Event(x=value)
    assert outcome(compiled_encoder(module), event) == outcome(module.EVENT.encode, event)


def test_lists_and_maps_count_as_depth_as_they_do_in_python() -> None:
    inner: Any = {"type": "array", "items": ["null", "test.Event"]}
    module = module_of(
        record(("next", {"type": "array", "items": {"type": "map", "values": inner}}))
    )
    encode, event = compiled_encoder(module), module.Event(next=[])
    for _ in range(31):  # a record, a list, a map and a list each
        event = module.Event(next=[{"a": [event]}])
    assert encode(event) == module.encode(event)
    for _ in range(2):
        event = module.Event(next=[{"a": [event]}])
    for each in (encode, module.encode):
        with pytest.raises(RecursionError):
            each(event)


def test_the_limit_of_depth_is_no_higher_where_python_gives_c_code_more() -> None:
    module = module_of(record(("next", ["null", "test.Event"])))
    event = module.Event(next=None)
    for _ in range(1100):
        event = module.Event(next=event)
    with pytest.raises(RecursionError):  # on 3.12 and later, Py_EnterRecursiveCall allows more
        compiled_encoder(module)(event)


def test_an_event_that_is_too_deep_raises_as_python_does() -> None:
    module = module_of(record(("next", ["null", "test.Event"])))
    deep = module.Event(next=None)
    for _ in range(100_000):
        deep = module.Event(next=deep)
    with pytest.raises(RecursionError):
        compiled_encoder(module)(deep)
    while deep is not None:  # or Python itself would go as deep to free it
        deep = deep.next


def test_an_event_encoded_while_another_one_is_does_not_mix_with_it() -> None:
    module = module_of(record(("text", "string"), ("at", timestamp())))
    encode, inner = compiled_encoder(module), module.Event(text="inner", at=AWARE)

    def check() -> None:
        assert encode(inner) == module.encode(inner)

    outer = module.Event(text="outer", at=when(check))
    assert encode(outer) == module.encode(module.Event(text="outer", at=AWARE))


def when(run: Callable[[], object]) -> datetime:
    """Return a time whose zone runs something while the time is encoded."""

    class Zone(tzinfo):
        def utcoffset(self, _: datetime | None) -> timedelta:
            run()
            return timedelta(0)

        def dst(self, _: datetime | None) -> None:
            return None

        def tzname(self, _: datetime | None) -> str:
            return "Zone"

    return AWARE.replace(tzinfo=Zone())


def test_no_node_is_made_by_halves() -> None:
    avro = importlib.import_module(NAME)
    halves: tuple[Callable[[], object], ...] = (
        *(lambda: avro.Optional(None, 0), lambda: avro.Array(None), lambda: avro.Map(None)),
        *(lambda: avro.Enum(str, None), lambda: avro.Encoder(None)),
        *(partial(each.__new__, each) for each in (avro.Optional, avro.Array, avro.Encoder)),
    )
    for make in halves:
        with pytest.raises(TypeError):
            make()


def test_a_node_keeps_what_it_was_made_with() -> None:
    avro = importlib.import_module(NAME)
    module = module_of(record(("all", {"type": "array", "items": "string"})))
    event, array, node = (
        module.Event(all=["a"]),
        avro.Array(avro.String()),
        avro.Record(module.Event),
    )
    node.fill(("all",), (array,))
    array.__init__(avro.Array(avro.String()))
    assert avro.Encoder(node)(event) == module.encode(event)
    assert not hasattr(array, "__setstate_cython__")


def test_a_record_may_be_filled_again_while_it_is_written() -> None:
    avro = importlib.import_module(NAME)
    module = module_of(record(("at", timestamp()), ("text", "string")))
    node = avro.Record(module.Event)
    node.fill(("at", "text"), (avro.Timestamp(1, local=False), avro.String()))
    event = module.Event(at=when(lambda: node.fill((), ())), text="text")
    assert avro.Encoder(node)(event) == module.encode(module.Event(at=AWARE, text="text"))


@pytest.mark.parametrize("answer", [None, b"", b"0" * 15, b"0" * 17, bytearray(16), 5])
def test_a_uuid_that_answers_something_else_is_refused(answer: Any) -> None:
    number = SimpleNamespace(to_bytes=lambda *_: answer)
    odd: Any = type("Odd", (UUID,), {"int": number, "bytes": answer})
    text = {"type": "string", "logicalType": "uuid"}
    fixed = {"type": "fixed", "name": "Id", "size": 16, "logicalType": "uuid"}
    for kind in (text, fixed):
        module = module_of(record(("id", kind)))
        assert outcome(compiled_encoder(module), module.Event(id=object.__new__(odd))) == "refused"


class OddFloat(float):
    def __float__(self) -> float:
        return 7.25


class NoFloat(float):
    def __float__(self) -> float:
        return float("nan")


class OddTime(time):
    @property
    def hour(self) -> int:
        return 1


class OddUuid(UUID):
    @property
    def bytes(self) -> bytes:
        return b"0123456789abcdef"


class Stand:
    """In for a value, as lazily loaded ones are: says to be of its class."""

    def __init__(self, value: Any) -> None:
        self.value = value

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        return type(self.value)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.value, name)

    def __len__(self) -> int:
        return len(self.value)

    def __iter__(self) -> Any:
        return iter(self.value)

    def __float__(self) -> float:
        return float(self.value)

    def __sub__(self, other: Any) -> Any:
        return self.value - other


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        *(("double", each) for each in (OddFloat(1.5), NoFloat(1.5), Stand(1.5), Stand("1"))),
        *(("float", each) for each in (OddFloat(1.5), Stand(1.5), Stand(1e39))),
        ({"type": "array", "items": "int"}, Stand([1, 2])),
        ({"type": "map", "values": "int"}, Stand({"a": 1})),
        ({"type": "int", "logicalType": "time-millis"}, OddTime(12)),
        ({"type": "int", "logicalType": "time-millis"}, Stand(time(12))),
        ({"type": "long", "logicalType": "timestamp-millis"}, Stand(AWARE)),
        ({"type": "fixed", "name": "Id", "size": 16, "logicalType": "uuid"}, OddUuid(int=1)),
        *((kind, Stand(value)) for kind, value in (("string", "a"), ("long", 1), ("null", None))),
    ],
    ids=lambda part: type(part).__name__,  # a Stand's own words hold its address
)
def test_a_value_of_a_class_of_its_own_is_taken_as_the_generated_python_takes_it(
    kind: Any, value: Any
) -> None:
    module = module_of(record(("part", kind), ("last", "string")))
    event = module.Event(part=value, last="")
    assert outcome(compiled_encoder(module), event) == outcome(module.encode, event)


def test_a_map_whose_keys_change_meanwhile_is_refused() -> None:
    module = module_of(record(("all", {"type": "map", "values": timestamp()})))
    encode = compiled_encoder(module)

    def change() -> None:
        found["other"] = found.pop("a")

    for each in (encode, module.encode):
        found = {"a": when(change)}
        with pytest.raises(RuntimeError, match="changed during iteration"):
            each(module.Event(all=found))


def timestamp() -> dict[str, str]:
    return {"type": "long", "logicalType": "timestamp-micros"}


def test_producers_use_it_and_explain_as_before(event_cluster: EventCluster) -> None:
    good = FreezerReading(sensor_id="é" * 40_000, temperature=1.5)
    with event_cluster.producer() as producer:
        producer.send(good)
        with pytest.raises(InvalidEvent, match="temperature: nan is not a finite number"):
            producer.send(FreezerReading(sensor_id="s", temperature=float("nan")))
    assert event_cluster.events(FreezerReading) == [good]
    assert str(producer.tally) == "2 read, 1 rejected, 1 delivered"


def test_it_can_be_left_aside() -> None:
    event_type = BenchReading.__event__
    assert fast.encoder(event_type) is not event_type.encode
    assert fast.encoder(event_type, compiled=False) is event_type.encode


@pytest.mark.skipif(shutil.which("make") is None, reason="no make")
def test_make_clean_removes_it(tmp_path: Path) -> None:
    shutil.copy(ROOT / "Makefile", tmp_path)
    library = tmp_path / "producer/freezer_events/send/fast" / f"nodes{EXTENSION_SUFFIXES[0]}"
    library.parent.mkdir(parents=True)
    library.touch()
    subprocess.run(["make", "clean"], cwd=tmp_path, check=True, capture_output=True)
    assert not library.exists()


@pytest.mark.parametrize("way", [*COMPILED, LIMIT], ids=lambda way: way.name)
def test_its_rows_of_the_benchmarks_deliver_every_event_once_and_equal(way: Way) -> None:
    with targets.mock() as target:
        prove(way, target)
