"""A Spark task: sends its rows, keeps those that are no events, tells the counts."""

from __future__ import annotations

import importlib
import json
import tempfile
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Self

from freezer_events.console.stop import Stop
from freezer_events.send.pipeline import Pipeline
from freezer_events.send.producer import EventProducer
from freezer_events.sources import Rejected, of_batches

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from freezer_events.config import Settings
    from freezer_events.errors import InvalidEvent
    from freezer_events.event import Event
    from freezer_events.sources import ReadingPlace

WHY, TALLY, KIND, REJECTED = "freezer_why", "freezer_tally", "freezer_kind", "rejected"
COUNTS: Final = {
    "partition": "int",
    "attempt": "int",
    "read": "long",
    "rejected": "long",
    "delivered": "long",
}
_ROWS: Final = 4096  # as files are read


def added_columns(*, keeps: bool) -> tuple[str, ...]:
    """Return the columns that a task adds: all text."""
    return (WHY, TALLY, KIND) if keeps else (TALLY,)


@dataclass(frozen=True)
class Task:
    """Takes the batches of a partition; gives rejected rows, if they are kept, and the counts.

    See `produce`. It is pickled, secrets and all, and never shown.
    """

    event: type[Event]
    settings: Settings
    topic: str | None
    timeout_s: float
    give_up_after_s: float
    keeps: bool

    def __call__(self, batches: Iterator[Any]) -> Iterator[Any]:
        """Send them.

        Raises:
            NotDelivered: some may not be on the topic: Spark runs the task again.
            EventError: what EventProducer raises.

        """
        pyspark: Any = importlib.import_module("pyspark")
        context = pyspark.TaskContext.get()
        with EventProducer(
            self.settings,
            topic=self.topic,
            timeout_s=self.timeout_s,
            give_up_after_s=self.give_up_after_s,
        ) as producer:
            pipeline = Pipeline(producer, Stop())
            pipeline.not_live = self.event.__event__
            with _Rejects(keeps=self.keeps) as rejects:
                tally = pipeline.tally

                def reject(found: Rejected) -> None:
                    tally.read += 1
                    tally.rejected += 1
                    rejects.take(found.place.line, found.why)

                def bad(_: Any, error: InvalidEvent, place: ReadingPlace | None) -> None:
                    if place is not None:
                        rejects.take(place.line, error.why)

                source = of_batches(
                    rejects.passing(batches), self.event.__event__, reject, "the DataFrame"
                )
                pipeline.run(source.in_runs(0), bad, source=source)
                producer.close()
                yield from rejects.kept()
                counts = {
                    "partition": context.partitionId(),
                    "attempt": context.attemptNumber(),
                    "stage": context.stageId(),
                    "read": tally.read,
                    "rejected": tally.rejected,
                    "delivered": tally.delivered,
                    "first": rejects.first,
                }
                yield from rejects.last(json.dumps(counts))


class _Rejects:
    """The rows that are no events, on disk until all have been read.

    Attributes:
        first: why the first of them is none.

    """

    def __init__(self, *, keeps: bool) -> None:
        self.first = ""
        self._keeps = keeps
        self._arrow: Any = importlib.import_module("pyarrow")
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `__exit__`
        self._writer: Any = None
        self._recent: deque[tuple[int, Any]] = deque(maxlen=3)  # a reader is a little ahead
        self._columns: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def passing(self, batches: Iterable[Any]) -> Iterator[Any]:
        """Yield the batches in parts, and remember the last ones."""
        number = 1
        for batch in batches:
            self._columns = self._columns or batch.schema
            for at in range(0, batch.num_rows, _ROWS):
                part = batch.slice(at, _ROWS)
                self._recent.append((number, part))
                yield part
                number += part.num_rows

    def take(self, line: int, why: str) -> None:
        """Keep a row, by its number from 1."""
        self.first = self.first or why
        if not self._keeps:
            return
        row = next(
            part.slice(line - first, 1)
            for first, part in self._recent
            if first <= line < first + part.num_rows
        )
        made = self._with(row, why, None, REJECTED)
        if self._writer is None:
            self._writer = self._arrow.ipc.new_stream(self._file, made.schema)
        self._writer.write_batch(made)

    def kept(self) -> Iterator[Any]:
        """Yield what was kept."""
        if self._writer is None:
            return
        self._writer.close()
        self._file.seek(0)
        batches = iter(self._arrow.ipc.open_stream(self._file))
        while part := list(_take(batches, _ROWS)):
            yield from self._arrow.Table.from_batches(part).combine_chunks().to_batches()

    def last(self, tally: str) -> Iterator[Any]:
        """Yield the row of the counts."""
        arrow = self._arrow
        if not self._keeps:
            yield arrow.RecordBatch.from_arrays([arrow.array([tally])], [TALLY])
        elif self._columns is not None:
            none = [arrow.nulls(1, each.type) for each in self._columns]
            empty = arrow.RecordBatch.from_arrays(none, schema=self._nullable())
            yield self._with(empty, None, tally, TALLY)

    def _nullable(self) -> Any:
        return self._arrow.schema([each.with_nullable(True) for each in self._columns])

    def _with(self, row: Any, why: str | None, tally: str | None, kind: str) -> Any:
        arrow = self._arrow
        more = [arrow.array([each], arrow.string()) for each in (why, tally, kind)]
        added = [arrow.field(name, arrow.string()) for name in added_columns(keeps=True)]
        schema = arrow.schema([*self._nullable(), *added])
        return arrow.RecordBatch.from_arrays([*row.columns, *more], schema=schema)


def _take(items: Iterator[Any], count: int) -> Iterator[Any]:
    for _, item in zip(range(count), items, strict=False):
        yield item
