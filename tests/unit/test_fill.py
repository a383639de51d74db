"""What the producer supplies where a reading did not bring it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

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
