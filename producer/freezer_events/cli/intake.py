"""Where the events of a run come from: the simulator, or a source of readings."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, Self

from freezer_events.cli.output import note
from freezer_events.send import watching
from freezer_events.sources import Format, Rejected, column_options, open_source
from freezer_events.sources.simulator import Simulator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from freezer_events.cli.produce_options import ProduceOptions
    from freezer_events.cli.rejects import Rejects
    from freezer_events.errors import InvalidEvent
    from freezer_events.event import EventType
    from freezer_events.send.tally import Tally
    from freezer_events.sources import Source


class Intake:
    """The events of one run.

    Args:
        options: say where they come from.
        event_type: what they are.
        rejects: takes what is no event.
        tally: counts that.
        wait: called every 0.1 s while a pipe is silent; False ends the input.

    Attributes:
        events: in order; to be taken once.
        source: where they come from, if each has a place there.

    Raises:
        UsageError: the source cannot be opened as the options say.
        InvalidEvent: it does not begin as it must.

    """

    def __init__(
        self,
        options: ProduceOptions,
        event_type: EventType,
        rejects: Rejects,
        tally: Tally,
        wait: Callable[[], bool],
    ) -> None:
        self._rejects = rejects
        self._tally = tally
        self.source: Source | None = None
        self.events: Iterable[Any]
        if options.source is None:
            self.events = Simulator(
                event_type, count=options.simulated, sensors=options.sensors, seed=options.seed
            )
            return
        self.source = source = _open(options.source, options, event_type, self._rejected, wait)
        if source.ignored:
            note(f"unused columns: {', '.join(source.ignored)}")
        self.events = islice(source, options.count) if options.count else source

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.source is not None:
            self.source.close()

    def reject(self, _event: Any, error: InvalidEvent) -> None:
        """Take an event that read well and does not encode, or is too large.

        Raises:
            InvalidEvent: the run is to end there.

        """
        if self.source is None:
            raise error
        self._rejects.take(Rejected(self.source.place, error.why, self.source.text), self.source)

    def _rejected(self, found: Rejected) -> None:
        """Take a reading that is no event."""
        self._tally.read += 1
        self._tally.rejected += 1
        watching.rejected(None)
        self._rejects.take(found, self.source)


def _open(
    name: str,
    options: ProduceOptions,
    event_type: EventType,
    on_reject: Callable[[Rejected], None],
    wait: Callable[[], bool],
) -> Source:
    """Open what `--from` names: other kinds of sources are told apart here."""
    return open_source(
        name,
        event_type,
        on_reject,
        wait=wait,
        written=Format(
            options.form,
            column_options(options.columns, event_type),
            "\t" if options.delimiter == "\\t" else options.delimiter,
            options.decimal,
            options.encoding,
            options.start_at,
        ),
    )
