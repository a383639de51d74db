"""Runs of encoded rows: what they say of a table is what reading it row by row says."""

from __future__ import annotations

import string
from typing import Any, Final

import pyarrow as pa
import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from freezer_events.avro.arrow import BatchEncoder, EncodedRun
from freezer_events.avro.keys import key_text
from freezer_events.sources import Profile
from freezer_events.sources.arrow_rows import ArrowRows
from freezer_events.sources.columnar import ColumnarSource
from tests.support.effort import thorough
from tests.support.generated import module_of, record
from tests.support.readings import Encoded, in_runs

ENUM = {"type": "enum", "name": "Door", "symbols": ["OPEN", "SHUT"]}
INNER = record(("n", "long"), ("text", ["null", "string"], None), name="Inner")


def logical(base: str, name: str) -> dict[str, str]:
    return {"type": base, "logicalType": name}


TYPES: Final[tuple[Any, ...]] = (
    *("boolean", "int", "long", "float", "double", "string", "bytes"),
    *(ENUM, INNER, logical("string", "uuid"), logical("int", "date")),
    *(logical("int", "time-millis"), logical("long", "time-micros")),
    *(
        logical("long", f"{local}timestamp-{unit}")
        for local in ("", "local-")
        for unit in ("millis", "micros", "nanos")
    ),
    ["null", "string", "long"],
)

UUIDS = ("12345678-1234-5678-1234-567812345678", "12345678-1234-5678-1234-56781234567A")
WORDS = st.sampled_from(
    ["OPEN", "SHUT", "", " ", "sensor0", "a\tb", "é", *UUIDS, "{x}", "1", "x" * 99]
)
TEXTS = WORDS | st.text(max_size=5) | st.text(string.ascii_letters, max_size=80)
NUMBERS = st.sampled_from([0, 1, -1, 63, 64, 2**31 - 1, -(2**31), 2**53, 2**53 + 1]) | st.integers(
    -1000, 1000
)
LONGS = NUMBERS | st.integers(-(2**63), 2**63 - 1)
FLOATS = st.floats(width=32) | st.sampled_from([0.0, -0.0, 1.5, 1e30, float("nan")])
TIMES = (
    st.integers(-(2**63), 2**63 - 1)
    | st.integers(-62_135_596_800_000, 253_402_300_800_000)
    | st.integers(0, 10**9).map(lambda n: n * 10**9)
)


def _of(kind: Any, values: st.SearchStrategy[Any]) -> tuple[Any, st.SearchStrategy[Any]]:
    return kind, values


COLUMNS: Final = (
    _of(pa.bool_(), st.booleans()),
    _of(pa.int8(), st.integers(-128, 127)),
    _of(pa.int32(), st.integers(-(2**31), 2**31 - 1)),
    _of(pa.int64(), LONGS),
    _of(pa.uint64(), st.integers(0, 2**64 - 1)),
    _of(pa.float32(), FLOATS),
    _of(pa.float64(), FLOATS | st.floats()),
    _of(pa.string(), TEXTS),
    _of(pa.large_string(), TEXTS),
    _of(pa.string_view(), TEXTS),
    _of(pa.dictionary(pa.int8(), pa.string()), WORDS),
    _of(pa.binary(), st.binary(max_size=5)),
    _of(pa.date32(), st.integers(-(2**31), 2**31 - 1) | st.integers(-800_000, 3_000_000)),
    _of(pa.time32("s"), st.integers(0, 86_399)),
    _of(pa.time32("ms"), st.integers(0, 86_399_999)),
    _of(pa.time64("us"), st.integers(0, 86_399_999_999)),
    _of(pa.time64("ns"), st.integers(0, 86_399_999).map(lambda n: n * 1000)),
    *(
        _of(pa.timestamp(unit, zone), TIMES)
        for unit in ("s", "ms", "us", "ns")
        for zone in (None, "UTC", "+02:00")
    ),
)
FITTING: Final = {
    "boolean": (0,),
    "int": (1, 2, 3),
    "long": (1, 2, 3, 4),
    "float": (5, 6),
    "double": (2, 3, 5, 6),
    "string": (7, 8, 9, 10),
    "enum": (7, 10),
    "bytes": (11,),
    "uuid": (7, 8),
    "date": (12,),
    "time": (13, 14, 15, 16),
    "timestamp": (*range(17, 29),),
}


