"""One run of `freezer produce`: stages put together, progress shown, exit code decided."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from freezer_events.avro.wire import encode
from freezer_events.cli import options
from freezer_events.cli.kept_readings import KeptReadings, next_line, refuse_to_overwrite
from freezer_events.cli.output import Deliveries, Output, note, partition_lines, summary
from freezer_events.console.ending import Ending, tell
from freezer_events.console.escape import one_line
from freezer_events.console.stop import Interrupted, Stop
from freezer_events.console.words import counted, noun_of
from freezer_events.errors import (
    AccessError,
    EventError,
    InvalidEvent,
    UnreachableError,
    UsageError,
)
from freezer_events.send.fill import Filler
from freezer_events.send.pipeline import Pipeline
from freezer_events.send.producer import EventProducer
from freezer_events.send.tally import CountsDiffer, Tally
from freezer_events.sources import Format, Rejected, column_options, open_source
from freezer_events.sources.simulator import Simulator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from freezer_events.event import EventType
    from freezer_events.sources import Source

_TUTORIAL_INTERVAL_S: Final = 1.0
_TUTORIAL_COUNT: Final = 10


@dataclass
class ProduceRun:
    """The options of `freezer produce`, and what to do with them."""

    env_file: Path | None
    topic: str | None
    properties: tuple[str, ...]
    event_name: str | None
    schemas: Path | None
    into: Path | None
    count: int | None
    interval: float | None
    sensors: int
    seed: int | None
    source: str | None
    form: str
    columns: tuple[str, ...]
    delimiter: str
    decimal: str
    encoding: str
    on_bad: str
    rejects: str | None
    dry_run: bool
    timeout: float
    give_up_after: float
    undelivered: str | None
    start_at: int
    every: bool | None
    output: str
    _out: Output = field(default_factory=Output, init=False)
    _kept: IO[str] | None = field(default=None, init=False)
    _opened: Source | None = field(default=None, init=False)
    _undelivered: KeptReadings | None = field(default=None, init=False)

    def run(self) -> int:
        """Produce, or only check; returns the exit code."""
        event_type = options.find_event_type(self.event_name, self.schemas, self.into)
        with ExitStack() as stack, Stop() as stop:
            self._stack = stack
            if self.dry_run:
                return self._check(event_type, stop)
            return self._produce(event_type, stop)

    def _produce(self, event_type: EventType, stop: Stop) -> int:
        if self.undelivered:
            self._undelivered = KeptReadings(Path(self.undelivered), self.encoding)
        settings = options.load_settings(self.env_file, self.properties, self.topic)
        topic = settings.topic_for(event_type, named=self.event_name)
        producer = EventProducer(
            settings, topic=topic, timeout_s=self.timeout, give_up_after_s=self.give_up_after
        )
        show = Deliveries(self._out, event_type, as_json=self.output == "json", every=self._every)
        pipeline = Pipeline(
            producer,
            stop,
            interval_s=self._interval_s,
            flush_s=self.timeout,
            on_report=show,
            reports=show.limit,
            on_progress=show.progress,
            on_notice=note,
        )
        with stop.interrupting():  # a pipe may have nobody at its other end
            events = self._events(event_type, pipeline.wait, pipeline.tally)
        try:
            with stop.interrupting():
                partitions = producer.prepare(event_type.record)
        except (EventError, Interrupted):
            note(f"nothing was sent: {self._expected(event_type)}0 delivered")
            raise
        error: EventError | None = None
        try:
            total = None if self.source else self._simulated
            pipeline.run(events, self._on_bad, total, self._opened)
        except EventError as raised:
            error = raised
        except Exception:  # nobody foresaw it: the tally is told all the same
            self._summary(pipeline.tally, event_type)
            raise
        show.done()
        tally = pipeline.tally
        self._compare(tally)
        self._summary(tally, event_type)
        self._leftovers(pipeline, event_type)
        if self.output == "text" and tally.delivered:
            for line in partition_lines(tally, partitions, pipeline.partitioner, event_type):
                self._out.line(line)
        return self._exit_code(stop, tally, event_type, error or pipeline.trouble)

    def _compare(self, tally: Tally) -> None:
        """Hold what the source counted against what was sent."""
        rows = None if self._opened is None else self._opened.rows
        if rows is not None and (rows.astray or tally.read != rows.rejected + rows.used):
            raise CountsDiffer(f"{rows} and {tally}")

    def _leftovers(self, pipeline: Pipeline, event_type: EventType) -> None:
        """Keep what was not delivered, and say where the input goes on."""
        lost, kept = pipeline.undelivered, self._undelivered
        if lost and kept is not None:
            for path, count in kept.write(lost, self._opened):
                note(f"{counted(count, noun_of(event_type.name))} not delivered: kept in {path}")
        ahead = next_line(self._opened, lost, kept=kept is not None, ended=pipeline.exhausted)
        if ahead is not None and self.source != "-":
            note(f"to go on: the same options, --start-at {ahead}")

    def _check(self, event_type: EventType, stop: Stop) -> int:
        """Read, fill and encode every reading, send nothing."""
        if self.source is None and not self._simulated:
            raise UsageError("--dry-run with --count 0", "would never end", "say how many: --count")
        tally = Tally()
        fill = Filler(event_type)
        with stop.interrupting():
            events = self._events(event_type, lambda: not stop(), tally)
        error: EventError | None = None
        try:
            for event in events:
                if stop():
                    break
                tally.read += 1
                try:
                    encode(fill(event))
                except InvalidEvent as raised:
                    tally.rejected += 1
                    self._on_bad(event, raised)
                else:
                    tally.unsent += 1
        except EventError as raised:
            error = raised
        if self.output == "json":
            self._summary(tally, event_type)
        else:
            read = counted(tally.read, noun_of(event_type.name))
            counts = f"{read} read, {tally.rejected:,} rejected, {tally.unsent:,} good"
            self._out.conclude(f"dry run: {counts}; nothing was sent")
        if error is None and stop.exit_code is None and not (tally.rejected and not self._kept):
            return 0
        return self._exit_code(stop, tally, event_type, error)

    @property
    def _every(self) -> bool | None:
        tutorial = self.source is None and 0 < self._simulated <= 1000  # noqa: PLR2004
        return True if self.every is None and tutorial else self.every

    @property
    def _simulated(self) -> int:
        return _TUTORIAL_COUNT if self.count is None else self.count

    @property
    def _interval_s(self) -> float:
        if self.interval is not None:
            return self.interval
        return 0.0 if self.source else _TUTORIAL_INTERVAL_S

    def _expected(self, event_type: EventType) -> str:
        if self.source or not self._simulated:
            return ""
        return f"{counted(self._simulated, noun_of(event_type.name))} not delivered, "

    def _events(
        self, event_type: EventType, wait: Callable[[], bool], tally: Tally
    ) -> Iterable[Any]:
        if self.source is None:
            return Simulator(
                event_type, count=self._simulated, sensors=self.sensors, seed=self.seed
            )

        def rejected(found: Rejected) -> None:
            tally.read += 1
            tally.rejected += 1
            self._reject(found)

        source = self._opened = open_source(
            self.source,
            event_type,
            rejected,
            wait=wait,
            written=Format(
                self.form,
                column_options(self.columns, event_type),
                "\t" if self.delimiter == "\\t" else self.delimiter,
                self.decimal,
                self.encoding,
                self.start_at,
            ),
        )
        self._stack.callback(source.close)
        if source.ignored:
            note(f"columns that no field takes: {', '.join(source.ignored)}")
        if self.rejects:
            self._kept = self._stack.enter_context(_open_rejects(Path(self.rejects)))
        return islice(source, self.count) if self.count else source

    def _on_bad(self, _event: Any, error: InvalidEvent) -> None:
        """Take an event that read well and does not encode, or is too large."""
        if self._opened is None:
            raise error
        self._reject(Rejected(self._opened.place, error.why, self._opened.text))

    def _reject(self, found: Rejected) -> None:
        if self._kept is not None and self._opened is not None:
            if self._kept.tell() == 0 and self._opened.heading:
                self._kept.write(self._opened.heading + "\n")
            self._kept.write(found.text + "\n")
            self._kept.flush()
        if self.on_bad == "stop":
            raise InvalidEvent(found.place, found.why, "go on past it: --on-bad skip")
        note(one_line(f"skipped {found.place}: {found.why}"))

    def _summary(self, tally: Tally, event_type: EventType) -> None:
        if self.output == "json":
            self._out.conclude({"tally": tally.as_dict()})
        else:
            self._out.conclude(summary(tally, event_type))

    def _exit_code(
        self, stop: Stop, tally: Tally, event_type: EventType, error: EventError | None
    ) -> int:
        """Decide: a signal, else a refusal, else what the tally says."""
        lost = tally.undelivered if not self.dry_run else 0
        if lost:
            note(f"{counted(lost, noun_of(event_type.name))} not delivered")
        code = 1 if error or lost or (tally.rejected and self._kept is None) else 0
        if stop.exit_code is not None:
            code = stop.exit_code
        elif isinstance(error, AccessError | InvalidEvent | UnreachableError | UsageError):
            code = error.exit_code
        if error is not None:
            failure = replace(Ending.of(error), exit_code=code)
            tell(failure, as_json_to="err" if self.output == "json" else None)
        return code


def _open_rejects(path: Path) -> IO[str]:
    refuse_to_overwrite("--rejects", path)
    try:
        # Readings may hold bytes that their encoding could not decode: they go back as they were.
        return path.open("w", encoding="utf-8", errors="surrogateescape", newline="")
    except OSError as error:
        raise UsageError(f"--rejects {path}", f"cannot be written: {error.strerror}") from error
