"""Every row of the benchmarks delivers the same events, all of them, decodable."""

from __future__ import annotations

import re
from collections import Counter
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition

from benchmarks import targets
from benchmarks.events import BenchReading
from benchmarks.measure import Row, deliver
from benchmarks.peers import MISSING, PEERS
from benchmarks.report import chart, table
from benchmarks.ways import CEILING, CONFLUENT, OURS, PIPELINE
from benchmarks.workload import SCHEMA, events
from producer.codec import decode, unframe

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.way import Target, Way

COUNT = 1500
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def target() -> Iterator[Target]:
    with targets.mock() as found:
        yield found


def consumed(target: Target, count: int) -> list[tuple[Any, Any, BenchReading]]:
    found: list[tuple[Any, Any, BenchReading]] = []
    conf = {"bootstrap.servers": target.servers, "group.id": "none"}
    with closing(Consumer(conf)) as consumer:
        consumer.assign([TopicPartition(target.topic, n, OFFSET_BEGINNING) for n in range(3)])
        while len(found) < count and (message := consumer.poll(15.0)) is not None:
            schema_id, body = unframe(message.value() or b"")
            assert schema_id == target.registry.schema_id(f"{target.topic}-value", SCHEMA)
            event = decode(body, SCHEMA, BenchReading.__event__)
            found.append((message.key(), message.partition(), event))
        assert consumer.poll(0.5) is None
    return found


@pytest.mark.filterwarnings("ignore")  # what a peer warns of is the peer's business
@pytest.mark.parametrize(
    "way",
    [way for way in (OURS, PIPELINE, CONFLUENT, CEILING, *PEERS) if not way.real_only],
    ids=lambda way: way.name,
)
def test_a_row_delivers_every_event_once_and_equal(way: Way, target: Target) -> None:
    assert deliver(way, target, COUNT, built=False) > 0
    found = consumed(target, COUNT)
    wanted = list(events(COUNT))
    assert Counter(event for _, _, event in found) == Counter(wanted)
    assert all(key == event.sensor_id.encode() for key, _, event in found)


def test_the_table_ranks_rows_and_gives_ratios() -> None:
    rows = [Row("ours", [300.0, 400.0, 500.0]), Row("theirs", [100.0, 90.0, 110.0])]
    shown = table("mock", rows, "theirs", "ours").splitlines()
    assert shown[2] == "| ours | 400 | ±25% | 4.0 | 1.00 |"
    assert shown[3] == "| theirs | 100 | ±10% | 1.0 | 0.25 |"
    assert chart("mock", rows, "ours").count("<rect") == 2


def test_every_row_in_the_readme_is_one_that_is_measured() -> None:
    section = (ROOT / "README.md").read_text(encoding="utf-8").partition("\n## Speed\n")[2]
    section = section.partition("\n## ")[0]
    shown = {line.split("|")[1].strip() for line in section.splitlines() if line.startswith("| ")}
    rows = {way.name for way in (OURS, PIPELINE, CONFLUENT, CEILING, *PEERS)} | set(MISSING)
    titles = {title for title in shown if title.startswith(("encode", "mock cluster", "Kafka"))}
    assert shown - titles == rows | {"freezer-events", "AvroSerializer"}
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"`make (bench[a-z-]*)`", section):
        assert f"\n{target}:" in makefile
    for module in re.findall(r"`python -m (benchmarks\.[a-z]+)`", section):
        assert find_spec(module) is not None