@st.composite
def arrays(draw: st.DrawFn, avro: Any, count: int) -> Any:
    """Draw a column that suits a type, or any other one."""
    if avro is INNER and draw(st.booleans()):
        return _struct(draw, count)
    base = avro if isinstance(avro, str) else str(avro["type"]) if isinstance(avro, dict) else ""
    named = avro.get("logicalType", base) if isinstance(avro, dict) else base
    fitting = FITTING.get(named.removeprefix("local-").split("-")[0], ())
    fits = bool(fitting) and draw(st.integers(0, 19)) > 0
    kind, values = COLUMNS[draw(st.sampled_from(fitting if fits else range(len(COLUMNS))))]
    nulls = draw(st.sampled_from([0, 0, 0.2]))
    drawn = draw(st.lists(values, min_size=count, max_size=count))
    empty = [draw(st.floats(0, 1)) < nulls for _ in drawn]
    listed = [None if no else each for no, each in zip(empty, drawn, strict=True)]
    if pa.types.is_temporal(kind):
        whole = pa.int32() if kind.bit_width == 32 else pa.int64()
        return pa.array(listed, whole).cast(kind, safe=False)
    return pa.array(listed, kind)


def _struct(draw: st.DrawFn, count: int) -> Any:
    children = {"n": draw(arrays("long", count)), "text": draw(arrays("string", count))}
    if draw(st.integers(0, 5)) == 0:
        children.pop("text")
    mask = pa.array([draw(st.integers(0, 9)) == 0 for _ in range(count)])
    return pa.StructArray.from_arrays([*children.values()], [*children], mask=mask)


@st.composite
def tables(draw: st.DrawFn) -> tuple[Any, Any]:
    """Draw a schema with a key and some fields, and a batch for it."""
    count = draw(st.integers(1, 12))
    members: list[Any] = [("key", draw(st.sampled_from(["string"] * 9 + ["long"])))]
    columns = {"key": draw(arrays(members[0][1], count))}
    for at, avro in enumerate(draw(st.lists(st.sampled_from(TYPES), max_size=4, unique_by=id))):
        name, form = f"f{at}", draw(st.sampled_from(["plain", "null first", "null last"]))
        if form == "plain" or isinstance(avro, list):
            members.append((name, avro))
        elif form == "null first":
            members.append((name, ["null", avro], None))
        else:
            members.append((name, [avro, "null"]))
        if form != "null first" or draw(st.integers(0, 3)):
            columns[name] = draw(arrays(avro, count))
    if draw(st.integers(0, 9)) == 0:
        columns["more"] = draw(arrays("string", count))
    batch = pa.RecordBatch.from_arrays([*columns.values()], [*columns])
    return record(*members), batch.slice(draw(st.integers(0, min(2, count - 1))))


def source_of(batch: Any, kind: Any) -> tuple[ColumnarSource, Encoded]:
    taken = Encoded([], [], [], rows=None, error="")  # type: ignore[arg-type]  # put in later
    rows = ArrowRows("rows", [batch], kind, Profile())
    source = ColumnarSource(rows, kind, Profile(), taken.rejected.append, taken.told.append)
    return source, taken


def row_by_row(batch: Any, kind: Any) -> Encoded:
    source, taken = source_of(batch, kind)
    for each in source:
        taken.messages.append((source.last.raw, key_text(kind)(each), kind.encode(each)))
    taken.rows = source.rows
    return taken


