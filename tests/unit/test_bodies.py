"""Bodies from anywhere: what send takes can be read, and no bytes stop or exhaust a consumer."""

from __future__ import annotations

import json
import struct
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest
from confluent_kafka import Producer
from hypothesis import given
from hypothesis import strategies as st

from freezer_events.avro.forms import BadValue, from_json, to_json
from freezer_events.avro.runtime import DEEPEST, Nanos
from freezer_events.avro.wire import BodyError, decode, encode, frame
from freezer_events.errors import InvalidEvent
from tests.support.effort import thorough
from tests.support.generated import module_of, record, samples

if TYPE_CHECKING:
    from freezer_events.testing import EventCluster

CHAIN = record(("next", ["null", "test.Event"], None))
MANY = record(("all", {"type": "array", "items": "null"}), name="Event")


def logical(base: str, kind: str) -> Any:
    return {"type": base, "logicalType": kind}


def chain(module: Any, levels: int) -> Any:
    event = None
    for _ in range(levels):
        event = module.Event(next=event)
    return event


def test_what_is_nested_as_deeply_as_send_takes_can_be_read() -> None:
    module = module_of(CHAIN)
    deepest = chain(module, DEEPEST)
    assert decode(encode(deepest), module.EVENT.schema, module.EVENT) == deepest
    assert from_json(module.EVENT)(json.loads(json.dumps(to_json(deepest)))) == deepest
    with pytest.raises(InvalidEvent, match="nested too deeply"):
        encode(chain(module, DEEPEST + 1))
    with pytest.raises(BodyError, match="nested too deeply"):
        decode(b"\x02" * DEEPEST + b"\x00", module.EVENT.schema, module.EVENT)


@pytest.mark.parametrize("levels", [200, 20_000])
def test_a_line_of_json_that_is_nested_too_deeply_is_a_bad_reading(levels: int) -> None:
    value: Any = None
    for _ in range(levels):
        value = {"next": value}
    module = module_of(CHAIN)

    def read() -> None:
        encode(from_json(module.EVENT)(value))

    with pytest.raises((BadValue, InvalidEvent), match="nested too deeply"):
        read()


@pytest.mark.parametrize(
    "body",
    [
        b"\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01",  # 2**62 nulls
        b"\x80\x80\x80\x02" * 3 + b"\x00",
        b"\xff" * 12,
        b"\x02",
        b"",
        b"\x00\x00",
        b"\x01\x00",
    ],
)
def test_bytes_that_are_no_event_are_named_at_once(body: bytes) -> None:
    module = module_of(MANY)
    with pytest.raises(BodyError, match="cannot be read as door-event"):
        decode(body, module.EVENT.schema, module.EVENT)


@thorough(150)
@given(samples(), st.binary(max_size=60))
def test_any_bytes_are_an_event_or_a_bad_reading(sample: Any, body: bytes) -> None:
    try:
        event = decode(body, sample.module.EVENT.schema, sample.module.EVENT)
    except BodyError:
        return
    json.dumps(to_json(event), allow_nan=False)


def test_a_poison_message_does_not_stop_a_consumer(event_cluster: EventCluster) -> None:
    module = module_of(CHAIN)
    with event_cluster.producer() as producer:
        producer.send(chain(module, 2))
    (good,) = event_cluster.records(module.Event)
    assert good.schema_id is not None
    poison = frame(good.schema_id, b"\x02" * 100_000)
    raw = Producer(event_cluster.settings.kafka())
    raw.produce("doors", poison)
    assert raw.flush(10) == 0
    with event_cluster.producer() as producer:
        producer.send(chain(module, 3))
    found = event_cluster.records(module.Event)
    assert len(found) == 3
    assert [each for each in found if each.problem is not None and "too deeply" in each.problem]
    assert sorted(repr(each.event) for each in found if each.event) == sorted(
        map(repr, [chain(module, 2), chain(module, 3)])
    )


WEST, EAST = timezone(-timedelta(hours=5)), timezone(timedelta(hours=5))


@pytest.mark.parametrize("unit", ["millis", "micros"])
@pytest.mark.parametrize(
    "moment",
    [datetime(9999, 12, 31, 23, tzinfo=WEST), datetime(1, 1, 1, tzinfo=EAST)],
    ids=["after", "before"],
)
def test_an_instant_that_nobody_could_read_is_not_sent(unit: str, moment: datetime) -> None:
    module = module_of(record(("at", logical("long", f"timestamp-{unit}"))))
    with pytest.raises(InvalidEvent, match=r"at: .* is outside the years 1 to 9999 in UTC"):
        encode(module.Event(at=moment))
    for edge in (datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC), datetime(1, 1, 1, tzinfo=UTC)):
        event = module.Event(at=edge)
        assert decode(encode(event), module.EVENT.schema, module.EVENT) == event


@pytest.mark.parametrize(
    ("number", "text"),
    [(float("nan"), "NaN"), (float("inf"), "Infinity"), (float("-inf"), "-Infinity")],
)
def test_a_foreign_number_that_is_not_finite_is_valid_json(number: float, text: str) -> None:
    module = module_of(record(("part", "double"), ("either", ["string", "double"])))
    body = struct.pack("<d", number) + b"\x02" + struct.pack("<d", number)
    found = to_json(decode(body, module.EVENT.schema, module.EVENT))
    assert json.dumps(found, allow_nan=False)
    assert found == {"part": text, "either": {"double": text}}


@pytest.mark.parametrize("kind", ["timestamp-nanos", "local-timestamp-nanos"])
def test_nanoseconds_are_kept(kind: str) -> None:
    module = module_of(record(("at", logical("long", kind))))
    zone = "" if kind.startswith("local") else "Z"
    for number in (1_767_225_600_123_456_789, -1, 0, 2**63 - 1, -(2**63)):
        event = module.Event(at=Nanos(number))
        again = decode(encode(event), module.EVENT.schema, module.EVENT)
        assert (again, type(again.at)) == (event, Nanos)
        assert from_json(module.EVENT)(to_json(event)) == event
    assert to_json(module.Event(at=Nanos(1_767_225_600_000_000_001))) == {
        "at": f"2026-01-01T00:00:00.000000001{zone}"
    }
    with pytest.raises(InvalidEvent, match="is not a Nanos"):
        encode(module.Event(at=1_767_225_600_123))


def test_a_foreign_writers_schema_may_be_one_that_we_would_not_write() -> None:
    module = module_of(record(("part", "string"), ("count", "long", 7)))
    writer = {
        "type": "record",
        "name": "Event",
        "namespace": "test",
        "fields": [
            {"name": "part", "type": {"type": {"type": "string"}}, "default": 5},
            {"name": "gone", "type": {"type": "bytes", "logicalType": "decimal"}},
        ],
    }
    found = decode(b"\x02a\x02\x05", json.dumps(writer), module.EVENT)
    assert found == module.Event(part="a", count=7)


def test_a_whole_number_stays_one_where_the_reader_has_another_branch_first() -> None:
    writer = record(("part", ["long", "double"]), ("old", "int"))
    module = module_of(record(("part", ["double", "long"])))
    found = decode(b"\x00\x0a\x00", json.dumps(writer), module.EVENT)
    assert (found.part, type(found.part)) == (5, int)
