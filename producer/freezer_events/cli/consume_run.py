"""One run of `freezer consume`: where it begins, what it shows, what it skips, how it ends."""

from __future__ import annotations

import time
from collections import Counter
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from freezer_events.avro.expression.condition import condition_on_event
from freezer_events.cli import options
from freezer_events.cli.consume_output import (
    Kept,
    Screen,
    Sink,
    heading,
    loses_a_value,
    shower,
)
from freezer_events.cli.consume_parquet import ParquetSink
from freezer_events.cli.consume_skipped import Skipped
from freezer_events.cli.output import Output, note
from freezer_events.console.signals import Interrupted
from freezer_events.console.stop import Stop
from freezer_events.console.words import counted, noun_of
from freezer_events.errors import SchemaError
from freezer_events.read.consumer import EventConsumer
from freezer_events.read.starting import Start

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from freezer_events.avro.expression.condition import Condition
    from freezer_events.event import EventType
    from freezer_events.read.record import Record

_COMMIT_EVERY_S: Final = 5.0


@dataclass
class ConsumeRun:
    """The options of `freezer consume`, and what to do with them."""

    env_file: Path | None
    topic: str | None
    properties: tuple[str, ...]
    event_name: str | None
    schemas: Path | None
    into: Path | None
    from_beginning: bool
    from_offset: int | None
    from_time: int | None
    last: int | None
    partitions: tuple[int, ...]
    key: str | None
    where: str | None
    group: str | None
    limit: int | None
    until_end: bool
    follow: bool
    count_only: bool
    on_bad: str
    envelope: bool
    to: Path | None
    output: str
    _out: Output = field(default_factory=Output, init=False)
    _skipped: Skipped = field(default_factory=Skipped, init=False)
    _counts: Counter[int] = field(default_factory=Counter, init=False)
    _handled: dict[int, Record[Any]] = field(default_factory=dict, init=False)
    _events: int = field(default=0, init=False)
    _lossy: int = field(default=0, init=False)
    _undecided: int = field(default=0, init=False)
    _condition: Condition | None = field(default=None, init=False)
    _committed_at: float = field(default_factory=time.monotonic, init=False)

    def run(self) -> int:
        """Read and show; returns the exit code."""
        event_type = options.find_event_type(self.event_name, self.schemas, self.into)
        if self.where is not None:
            self._condition = condition_on_event(self.where, event_type)
        settings = options.load_settings(self.env_file, self.properties, self.topic)
        topic = settings.topic_for(event_type, named=self.event_name)
        with ExitStack() as opened:
            sink = self._sink(opened, event_type)
            # Until the topic is open a signal simply ends the wait for it.
            consumer: EventConsumer[Any] = opened.enter_context(
                EventConsumer(
                    settings,
                    event_type.record,
                    topic=topic,
                    start=self._start,
                    partitions=self.partitions or None,
                    group=self.group,
                    on_notice=note,
                )
            )
            stop = opened.enter_context(Stop())

            def enough() -> bool:
                self._commit(consumer, sink, every_s=_COMMIT_EVERY_S)
                return stop() or sink.closed()

            records = consumer.records(until_end=self._ends, stop=enough)
            try:
                self._show(_interruptible(records, stop), event_type, sink)
            finally:
                self._conclude(event_type)
            self._commit(consumer, sink)
        if stop.exit_code is not None:
            return stop.exit_code
        self._refuse_all_skipped(event_type, topic)
        return 0

    @property
    def _start(self) -> Start:
        if self.from_offset is not None:
            return Start.offset(self.from_offset)
        if self.from_time is not None:
            return Start.time(self.from_time)
        if self.last is not None:
            return Start.last(self.last)
        counts = self.count_only and not self.group
        return Start.beginning() if self.from_beginning or counts else Start.end()

    @property
    def _ends(self) -> bool:
        return self.until_end or (not self.follow and (self.last is not None or self.count_only))

    def _sink(self, opened: ExitStack, event_type: EventType) -> Sink:
        if self.to is None:
            return Screen(self._out)
        if self.output == "parquet":
            return opened.enter_context(closing(ParquetSink(self.to, event_type)))
        return opened.enter_context(closing(Kept(self.to)))

    def _show(self, records: Iterator[Record[Any]], event_type: EventType, sink: Sink) -> None:
        show = shower(event_type, self.output, envelope=self.envelope, to_file=self.to is not None)
        is_csv = self.output == "csv" and not self.count_only
        if is_csv:
            sink.put(heading(event_type))
        for record in records:
            if self._is_wanted(record):
                self._counts[record.partition] += 1
                if not self.count_only:
                    sink.put(show(record))
                    self._lossy += is_csv and loses_a_value(record)
            self._handled[record.partition] = record
            if self._counts.total() == self.limit:
                break
        sink.finish()

    def _is_wanted(self, record: Record[Any]) -> bool:
        if self.key is not None and record.key != self.key:
            return False
        if record.event is None:
            if self.on_bad == "stop":
                raise SchemaError(record.place, record.problem or "", "go past it: --on-bad skip")
            told = self._skipped.add(record)
            if told is not None:
                note(told)
            return False
        self._events += 1
        if self._condition is None:
            return True
        answer = self._condition(record.event)
        self._undecided += answer is None
        return bool(answer)

    def _commit(self, consumer: EventConsumer[Any], sink: Sink, every_s: float = 0.0) -> None:
        """Commit what was shown, in a group; of what nobody may have read, nothing."""
        if self.group is None or not self._handled:
            return
        if time.monotonic() - self._committed_at < every_s or not sink.settle():
            return
        for record in self._handled.values():
            consumer.commit(record)
        self._handled.clear()
        self._committed_at = time.monotonic()

    def _conclude(self, event_type: EventType) -> None:
        for line in self._skipped.lines():
            note(line)
        if self._undecided:
            events = counted(self._undecided, noun_of(event_type.name))
            note(f"{events} not shown: --where has no answer for them, such as of a null")
        if self._lossy:
            held = counted(self._lossy, noun_of(event_type.name))
            note(f"{held} with an empty text, which CSV shows as no value (--output json)")
        read, noun = self._counts.total(), noun_of(event_type.name)
        if self.count_only:
            self._count(read, noun)
        elif self._skipped.count or self.output == "text" or self.to or not self._out.works:
            note(f"{counted(read, noun)} read, {self._skipped.count:,} skipped")

    def _count(self, read: int, noun: str) -> None:
        if self.output == "json":
            partitions = {str(n): self._counts[n] for n in sorted(self._counts)}
            counts = {"read": read, "partitions": partitions, "skipped": self._skipped.as_list()}
            self._out.conclude({"count": counts})
        else:
            self._out.conclude(f"{counted(read, noun)}, {self._skipped.count:,} skipped")

    def _refuse_all_skipped(self, event_type: EventType, topic: str) -> None:
        if self._skipped.count and not self._events:
            records = counted(self._skipped.count, "record")
            raise SchemaError(
                f"read topic {topic!r}",
                f"nothing on it could be read as {event_type.name}: {records} skipped",
                "name the event that is on it with --event, or another topic with --topic",
            )


def _interruptible(records: Iterator[Record[Any]], stop: Stop) -> Iterator[Record[Any]]:
    """Yield records until a signal comes: it ends the wait for the next one, whatever that is for.

    A schema may have to be fetched, from a registry that does not answer.
    """
    while True:
        try:
            with stop.interrupting():
                record = next(records, None)
        except Interrupted:
            return
        if record is None:
            return
        yield record