@given(tables())
@thorough(400)
def test_runs_are_what_row_by_row_gives(table: tuple[Any, Any]) -> None:
    schema, batch = table
    kind = module_of(schema, key="key").EVENT
    expected = row_by_row(batch, kind)
    for compiled in (False, True):
        source, taken = source_of(batch, kind)
        taken.messages, error = in_runs(source, compiled=compiled)
        taken.rows = source.rows
        assert (taken, error) == (expected, "None")
    encoder = BatchEncoder(kind, lambda _: True)
    found = [type(each) is EncodedRun for each in encoder.runs(batch)]
    event("runs" if all(found) else "both" if any(found) else "row by row")


KIND = module_of(record(("key", "string"), ("n", "double")), key="key").EVENT


@pytest.mark.parametrize("compiled", [False, True])
def test_a_run_is_cut_before_it_is_large_and_at_what_is_for_a_closer_look(
    *, compiled: bool
) -> None:
    count = 3000
    long = "x" * 60_000
    keys = [long if 2000 <= n < 2100 else f"key{n}" for n in range(count)]
    keys[2500] = "y" * 70_000
    batch = pa.record_batch({"key": keys, "n": [float(n) for n in range(count)]})
    found = [*BatchEncoder(KIND, lambda _: True, compiled=compiled).runs(batch, 7)]
    runs = [each for each in found if isinstance(each, EncodedRun)]
    assert [each for each in found if isinstance(each, int)] == [2500]
    assert sum(map(len, runs)) == count - 1
    assert [each.first for each in runs] == sorted(each.first for each in runs)
    assert runs[0].first == 7
    assert max(map(len, runs)) == 512
    assert max(len(each.data) for each in runs) < 4 << 20
    assert [e.n for each in runs for e in map(each.event, range(len(each)))] == [
        float(n) for n in range(count) if n != 2500
    ]


@pytest.mark.parametrize("compiled", [False, True])
def test_rows_of_other_keys_are_counted_and_bad_ones_are_everybodys(*, compiled: bool) -> None:
    count = 5000
    numbers = [None if n % 100 == 3 else float(n) for n in range(count)]
    keys = ["\t" if n % 1000 == 7 else f"key{n % 13}" for n in range(count)]
    batch = pa.record_batch({"key": keys, "n": numbers})
    mine = {"key1", "key5", "key12"}
    source, taken = source_of(batch, KIND)
    found, passed = [], 0
    for each in source.in_runs(0, mine.__contains__, compiled=compiled):
        assert isinstance(each, EncodedRun)
        passed += each.passed
        for at in range(len(each)):
            event = each.event(at)
            assert each.place_of(at).line == event.n + 1
            assert each.columns[0][at] == event.key.encode()
            found.append(event)
    good = [n for n in range(count) if n % 100 != 3 and n % 1000 != 7]
    assert [each.n for each in found] == [n for n in good if keys[n] in mine]
    assert passed == len(good) - len(found)
    assert [each.place.line - 1 for each in taken.rejected] == sorted({*range(count)} - {*good})
    assert (source.rows.read, source.rows.readings) == (count, len(good))


def test_what_has_rules_headers_or_is_filled_in_is_read_row_by_row() -> None:
    rule = {"name": "warm", "doc": "it is warm", "expr": "this.n > 0.0"}
    schema = record(("key", "string"), ("n", "double"))
    assert BatchEncoder.suits(module_of(schema, key="key").EVENT)
    assert not BatchEncoder.suits(module_of(schema | {"confluent:rules": [rule]}, key="key").EVENT)
    schema["fields"].append({"name": "id", "type": ["null", logical("string", "uuid")]})
    schema["fields"][-1]["default"] = None
    schema["fields"].append({"name": "at", "type": ["null", logical("long", "timestamp-millis")]})
    schema["fields"][-1]["default"] = None
    assert BatchEncoder.suits(module_of(schema, key="key", fill={"at": "now"}).EVENT)
    assert not BatchEncoder.suits(module_of(schema, key="key", fill={"id": "uuid"}).EVENT)
    headers = {"traceparent": "yes"}
    assert not BatchEncoder.suits(module_of(schema, key="key", headers=headers).EVENT)
