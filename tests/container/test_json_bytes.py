"""`consume --output json | produce --from -`: the same bytes again, for every schema."""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING, Any

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from freezer_events import Settings
from freezer_events.avro.wire import encode, frame, unframe
from freezer_events.registry.client import Registry
from tests.support.generated import events_of, record, samples
from tests.support.union_pairs import Pairs

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from freezer_infra.local.stack import Stack
    from tests.support.cli import Freezer

SCHEMAS = 40
EVENTS = 6
TOML = """\
topic = "whole"
partitions = 1
compatibility = "FULL"
version = 1
"""


class Way:
    """Two topics of one schema, and the commands between them."""

    def __init__(
        self, freezer: Freezer, stack: Stack, schema: Any, topics: Sequence[str], folder: Path
    ) -> None:
        self.stack = stack
        self.topics = topics
        event = folder / "schemas" / "whole"
        event.mkdir(parents=True)
        (event / "event.toml").write_text(TOML, encoding="utf-8")
        (event / "v1.avsc").write_text(json.dumps(schema), encoding="utf-8")
        self.freezers = [freezer.having(TOPIC=each) for each in topics]
        self._run(0, "schema", "release")
        for at in (0, 1):
            self._run(at, "schema", "register")

    def _run(self, at: int, *args: str, stdin: str = "") -> str:
        done = self.freezers[at].within(120)(*args, stdin=stdin)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
        return done.stdout

    def schema_id(self) -> int:
        there = Settings(schema_registry_url=self.stack.registry_url)
        with Registry.connect(there) as registry:
            (held,) = registry.versions(f"{self.topics[0]}-value")
        return held.schema_id

    def send(self, bodies: Sequence[bytes]) -> None:
        raw = Producer(self.stack.plaintext())
        schema_id = self.schema_id()
        for body in bodies:
            raw.produce(self.topics[0], frame(schema_id, body), partition=0)
        assert raw.flush(20) == 0

    def lines(self) -> str:
        return self._run(0, "consume", "--from-beginning", "--until-end", "--output", "json")

    def again(self, lines: str) -> list[bytes]:
        self._run(1, "produce", "--from", "-", stdin=lines)
        return bodies_in(self.stack, self.topics[1])


def bodies_in(stack: Stack, topic: str) -> list[bytes]:
    reader = Consumer({**stack.plaintext(), "group.id": topic, "enable.auto.commit": False})
    try:
        _, end = reader.get_watermark_offsets(TopicPartition(topic, 0), timeout=20)
        reader.assign([TopicPartition(topic, 0, 0)])
        found: list[bytes] = []
        while len(found) < end:
            for message in reader.consume(end - len(found), timeout=20):
                value = message.value()
                assert message.error() is None
                assert value is not None
                found.append(unframe(value)[1])
        return found
    finally:
        reader.close()


@pytest.fixture
def way(
    freezer: Freezer,
    stack: Stack,
    make_topic: Callable[..., str],
    forget_subject: Callable[[str], None],
) -> Callable[[Any], Way]:
    def begin(schema: Any) -> Way:
        topics = [make_topic(partitions=1) for _ in range(2)]
        for each in topics:
            forget_subject(f"{each}-value")
        return Way(freezer, stack, schema, topics, freezer.folder)

    return begin


def test_every_pair_of_branches_comes_back_with_the_same_bytes(way: Callable[[Any], Way]) -> None:
    both = Pairs()
    bodies = [encode(event) for event in both.events]
    there = way(both.schema)
    there.send(bodies)
    assert there.again(there.lines()) == bodies


def random_schemas() -> list[tuple[Any, list[bytes]]]:
    """Draw schemas of all kinds, and the bodies of some events of each."""
    found: list[tuple[Any, list[bytes]]] = []

    @seed(20261126)
    @settings(
        max_examples=SCHEMAS,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(samples(), st.data())
    def draw(sample: Any, data: Any) -> None:
        more = [data.draw(events_of(sample.schema, sample.module)) for _ in range(EVENTS - 1)]
        bodies = [sample.module.encode(each.event) for each in (sample, *more)]
        found.append((sample.schema, bodies))

    draw()
    return found


def test_random_schemas_come_back_with_the_same_bytes(way: Callable[[Any], Way]) -> None:
    """They are the fields of one record, whose body is theirs one after another."""
    drawn = random_schemas()
    fields = [
        (f"f{number}", json.loads(json.dumps(schema).replace('"test', f'"n{number}')))
        for number, (schema, _) in enumerate(drawn)
    ]
    bodies = [b"".join(each[at] for _, each in drawn) for at in range(EVENTS)]
    there = way(record(*fields, name="Whole"))
    there.send(bodies)
    assert there.again(there.lines()) == bodies


NUMBERS = [float("nan"), float("inf"), float("-inf"), 1.5]


def test_numbers_of_foreign_writers_that_json_does_not_have_are_valid_json(
    way: Callable[[Any], Way],
) -> None:
    there = way(
        record(
            ("plain", "double"),
            ("some", ["null", "float"]),
            ("many", {"type": "array", "items": ["string", "double"]}),
        )
    )
    bodies = [
        struct.pack("<d", number)
        + b"\x02"
        + struct.pack("<f", number)
        + b"\x02\x02"
        + struct.pack("<d", number)
        + b"\x00"
        for number in NUMBERS
    ]
    there.send(bodies)
    lines = there.lines()

    def refuse(name: str) -> None:
        raise AssertionError(name)

    read = [json.loads(line, parse_constant=refuse) for line in lines.splitlines()]
    names = ["NaN", "Infinity", "-Infinity"]
    assert [each["plain"] for each in read] == [*names, 1.5]
    assert [each["some"] for each in read] == [*names, 1.5]
    assert [each["many"] for each in read] == [*([{"double": each}] for each in names), [1.5]]
    # No producer sends them on: the field is named; what is a number goes.
    done = there.freezers[1]("produce", "--from", "-", stdin=lines)
    assert done.returncode == 5
    assert "plain: nan is not a finite number" in done.stderr
    assert there.again(lines.splitlines()[-1]) == bodies[-1:]
