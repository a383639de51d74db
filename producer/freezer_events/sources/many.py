"""Several inputs as one source, one after the other in the order they are named."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from freezer_events.sources.reading import Rows, shown_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from freezer_events.sources.reading import ReadingPlace, Tell
    from freezer_events.sources.text_source import TextSource


class Inputs:
    """A source made of others; the first is opened at once, the others when their turn comes.

    Args:
        names: the inputs.
        opened: opens one: its name, and whether it is the first.
        tell: told what was in each, where there are several.
        turned: told of a file whose name is another file's now, which is opened next.
        ended: told of each input that has been read to its end, and of its source.

    Raises:
        EventError: the first cannot be opened, or is nothing that holds readings.

    """

    wants_to_know = False

    def __init__(
        self,
        names: Sequence[str],
        opened: Callable[[str, bool], TextSource],
        tell: Tell,
        turned: Callable[[str], None] = lambda _: None,
        ended: Callable[[str, TextSource], None] = lambda *_: None,
    ) -> None:
        self._names = names
        self._open = opened
        self._tell = tell
        self._turned = turned
        self._ended = ended
        self._past = Rows()
        self._past_bytes = 0
        self._headings: dict[str, bytes] = {}
        self._at = 0
        self._source = opened(names[0], True)
        self._headings[names[0]] = self._source.heading(names[0])

    @property
    def rows(self) -> Rows:
        """The counts of all inputs so far."""
        return self._past + self._source.rows

    @property
    def last(self) -> ReadingPlace:
        """The place of the event that was yielded last."""
        return self._source.last

    def safe(self, place: ReadingPlace) -> None:
        """Do nothing: files keep their rows."""

    def heading(self, name: str) -> bytes:
        """Return what stands before the rows of one input."""
        return self._headings.get(name, b"")

    @property
    def done_bytes(self) -> int:
        """How many bytes of the inputs (as they are stored) have been read."""
        return self._past_bytes + self._source.read_bytes

    def __iter__(self) -> Iterator[Any]:
        """Yield the events."""
        return self._all(iter)

    def in_runs(self, after: int, is_mine: Callable[[str], bool] | None = None) -> Iterator[Any]:
        """Yield the events, and in their place runs of encoded rows, where an input can.

        Args:
            after: so many readings come as events first.
            is_mine: tells whether rows of a key are to be in runs at all.

        """
        return self._all(lambda s: s.in_runs(max(0, after - self._past.readings), is_mine))

    def _all(self, readings: Callable[[TextSource], Iterator[Any]]) -> Iterator[Any]:
        yield from self._all_of(self._names[0], readings)
        for name in self._names[1:]:
            self._open_next(name)
            yield from self._all_of(name, readings)

    def _all_of(self, name: str, readings: Callable[[TextSource], Iterator[Any]]) -> Iterator[Any]:
        """Yield the readings of one input, and of the files that take its place."""
        yield from readings(self._source)
        self._told()
        self._ended(name, self._source)
        while self._source.turned:
            self._turned(name)
            self._open_next(name)
            yield from readings(self._source)
            self._told()
            self._ended(name, self._source)

    def _open_next(self, name: str) -> None:
        self._past, self._past_bytes = self.rows, self.done_bytes
        self._source.close()
        self._source = self._open(name, False)
        self._headings[name] = self._source.heading(name)

    def close(self) -> None:
        """Close the input that is open."""
        self._source.close()

    def _told(self) -> None:
        """Say what was in the input that has been read."""
        rows = self._source.rows
        if len(self._names) == 1:
            if rows.none:
                what = "row holds" if rows.none == 1 else "rows hold"
                self._tell(f"{rows.none:,} {what} no reading (empty, a comment, filtered, …)")
            if rows.unanswered:
                self._tell(
                    f"--where had no answer for {rows.unanswered:,} of them: a value is missing,"
                    " null or of another kind"
                )
        else:
            counts = f"{rows.read:,} rows, {rows.none:,} none, {rows.rejected:,} rejected"
            self._tell(f"{shown_name(self._source.name)}: {counts}, {rows.readings:,} readings")
