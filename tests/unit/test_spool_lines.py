"""Either line with a spool: the same rows on disk, the same messages on the topic, in order."""

from __future__ import annotations

import itertools
from collections import defaultdict
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from freezer_events.events import FreezerReading
from freezer_events.send.transaction import TransactionSize
from freezer_events.spool.packing import Columns, pack
from freezer_events.spool.store import Store
from freezer_events.testing import EventCluster
from tests.support import extensions

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from freezer_events import EventProducer, Settings
    from freezer_events.read.record import Record

LINES = ("python", "compiled")
AT = datetime(2026, 3, 4, tzinfo=UTC)


@pytest.fixture(autouse=True)
def modules(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with extensions.present(tmp_path_factory):
        yield


class Lines(EventCluster):
    """An in-process cluster whose producers have the line that is said last."""

    line = "python"

    @property
    def settings(self) -> Settings:
        return replace(super().settings, freezer_line=self.line)


@pytest.fixture
def lines() -> Iterator[Lines]:
    with Lines() as cluster:
        cluster.provision(FreezerReading)
        yield cluster


def reading(number: int) -> FreezerReading:
    return FreezerReading(sensor_id=f"sensor{number % 3}", temperature=float(number))


def send(producer: EventProducer) -> int:
    """Send in all ways: alone and many at once; with headers, a key, a time, a report."""
    numbers = itertools.count()

    def following(count: int) -> list[FreezerReading]:
        return [reading(next(numbers)) for _ in range(count)]

    reports: list[Any] = []
    for round_ in range(4):
        producer.send_all(following(700 if round_ == 1 else 7))
        producer.send(*following(1))
        producer.send(*following(1), headers={"round": str(round_)})
        producer.send_all(following(2))
        producer.send(*following(1), key=None)
        producer.send(*following(1), timestamp=AT)
        producer.send(*following(1), key="")
        producer.send(*following(1), on_delivery=reports.append)
        producer.send_all([])
    return next(numbers)


def stored(folder: Path) -> list[tuple[Any, ...]]:
    store = Store(folder, read_only=True)
    found: list[tuple[Any, ...]] = []
    position = 0
    while (batch := store.read(position)) is not None:
        position = batch.end
        found += zip(*batch.columns, strict=True)
    store.close()
    return found


def number_of(record: Record[FreezerReading]) -> float:
    assert record.event is not None, record.problem
    return record.event.temperature


@pytest.mark.parametrize("exactly_once", [False, True], ids=["spool", "exactly once"])
@pytest.mark.parametrize("drained_by", LINES)
@pytest.mark.parametrize("filled_by", LINES)
def test_a_spool_that_one_line_filled_is_drained_by_either(
    lines: Lines, tmp_path: Path, filled_by: str, drained_by: str, *, exactly_once: bool
) -> None:
    lines.cluster.take_down()
    lines.line = filled_by
    with lines.producer(spool=tmp_path / "s", give_up_after_s=0.1, timeout_s=0.5) as producer:
        count = send(producer)
    assert (producer.tally.read, producer.tally.spooled) == (count, count)
    lines.cluster.bring_up()
    lines.line = drained_by
    with lines.producer(spool=tmp_path / "s", exactly_once=exactly_once) as producer:
        producer.send(reading(count))
        assert producer.flush(30) == 0
        assert producer.tally.delivered == 1
    found = lines.records(FreezerReading)
    assert sorted(map(number_of, found)) == [*range(count + 1)]
    rounds = sorted(value or b"" for each in found for _, value in each.headers)
    assert rounds == [b"0", b"1", b"2", b"3"]
    assert [each.timestamp_ms for each in found].count(int(AT.timestamp() * 1000)) == 4
    by_key = defaultdict(list)
    for each in found:
        by_key[each.key].append(number_of(each))
    assert len(by_key.pop(None)) == len(by_key[""]) == 4
    assert by_key.keys() == {"", "sensor0", "sensor1", "sensor2"}
    assert all(numbers == sorted(numbers) for numbers in by_key.values())


def test_both_lines_write_the_same_rows(lines: Lines, tmp_path: Path) -> None:
    lines.cluster.take_down()
    for line in LINES:
        lines.line = line
        with lines.producer(spool=tmp_path / line, give_up_after_s=0.1, timeout_s=0.5) as producer:
            send(producer)
    assert stored(tmp_path / "python") == stored(tmp_path / "compiled") != []


def test_what_is_left_out_of_a_row_counts_as_nothing() -> None:
    from freezer_events.send.fast import rows  # noqa: PLC0415 - may be made by a fixture

    body = b"b"
    row = rows.Row(pack(Columns([1] * 5, [None] * 5, [body] * 5, [None] * 5)), 5, b"", range(1, 3))
    assert row.known() == ({}, [1, 2])


def test_transactions_grow_while_they_are_quick_and_shrink_while_they_are_not() -> None:
    size = TransactionSize()
    sizes = [size.messages]
    for _ in range(3):
        size.committed(size.messages, 0.01)
        sizes.append(size.messages)
    assert sizes == [5_000, 10_000, 20_000, 20_000]
    size.committed(size.messages, 1.0)
    assert size.messages == 20_000
    size.committed(size.messages, 10.0)
    assert size.messages == 10_000
    size.failed(600)  # more did not wait
    assert size.messages == 300
    for _ in range(20):
        size.failed(size.messages)
    assert size.messages == 1
