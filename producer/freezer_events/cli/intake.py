"""Where the events of a run come from: the simulator, or a source of readings."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, Self

from freezer_events.cli.output import note
from freezer_events.console.escape import one_line
from freezer_events.errors import UsageError
from freezer_events.send import watching
from freezer_events.sources import Inputs, Rejected, expanded, open_source, size_of
from freezer_events.sources.simulator import Simulator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from freezer_events.cli.produce_options import ProduceOptions
    from freezer_events.cli.rejects import Rejects
    from freezer_events.errors import InvalidEvent
    from freezer_events.event import EventType
    from freezer_events.send.tally import Tally
    from freezer_events.sources import Profile, Source


class Intake:
    """The events of one run.

    Args:
        options: say where they come from.
        event_type: what they are.
        profile: how an input is written.
        rejects: takes what is no event.
        tally: counts that.
        wait: called every 0.1 s while a pipe is silent; False ends the input.

    Attributes:
        events: in order; to be taken once.
        source: where they come from, if each has a place there.
        inputs: the names of the inputs, patterns and folders expanded.

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
    ) -> None:
        self._rejects = rejects
        self._tally = tally
        self._profile = profile
        self._expected = options.expected
        self._inputs: Inputs | None = None
        self.source: Source | None = None
        self.inputs: list[str] = []
        self.events: Iterable[Any]
        if not options.sources:
            self.events = Simulator(
                event_type, count=options.simulated, sensors=options.sensors, seed=options.seed
            )
            return
        self.inputs = expanded(options.sources)
        if options.live and size_of(self.inputs) is not None:
            raise UsageError(
                "--live",
                "the readings of a file were made before now",
                "leave out --live; it is for a pipe whose readings are made as they are written",
            )
        self.source = self._inputs = self._open(options, event_type, wait)
        rejects.open(self.inputs, named=profile.reads_name)
        self.events = islice(self.source, options.count) if options.count else self.source

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

    def reject(self, _event: Any, error: InvalidEvent) -> None:
        """Take an event that read well and does not encode, or is too large.

        Raises:
            InvalidEvent: the run is to end there.

        """
        if self.source is None:
            raise error
        place = self.source.last
        try:
            place.raw.decode(self._profile.encoding or "utf-8")
            fix = ""
        except UnicodeError:
            fix = "the file is in another encoding: --encoding cp1252, utf-16, …"
        except LookupError:
            fix = ""
        self._rejects.take(Rejected(place, error.why, place.raw, fix), self.source)

    def _rejected(self, found: Rejected) -> None:
        """Take a row that is no reading."""
        self._tally.read += 1
        self._tally.rejected += 1
        watching.rejected(None)
        self._rejects.take(found, self.source)

    def _open(
        self, options: ProduceOptions, event_type: EventType, wait: Callable[[], bool]
    ) -> Inputs:
        """Open what `--from` names: other kinds of sources are told apart here."""
        told: set[str] = set()

        def tell(text: str) -> None:
            if text not in told and not options.quiet:
                told.add(text)
                note(one_line(text))

        return Inputs(
            self.inputs,
            lambda name, is_first: open_source(
                name,
                event_type,
                self._rejected,
                wait=wait,
                profile=self._profile,
                tell=tell,
                start=(options.start_at if is_first else 1, 0),
            ),
            tell,
        )
