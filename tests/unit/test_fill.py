"""What the producer supplies where a reading did not bring it."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from freezer_events.avro.wire import decode, encode
from freezer_events.send.fill import Filler
from tests.support.generated import module_of, record

OPTIONAL = [(name, ["null", kind], None) for name, kind in (("note", "string"), ("class", "int"))]
DOOR = module_of(record(("name", "string"), *OPTIONAL), key="name")
EVENT = replace(DOOR.EVENT, fill={"note": "uuid", "class_": "count"})


def test_what_a_reading_did_not_bring_is_filled_into_a_copy() -> None:
    fill = Filler(EVENT)
    events = [EVENT.record(name=name) for name in "aab"]
    filled = [fill(event) for event in events]
    assert [each.class_ for each in filled] == [1, 2, 1]
    assert len({each.note for each in filled}) == 3
    assert [replace(each, note=None, class_=None) for each in filled] == events
    assert all(each.note is None for each in events)
    assert fill(filled[0]) is filled[0]


def test_what_no_encoder_takes_is_not_turned_into_something_that_one_does() -> None:
    made: type[Any] = dataclass(frozen=True)(type("Other", (EVENT.record,), {}))
    event = made(name="a")
    assert type(Filler(EVENT)(event)) is made


READING = module_of(
    record(
        ("sensor", "string"),
        ("at", ["null", {"type": "long", "logicalType": "timestamp-millis"}], None),
        ("id", ["null", {"type": "string", "logicalType": "uuid"}], None),
    ),
    key="sensor",
    fill={"at": "now", "id": "uuid5:sensor,at"},
).EVENT


def test_the_same_reading_gets_the_same_id_in_every_run_and_one_without_a_time_gets_none() -> None:
    at = datetime(2026, 10, 1, 8, tzinfo=UTC)
    one = READING.record(sensor="a", at=at)
    ids = [Filler(READING, live=False)(one).id for _ in range(2)]
    # Written down: an id that changes from one release to the next is no id.
    assert ids == [UUID("837d1ad4-f81f-55df-9f19-cb52629d23b5")] * 2
    assert Filler(READING)(READING.record(sensor="b", at=at)).id not in ids
    assert Filler(READING, live=False)(READING.record(sensor="a")).id is None
    live = Filler(READING)(READING.record(sensor="a"))
    assert live.at is not None
    assert live.id == Filler(READING)(live.__class__(sensor="a", at=live.at)).id


def test_now_is_the_time_of_a_live_reading_only() -> None:
    assert Filler(READING, live=False)(READING.record(sensor="a")).at is None
    assert Filler(READING)(READING.record(sensor="a")).at is not None


TIMES = ("timestamp-millis", "timestamp-micros", "timestamp-nanos")


@pytest.mark.parametrize("kind", TIMES)
def test_the_time_that_is_filled_in_has_the_precision_of_its_field(kind: str) -> None:
    time = {"type": "long", "logicalType": kind}
    module = module_of(record(("at", ["null", time], None)), fill={"at": "now"})
    fill = Filler(module.EVENT)
    for _ in range(20):
        event = fill(module.Event())
        text = json.dumps(record(("at", ["null", time], None)))
        assert decode(encode(event), text, module.EVENT) == event
        since = datetime.now(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
        sent = event.at if kind.endswith("nanos") else (event.at.timestamp() * 10**9)
        assert abs(since.total_seconds() * 10**9 - sent) < 60 * 10**9
