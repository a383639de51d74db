"""Unions: a sent value is read back with its type and branch, whatever else the union holds."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import pytest

from freezer_events.avro.forms import BadValue, from_json, to_json
from freezer_events.avro.runtime import Nanos
from freezer_events.avro.wire import decode, encode
from freezer_events.errors import NotDelivered
from freezer_events.testing import EventCluster
from tests.support.generated import module_of, record


def logical(base: str, kind: str, **more: Any) -> Any:
    return {"type": base, "logicalType": kind, **more}


def fixed(name: str, size: int, **more: Any) -> Any:
    return {"type": "fixed", "name": name, "size": size, **more}


# A name for each type, and how a value of it is made of the module's own classes.
BRANCHES: Final[dict[str, tuple[Any, Any]]] = {
    "null": ("null", lambda _: None),
    "opened": (
        record(("by", "string"), name="Opened"),
        lambda types: types["test.Opened"](by="ann"),
    ),
    "closed": (
        record(("by", "string"), name="Closed"),
        lambda types: types["test.Closed"](by="ann"),
    ),
    "overlapping": (
        record(("by", "string"), ("why", "string", ""), name="Locked"),
        lambda types: types["test.Locked"](by="ann", why=""),
    ),
    "nullable": (
        record(("by", ["null", "string"], None), name="Perhaps"),
        lambda types: types["test.Perhaps"](by=None),
    ),
    "no fields": (record(name="Empty"), lambda types: types["test.Empty"]()),
    "door": (
        {"type": "enum", "name": "Door", "namespace": "test", "symbols": ["OPEN", "SHUT"]},
        lambda types: types["test.Door"]("OPEN"),
    ),
    "window": (
        {"type": "enum", "name": "Window", "namespace": "test", "symbols": ["OPEN"]},
        lambda types: types["test.Window"]("OPEN"),
    ),
    "fixed": (fixed("Four", 4), lambda _: b"OPEN"),
    "fixed2": (fixed("Two", 2), lambda _: b"ab"),
    "map": ({"type": "map", "values": "string"}, lambda _: {"by": "ann"}),
    "array": ({"type": "array", "items": "string"}, lambda _: ["ann"]),
    "bytes": ("bytes", lambda _: b"OPEN"),
    "string": ("string", lambda _: "OPEN"),
    "uuid": (logical("string", "uuid"), lambda _: UUID(int=7)),
    "fixed uuid": (fixed("Id", 16, logicalType="uuid"), lambda _: UUID(int=7)),
    "decimal": (logical("bytes", "decimal", precision=4, scale=2), lambda _: Decimal("1.25")),
    "fixed decimal": (
        fixed("Amount", 5, logicalType="decimal", precision=9, scale=3),
        lambda _: Decimal("1.125"),
    ),
    "date": (logical("int", "date"), lambda _: date(2026, 1, 31)),
    "time-millis": (logical("int", "time-millis"), lambda _: time(12, 0, 0, 5000)),
    "time-micros": (logical("long", "time-micros"), lambda _: time(12, 0, 0, 5)),
    "instant": (logical("long", "timestamp-micros"), lambda _: datetime(2026, 1, 31, tzinfo=UTC)),
    "local": (
        logical("long", "local-timestamp-millis"),
        lambda _: datetime(2026, 1, 31),  # noqa: DTZ001 - a local time
    ),
    "nanos": (logical("long", "timestamp-nanos"), lambda _: Nanos(1_700_000_000_123_456_789)),
    "boolean": ("boolean", lambda _: True),
    "int": ("int", lambda _: 1),
    "long": ("long", lambda _: 2**40),
    "float": ("float", lambda _: 0.5),
    "double": ("double", lambda _: 1.0),
}


def base(kind: Any) -> str:
    """Return what a union may hold only once."""
    if isinstance(kind, str):
        return kind
    return str(kind.get("name", kind["type"]))


def pairs() -> list[tuple[str, str]]:
    return [
        (one, other)
        for one, (first, _) in BRANCHES.items()
        for other, (second, _) in BRANCHES.items()
        if base(first) != base(second)
    ]


PAIRS: Final = pairs()


class Pairs:
    """An event with a field for every pair, and with its values of the first or second branch."""

    def __init__(self, **more: Any) -> None:
        self._defined: set[str] = set()
        fields = [
            (f"p{n}", [self._once(BRANCHES[each][0]) for each in pair])
            for n, pair in enumerate(PAIRS)
        ]
        self.schema = record(*fields, name="Pairs", **more)
        self.module = module_of(self.schema, event="pairs", topic="pairs")
        types = self.module.EVENT.types
        self.events = [
            self.module.Pairs(
                **{f"p{n}": BRANCHES[pair[at]][1](types) for n, pair in enumerate(PAIRS)}
            )
            for at in (0, 1)
        ]

    def _once(self, kind: Any) -> Any:
        """Return a branch, by its name where it is defined already."""
        if not isinstance(kind, dict) or "name" not in kind:
            return kind
        again = kind["name"] in self._defined
        self._defined.add(kind["name"])
        return f"test.{kind['name']}" if again else {**kind, "namespace": "test"}

    def changed(self, found: Any, event: Any) -> list[Any]:
        """Return the pairs whose value came back as another one, or of another type."""
        return [
            (pair, getattr(found, f"p{n}"))
            for n, pair in enumerate(PAIRS)
            if getattr(found, f"p{n}") != getattr(event, f"p{n}")
            or type(getattr(found, f"p{n}")) is not type(getattr(event, f"p{n}"))
        ]


@pytest.fixture(scope="module")
def both() -> Pairs:
    return Pairs()


def test_every_pair_is_read_back_with_its_branch(both: Pairs) -> None:
    with EventCluster(partitions=1) as cluster:
        with cluster.producer() as producer:
            for event in both.events:
                producer.send(event)
        found = cluster.events(both.module.Pairs)
    assert [both.changed(*each) for each in zip(found, both.events, strict=True)] == [[], []]


def test_every_pair_is_read_back_from_an_older_version(both: Pairs) -> None:
    """The older writer has a field more, so that the schemas are resolved and not the same."""
    older = json.loads(json.dumps(both.schema))
    older["fields"].insert(0, {"name": "older", "type": "string"})
    for event in both.events:
        found = decode(b"\x02x" + encode(event), json.dumps(older), both.module.EVENT)
        assert both.changed(found, event) == []


def test_the_json_of_every_pair_makes_the_same_bytes(both: Pairs) -> None:
    parse = from_json(both.module.EVENT)
    for event in both.events:
        again = parse(json.loads(json.dumps(to_json(event), allow_nan=False)))
        assert both.changed(again, event) == []
        assert encode(again) == encode(event)


def test_on_undelivered_gets_the_branches_that_were_sent(both: Pairs) -> None:
    lost: list[Any] = []

    def send_to_nobody(cluster: EventCluster) -> None:
        with cluster.producer(
            on_undelivered=lambda event, _: lost.append(event),
            properties={"message.timeout.ms": "1000"},
        ) as producer:
            producer.prepare(both.module.Pairs)
            for broker in (1, 2, 3):
                cluster.cluster.take_down(broker)
            producer.send(both.events[1])

    with EventCluster(partitions=1) as cluster, pytest.raises(NotDelivered):
        send_to_nobody(cluster)
    assert [both.changed(each, both.events[1]) for each in lost] == [[]]


def part(*branches: Any) -> Any:
    return module_of(record(("part", list(branches))))


OPENED, CLOSED = BRANCHES["opened"][0], BRANCHES["closed"][0]


def test_json_says_the_branch_only_where_the_value_does_not() -> None:
    module = part(OPENED, CLOSED)
    made = module.EVENT.types["test.Closed"](by="ann")
    assert to_json(module.Event(part=made)) == {"part": {"test.Closed": {"by": "ann"}}}
    module = part("null", "int", "string", OPENED)
    for value in (None, 5, "ann"):
        assert to_json(module.Event(part=value)) == {"part": value}


@pytest.mark.parametrize("name", ["test.Closed", "Closed"])
def test_json_in_takes_the_full_and_the_simple_name(name: str) -> None:
    module = part(OPENED, CLOSED)
    event = from_json(module.EVENT)({"part": {name: {"by": "ann"}}})
    assert event.part == module.EVENT.types["test.Closed"](by="ann")


def test_json_in_takes_the_plain_form_where_one_branch_takes_it_and_names_the_choice() -> None:
    module = part(OPENED, BRANCHES["overlapping"][0])
    parse = from_json(module.EVENT)
    assert type(parse({"part": {"by": "ann", "why": "x"}}).part).__name__ == "Locked"
    with pytest.raises(BadValue, match=r"may be test\.Opened or test\.Closed: say which"):
        from_json(part(OPENED, CLOSED).EVENT)({"part": {"by": "ann"}})


def test_a_map_whose_only_key_is_a_branch_stays_a_map() -> None:
    module = part("string", {"type": "map", "values": "string"})
    event = module.Event(part={"string": "x"})
    assert from_json(module.EVENT)(to_json(event)) == event
    module = part("null", {"type": "map", "values": {"type": "map", "values": "string"}})
    event = module.Event(part={"map": {}})
    assert from_json(module.EVENT)(to_json(event)) == event


def test_the_pairs_are_all_there() -> None:
    counts = Counter(name for pair in PAIRS for name in pair)
    assert min(counts.values()) >= 2 * (len(BRANCHES) - 5)
