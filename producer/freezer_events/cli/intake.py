"""Where the events of a run come from: the simulator, or a source of readings."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Self

from freezer_events.cli.output import note
from freezer_events.console.escape import one_line
from freezer_events.errors import EventError, UsageError
from freezer_events.send import watching
from freezer_events.sources import Inputs, Rejected, expanded, open_source, size_of
from freezer_events.sources.simulator import Simulator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from freezer_events.cli.produce_options import ProduceOptions
    from freezer_events.cli.rejects import Rejects
    from freezer_events.cli.resume import Resume
    from freezer_events.errors import InvalidEvent
    from freezer_events.event import EventType
    from freezer_events.send.tally import Tally
    from freezer_events.sources import Profile, ReadingPlace, Source


class Intake:
    """The events of one run.

    Args:
        options: say where they come from.
        event_type: what they are.
        profile: how an input is written.
        rejects: takes what is no event.
        tally: counts that.
        wait: called every 0.1 s while a pipe is silent; False ends the input.
        resume: given the inputs, returns what remembers how far each has been read.
        runs_after: behind how many readings runs of encoded rows may stand for events; None: never.

    Attributes:
        events: in order; to be taken once.
        source: where they come from, if each has a place there.
        inputs: the names of the inputs, patterns and folders expanded.
        resume: remembers how far files have been read, with a spool; else None.

    Raises:
        UsageError: the source cannot be opened as the options say.
        InvalidEvent: it does not begin as it must.

    """

    def __init__(
        self,
        options: ProduceOptions,
        event_type: EventType,
        profile: Profile,
        rejects: Rejects,
        tally: Tally,
        wait: Callable[[], bool],
        resume: Callable[[Sequence[str]], Resume | None] = lambda _: None,
        runs_after: int | None = None,
    ) -> None:
        self._rejects = rejects
        self._tally = tally
        self._profile = profile
        self._expected = options.expected
        self._shard = options.shard
        self._event_name = event_type.name
        self._inputs: Inputs | None = None
        self._is_cut = False
        self.resume: Resume | None = None
        self.source: Source | None = None
        self.inputs: list[str] = []
        self.events: Iterable[Any]
        if not options.sources:
            self.events = Simulator(
                event_type, count=options.simulated, sensors=options.sensors, seed=options.seed
            )
            return
        self.inputs = expanded(options.sources, lambda text: note(one_line(text)))
        if options.follow:
            _refuse_to_follow(self.inputs)
        if options.live and size_of(self.inputs) is not None:
            raise UsageError(
                "--live",
                "the readings of a file were made before now",
                "leave out --live; it is for a pipe whose readings are made as they are written",
            )
        if self._shard is not None:
            self.inputs = self._shard.take_inputs(self.inputs)
            if not self.inputs:
                note(f"shard {self._shard} has no file: there are fewer files than shards")
                self.events = ()
                return
        self.resume = resume(self.inputs)
        unread = self._unread(follow=options.follow)
        if not unread:
            note("the input has been read to its end before: nothing to do")
            self.events = ()
            return
        for each in () if self.resume is None else self.resume.told:
            note(one_line(each))
        kept = None if self.resume is None else self.resume.kept
        self.source = self._inputs = self._open(unread, options, event_type, wait)
        rejects.open(self.inputs, kept, unread, named=profile.reads_name)
        self.events = self._readings(self._inputs, event_type, wait, options.count, runs_after)

    def _readings(
        self,
        source: Inputs,
        event_type: EventType,
        wait: Callable[[], bool],
        most: int | None,
        runs_after: int | None,
    ) -> Iterable[Any]:
        """Return the readings of the source that are this run's."""
        found: Iterable[Any] = source
        shard = self._shard
        if runs_after is not None and not most:
            found = source.in_runs(runs_after, None if shard is None else shard.is_mine)
        if shard is not None:
            found = shard.of_source(found, source, event_type, wait)
        if self.resume is not None:
            found = self.resume.count(found, source, self._rejects, wait)
        return self._first(found, most) if most else found

    def _first(self, found: Iterable[Any], most: int) -> Iterator[Any]:
        """Yield the first readings, those of earlier runs counted; the input may go on."""
        left = most - (self.resume.taken if self.resume else 0)
        self._is_cut = True
        for event in islice(found, max(0, left)):
            left -= 1
            yield event
        self._is_cut = left <= 0

    @property
    def mark(self) -> Callable[[], Any] | None:
        """Tells how far a file has been read, where a spool is to know."""
        return None if self.resume is None else self.resume.mark

    @property
    def place(self) -> ReadingPlace | None:
        """The place of the last event; None where it has none."""
        return None if self.source is None else self.source.last

    @property
    def skipped(self) -> int:
        """Readings that were passed over: they are in the spool, or another shard's."""
        again = 0 if self.resume is None else self.resume.skipped
        return again if self._shard is None else again + self._shard.elsewhere

    def shard_as_dict(
        self, topic: str | None, *, ended: bool, earlier: Mapping[str, int] = MappingProxyType({})
    ) -> dict[str, Any] | None:
        """Return what is to be told of the shard; None where there is none.

        Args:
            topic: where its readings went.
            ended: the input has been read to its end.
            earlier: how many readings of earlier runs, found in the spool, ended in which way.

        """
        if self._shard is None:
            return None
        resumed = self.resume is not None and self.resume.is_later
        told = self._shard.as_dict(self.source, ended=ended, resumed=resumed)
        return told | {"event": self._event_name, "topic": topic, "earlier": dict(earlier)}

    def finish(self) -> None:
        """Remember that the source has been read to its end, if it has."""
        is_cut = self._is_cut or (self._shard is not None and self._shard.cut)
        if self.resume is not None and not is_cut:
            self.resume.finish()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.source is not None:
            self.source.close()

    def share_of(self, tally: Tally) -> Callable[[], float | None]:
        """Return what gives the part of the readings that has been taken; None where unknown."""
        source, size = self._inputs, size_of(self.inputs)
        if source is not None:
            return lambda: min(source.done_bytes / size, 1.0) if size else None
        expected = self._expected
        return lambda: tally.read / expected if expected else None

    def reject(self, _event: Any, error: InvalidEvent, place: ReadingPlace | None) -> None:
        """Take an event that read well and does not encode, or is too large.

        Raises:
            InvalidEvent: the run is to end there.

        """
        if self.source is None or place is None:
            raise error
        try:
            place.raw.decode(self._profile.encoding or "utf-8")
            fix = ""
        except UnicodeError:
            fix = "the file is in another encoding: --encoding cp1252, utf-16, …"
        except LookupError:
            fix = ""
        self._keep(Rejected(place, error.why, place.raw, fix), error.rule)

    def _rejected(self, found: Rejected) -> None:
        """Take a row that is no reading."""
        if self._shard is not None and not self._shard.owns(found.place):
            self._shard.elsewhere += 1
            return
        self._tally.read += 1
        self._tally.rejected += 1
        watching.rejected(None)
        self._keep(found)

    def _keep(self, found: Rejected, rule: str = "") -> None:
        try:
            self._rejects.take(found, self.source)
        except EventError:
            if self._rejects.is_stuck:
                self._tally.put_back(rule)
            raise

    def _open(
        self,
        unread: Sequence[str],
        options: ProduceOptions,
        event_type: EventType,
        wait: Callable[[], bool],
    ) -> Inputs:
        """Open what `--from` names: other kinds of sources are told apart here."""
        told: set[str] = set()

        def tell(text: str) -> None:
            if text not in told and not options.quiet:
                told.add(text)
                note(one_line(text))

        def start(name: str, *, is_first: bool) -> tuple[int, int]:
            line = options.start_at if is_first else 1
            return (line, 0) if self.resume is None else self.resume.start_of(name, line)

        return Inputs(
            unread,
            lambda name, is_first: open_source(
                name,
                event_type,
                self._rejected,
                wait=wait,
                profile=self._profile,
                tell=tell,
                start=start(name, is_first=is_first),
                follow=options.follow and name in self.inputs,
            ),
            tell,
            self._turned,
            (lambda *_: None) if self.resume is None else self.resume.ended,
            skips=options.on_bad == "skip",
        )

    def _unread(self, *, follow: bool) -> list[str]:
        """Return the inputs that are to be read; one that is followed is never at its end."""
        unread = self.inputs if self.resume is None else self.resume.unread
        if not follow:
            return unread
        return [*(each for each in unread if each not in self.inputs), *self.inputs]

    def _turned(self, name: str) -> None:
        """Go on with the file that has taken the place of one that was followed."""
        between = [] if self.resume is None else self.resume.turn(name)
        note(f"{one_line(name)} is another file now: going on with it")
        for each in between:
            note(
                f"{one_line(each)} had its name for a moment and has not been read: name it: --from"
            )
        watching.happened("rotated", file=name)


def _refuse_to_follow(inputs: Sequence[str]) -> None:
    """Refuse what no line can be appended to.

    Raises:
        UsageError: there are several inputs, or it is no file.

    """
    if len(inputs) > 1 or not Path(inputs[0]).is_file():
        raise UsageError("--follow", "follows one file", "name it: --from FILE --follow")
