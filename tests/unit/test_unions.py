"""Unions: a sent value is read back with its type and branch, whatever else the union holds."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from freezer_events.avro.forms import BadValue, from_json, to_json
from freezer_events.avro.wire import decode, encode
from freezer_events.errors import NotDelivered
from freezer_events.testing import EventCluster
from tests.support.generated import module_of, record
from tests.support.union_pairs import BRANCHES, PAIRS, Pairs


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
