"""Several inputs as one source, one after the other in the order they are named."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from freezer_events.sources.reading import HoldsNothing, ReadingPlace, Rows, shown_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from freezer_events.sources.reading import Tell
    from freezer_events.sources.text_source import TextSource


class Inputs:
    """A source made of others; the first is opened at once, the others when their turn comes.

    Args:
        names: the inputs.
        opened: opens one: its name, and whether it is the first.
        tell: told what was in each, where there are several.
        turned: told of a file whose name is another file's now, which is opened next.
        ended: told of each input that has been read to its end, and of its source.
        skips: whether an input without a header or rows is passed over, and told, if there are
            others.

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
        *,
        skips: bool = False,
    ) -> None:
        self._open = opened
        self._tell = tell
        self._turned = turned
        self._ended = ended
        self._skips = skips
        self._is_single = len(names) == 1
        self._past = Rows()
        self._past_bytes = 0
        self._headings: dict[str, bytes] = {}
        self._unopened = ""  # the input that is being opened, or cannot be
        self._names, self._source = self._first_of(names)
        self._headings[self._names[0]] = self._source.heading(self._names[0])

    def _first_of(self, names: Sequence[str]) -> tuple[Sequence[str], TextSource]:
        """Open the first input that holds something; returns it with the names from it on."""
        for at, name in enumerate(names[:-1] if self._skips else ()):
            try:
                return names[at:], self._open(name, at == 0)
            except HoldsNothing as error:
                self._pass_over(error)
        at = len(names) - 1 if self._skips else 0
        return names[at:], self._open(names[at], at == 0)

    def _pass_over(self, error: HoldsNothing) -> None:
        self._unopened = ""
        self._tell(f"{error}: passed over")

    @property
    def rows(self) -> Rows:
        """The counts of all inputs so far."""
        return self._past + self._source.rows

    @property
    def last(self) -> ReadingPlace:
        """The place of the last event; the beginning of an input that could not be opened."""
        return ReadingPlace(self._unopened, 0, 0, 0) if self._unopened else self._source.last

    def safe(self, place: ReadingPlace) -> None:
        """Do nothing: files keep their rows."""

    def heading(self, name: str) -> bytes:
        """Return what stands before the rows of one input."""
        return self._headings.get(name, b"")

    @property
    def left(self) -> bool:
        """Whether the input goes on, for another run: it is followed, and a signal ended it."""
        return self._source.left

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
            try:
                self._open_next(name)
            except HoldsNothing as error:
                if not self._skips:
                    raise
                self._pass_over(error)
                continue
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
        past, past_bytes = self.rows, self.done_bytes
        self._source.close()
        self._unopened = name
        opened = self._open(name, False)  # or raise: then the one before still counts as it is
        self._unopened = ""
        self._past, self._past_bytes, self._source = past, past_bytes, opened
        self._headings[name] = opened.heading(name)

    def close(self) -> None:
        """Close the input that is open."""
        self._source.close()

    def _told(self) -> None:
        """Say what was in the input that has been read."""
        rows = self._source.rows
        if self._is_single:
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
