"""What sources have in common: readings and their places, rejected ones, and who is told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields
from typing import Any, Final, NamedTuple, Protocol, Self

from freezer_events.avro.bad_value import BadValue
from freezer_events.errors import InvalidEvent

LONGEST_ROW_BYTES: Final = 1 << 20
"""The most bytes of one reading, its line ends included; a longer one is rejected whole."""
MOST_LINE_BREAKS: Final = 100
"""The most line breaks in one CSV row: a quote that stays open for longer was never meant."""


class BadReading(BadValue):
    """A value does not fit, and what to do about it is known: an option to add, say."""

    def __init__(self, path: str, why: str, fix: str = "") -> None:
        super().__init__(path, why)
        self.fix = fix

    def under(self, name: str) -> Self:
        """Return the same complaint, seen from one level further out."""
        found = super().under(name)
        found.fix = self.fix
        return found


class NoReading(Exception):  # noqa: N818 - it names the thing
    """A row holds no reading, and that is no error: a value that it needs is one named as none."""


class HoldsNothing(InvalidEvent):
    """An input that must begin with a header has no line that could be one: it holds no rows."""


class StandsOpen(Exception):  # noqa: N818 - it names the state
    """A row is not whole yet where its input was left: it is for the next run."""


class Unanswered(NoReading):
    """A row does not meet a condition that has no answer for it."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that is no reading.

    Attributes:
        place: where it begins.
        why: field and reason ("temperature: 'n/a' is not a number").
        raw: the row as it stood in the input, its line end included where it has one. Of a row
            that is longer than LONGEST_ROW_BYTES: how it begins.
        fix: what to do about it, or "".
        rest: the bytes that follow `raw`, read as they are taken.

    """

    place: ReadingPlace
    why: str
    raw: bytes
    fix: str = ""
    rest: Iterable[bytes] = ()


class ReadingPlace(NamedTuple):
    """Where a reading stood: what its source needs to find it again, or to acknowledge it.

    Attributes:
        input: the input's name as it was given: a path, "-", or "archive.zip!member".
        line: its first line, from 1.
        begin: the offset of its first byte in the input (unpacked).
        end: the offset behind its last one, line end included.
        raw: its bytes; b"" in a place that was read from a file.

    """

    input: str
    line: int
    begin: int
    end: int
    raw: bytes = b""

    @property
    def shown(self) -> str:
        """File and line, as messages name it ("readings.csv:17")."""
        return f"{shown_name(self.input)}:{self.line}"

    def as_json(self) -> list[str | int]:
        """Return what leads back to it, without its bytes."""
        return [self.input, self.line, self.begin, self.end]

    @classmethod
    def from_json(cls, value: list[Any]) -> Self:
        """Return the place that `as_json` was made of."""
        return cls(*value)


@dataclass(slots=True)
class Rows:
    """What became of the rows of an input, each counted where it is decided.

    Attributes:
        read: rows in all, from where reading began.
        none: rows that hold no reading: empty ones, comments, a repeated header, what was filtered.
        unanswered: those of them for which the condition of `--where` had no answer.
        rejected: rows that hold none that fits; `on_reject` was told.
        used: rows whose readings were handed on.
        more: readings beyond the first of their row.

    """

    read: int = 0
    none: int = 0
    rejected: int = 0
    used: int = 0
    more: int = 0
    unanswered: int = 0

    def __add__(self, other: Rows) -> Rows:
        """Add the counts up."""
        return Rows(*(getattr(self, of.name) + getattr(other, of.name) for of in fields(Rows)))

    def hold_none(self, why: NoReading) -> None:
        """Count a row that holds no reading."""
        self.none += 1
        self.unanswered += isinstance(why, Unanswered)

    @property
    def readings(self) -> int:
        """Readings that were handed on."""
        return self.used + self.more

    @property
    def astray(self) -> int:
        """How many rows are unaccounted for: 0 unless there is a bug."""
        return self.read - self.none - self.rejected - self.used


OnReject = Callable[[Rejected], None]
Tell = Callable[[str], None]


class Source(Protocol):
    """Readings as typed events; those that are none go to the `on_reject` it was opened with.

    Whoever takes the events notes the `last` place with each, and hands it back to `safe` once
    nothing can happen to that reading any more. A source that acknowledges does so then.
    """

    @property
    def rows(self) -> Rows:
        """The counts of its rows so far."""

    @property
    def left(self) -> bool:
        """Whether it goes on, for another run."""

    @property
    def wants_to_know(self) -> bool:
        """Whether `safe` is to be called at all."""

    @property
    def last(self) -> ReadingPlace:
        """The place of the event that was yielded last."""

    def safe(self, place: ReadingPlace) -> None:
        """Take note that a reading is where it cannot be lost. In any thread."""

    def heading(self, name: str) -> bytes:
        """Return what stands before the rows of an input, so that rows kept of it read alike."""

    def __iter__(self) -> Iterator[Any]:
        """Yield the events."""

    def close(self) -> None:
        """Close the input."""


def shown_name(name: str) -> str:
    """Return how messages name an input."""
    return "<stdin>" if name == "-" else name


def short_list(names: Iterable[str], most: int = 12, longest: int = 60) -> str:
    """Return names as part of a message: not all of many, and none of them whole if it is long."""
    every = [each if len(each) <= longest else f"{each[:longest]}…" for each in names]
    more = f", … ({len(every) - most:,} more)" if len(every) > most else ""
    return ", ".join(every[:most]) + more
