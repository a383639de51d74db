"""Runs of encoded rows on their way: each row ends in one count, with its place, by every line."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from confluent_kafka import KafkaError
from pyarrow import parquet

from freezer_events.avro.arrow import EncodedRun
from freezer_events.console.stop import Stop
from freezer_events.errors import NotDelivered, UnreachableError
from freezer_events.events import FreezerReading
from freezer_events.send.pipeline import Pipeline
from freezer_events.send.spool_at import SpoolAt
from freezer_events.sources import open_source
from freezer_events.testing import EventCluster

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from freezer_events import Settings
    from freezer_events.sources import ReadingPlace

ROWS = 20_000
EVENT = FreezerReading.__event__


class LineCluster(EventCluster):
    """A cluster whose producers use one line."""

    line = "python"

    @property
    def settings(self) -> Settings:
        return replace(super().settings, freezer_line=self.line)


@pytest.fixture(params=["python", "compiled"])
def cluster(request: pytest.FixtureRequest) -> Iterator[LineCluster]:
    if request.param == "compiled":
        request.getfixturevalue("compiled")
    with LineCluster() as made:
        made.line = request.param
        yield made


def written(folder: Path, **other: Any) -> Path:
    """Write rows of which two neighbours are the same, every hundredth without a temperature."""
    rows = {
        "sensor_id": [f"s{n // 2 % 7}" for n in range(ROWS)],
        "temperature": [None if n % 100 == 50 else float(n // 2) for n in range(ROWS)],
    } | other
    parquet.write_table(pa.table(rows), folder / "rows.parquet")
    return folder / "rows.parquet"


class Run:
    """A run of a pipeline over the file, in runs of rows."""

    def __init__(self, path: Path, producer: Any, stop: Stop | None = None) -> None:
        self.pipeline = Pipeline(producer, stop or Stop(), flush_s=5.0)
        self.rejected: list[int] = []
        self.source = open_source(
            str(path), EVENT, lambda found: self._reject(found.place), wait=lambda: True
        )

    def items(self) -> Iterator[Any]:
        """Yield what the pipeline is to send."""
        return self.source.in_runs(0)

    def go(self, events: Iterator[Any] | None = None) -> Any:
        """Run it, and check the counts."""
        tally = self.pipeline.run(events or self.items(), self._bad, source=self.source)
        self.source.close()
        assert tally.read == self.source.rows.readings
        return tally

    def _reject(self, place: ReadingPlace) -> None:
        self.rejected.append(place.line)

    def _bad(self, event: Any, error: Any, place: ReadingPlace | None) -> None:
        assert place is not None
        assert "bytes" in error.why
        assert event.sensor_id in place.raw.decode()
        self.rejected.append(place.line)


def numbers(cluster: EventCluster) -> list[tuple[str, float]]:
    return [(each.sensor_id, each.temperature) for each in cluster.events(FreezerReading)]


def expected(lines: set[int]) -> list[tuple[str, float]]:
    return sorted((f"s{(n - 1) // 2 % 7}", float((n - 1) // 2)) for n in lines)


GOOD = {n for n in range(1, ROWS + 1) if n % 100 != 51}


def test_all_arrives_in_order_and_runs_are_what_was_sent(
    cluster: LineCluster, tmp_path: Path
) -> None:
    with cluster.producer() as producer:
        run = Run(written(tmp_path), producer)
        sent = [*run.items()]
        assert sum(map(len, sent)) == len(GOOD)
        assert {*map(type, sent)} == {EncodedRun}
        assert run.go(iter(sent)).delivered == len(GOOD)
    found = numbers(cluster)
    assert sorted(found) == expected(GOOD)
    for key in {key for key, _ in found}:
        mine = [number for one, number in found if one == key]
        assert mine == sorted(mine)
    assert run.rejected == [n for n in range(1, ROWS + 1) if n % 100 == 51]


def test_an_outage_that_is_too_long_leaves_each_row_with_its_place(
    cluster: LineCluster, tmp_path: Path
) -> None:
    producer = cluster.producer(
        give_up_after_s=3.0, properties={"queue.buffering.max.messages": "3000"}
    )
    run = Run(written(tmp_path), producer)

    def items() -> Iterator[Any]:
        for number, each in enumerate(run.items()):
            if number == 60:
                producer.flush()
                cluster.cluster.take_down()
            yield each

    tally = run.go(items())
    cluster.cluster.bring_up()
    undelivered = run.pipeline.undelivered
    assert tally.undelivered == len(undelivered) > 3000
    assert tally.delivered > 5000
    lines = set()
    for each in undelivered:
        assert each.place is not None
        assert float((each.place.line - 1) // 2) == each.event.temperature
        assert f'"temperature": {each.event.temperature}' in each.place.raw.decode()
        lines.add(each.place.line)
    assert len(lines) == len(undelivered)
    read = {n for n in GOOD if n <= run.source.last.line}
    assert sorted(numbers(cluster)) == expected(read - lines)
    with pytest.raises((NotDelivered, UnreachableError), match="nothing delivered for 3 s"):
        producer.close()


def test_a_row_that_is_too_large_is_refused_alone(cluster: LineCluster, tmp_path: Path) -> None:
    names = [f"s{n // 2 % 7}" + ("x" * 3000 if n in {7, 8, 9_000} else "") for n in range(ROWS)]
    with cluster.producer(properties={"message.max.bytes": "2000"}) as producer:
        run = Run(written(tmp_path, sensor_id=names), producer)
        tally = run.go()
    assert {8, 9, 9_001} <= {*run.rejected}
    assert (tally.rejected, tally.delivered) == (3, len(GOOD) - 3)
    assert sorted(numbers(cluster)) == expected(GOOD - {8, 9, 9_001})


def test_a_stop_ends_it_between_two_runs(cluster: LineCluster, tmp_path: Path) -> None:
    stop = Stop()
    with cluster.producer() as producer:
        run = Run(written(tmp_path), producer, stop)

        def items() -> Iterator[Any]:
            for number, each in enumerate(run.items()):
                stop.asked = number == 9
                yield each

        tally = run.go(items())
    assert not run.pipeline.exhausted
    assert tally.delivered == tally.read == len({n for n in GOOD if n <= run.source.last.line})
    assert sorted(numbers(cluster)) == expected({n for n in GOOD if n <= run.source.last.line})


def test_what_the_broker_refuses_is_told_with_its_row(cluster: LineCluster, tmp_path: Path) -> None:
    producer = cluster.producer()
    run = Run(written(tmp_path), producer)

    def items() -> Iterator[Any]:
        for number, each in enumerate(run.items()):
            if number == 20:
                producer.flush()
                cluster.cluster.fail_next_produce(KafkaError.MSG_SIZE_TOO_LARGE)
            yield each
            if number == 20:
                producer.flush()

    tally = run.go(items())
    lost = run.pipeline.undelivered
    assert tally.failed == len(lost) > 0
    lines = {each.place.line for each in lost if each.place is not None}
    assert len(lines) == len(lost)
    assert sorted(numbers(cluster)) == expected(GOOD - lines)
    with pytest.raises(NotDelivered):
        producer.close()


@pytest.mark.parametrize("most", [1, 3_000, 1 << 30])
@pytest.mark.parametrize("in_runs", [True, False])
def test_each_commit_of_a_spool_notes_the_place_of_the_last_row_that_is_in(
    cluster: LineCluster, tmp_path: Path, most: int, *, in_runs: bool
) -> None:
    """A place before that would put rows in twice after a crash; one behind it loses rows."""
    noted: list[tuple[int, int]] = []
    with cluster.producer(spool=SpoolAt(tmp_path / "spool", most)) as producer:
        run = Run(written(tmp_path), producer)
        assert run.pipeline.spool is not None
        hooks, on_committed = run.pipeline.spool.hooks, run.pipeline.spool.hooks.on_committed
        line = committed = 0

        def written_place(place: tuple[str, int]) -> tuple[str, str]:
            nonlocal line
            line = place[1]
            return place[0], str(line)

        def count(messages: int) -> None:
            nonlocal committed
            committed += messages
            noted.append((line, committed))
            on_committed(messages)

        hooks.written_place, hooks.on_committed = written_place, count
        tally = run.pipeline.run(
            run.items() if in_runs else run.source,
            source=run.source,
            mark=lambda: ("rows", run.source.last.line),
        )
        run.source.close()
        assert (tally.delivered, tally.rejected) == (len(GOOD), 0)
    until = [sum(n in GOOD for n in range(1, line + 1)) for line, _ in noted]
    assert [count for _, count in noted] == until
    assert len(noted) > (20 if most == 1 else 0)
    assert sorted(numbers(cluster)) == expected(GOOD)
