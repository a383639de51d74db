"""What sources have in common: a rejected reading, where it stood, and who is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol


@dataclass(frozen=True, slots=True)
class Rejected:
    """A reading that is no event.

    Attributes:
        place: file and line ("readings.csv:17").
        why: field and reason ("temperature: 'n/a' is not a number").
        text: the reading as it stood in the file, fit to be kept and fed in again.

    """

    place: str
    why: str
    text: str


class ReadingPlace(NamedTuple):
    """Where a reading stood: what its source needs to find it again, or to acknowledge it.

    Attributes:
        line: its first line, from 1.
        raw: the reading as the source read it; for the source alone.

    """

    line: int
    raw: Any


@dataclass(slots=True)
class Rows:
    """What became of the rows of an input, each counted where it is decided.

    Attributes:
        read: rows in all, from where reading began.
        none: rows that hold no reading: empty ones.
        rejected: rows that hold none that fits; `on_reject` was told.
        used: rows whose reading was handed on.

    """

    read: int = 0
    none: int = 0
    rejected: int = 0
    used: int = 0

    @property
    def astray(self) -> int:
        """How many rows are unaccounted for: 0 unless there is a bug."""
        return self.read - self.none - self.rejected - self.used


@dataclass(frozen=True, slots=True)
class Format:
    """How the readings in a file are written down.

    Attributes:
        form: "jsonl", "csv", or "auto": by the file's suffix, else by its first character.
        columns: CSV column or JSON key to Avro field, where they differ.
        delimiter: between CSV cells.
        decimal: the decimal mark in CSV numbers.
        encoding: of the text.
        start_at: pass over the readings that begin before this line.

    """

    form: str = "auto"
    columns: Mapping[str, str] = field(default_factory=dict)
    delimiter: str = ","
    decimal: str = "."
    encoding: str = "utf-8"
    start_at: int = 1


OnReject = Callable[[Rejected], None]


class Source(Protocol):
    """Readings as typed events; those that are none go to the `on_reject` it was opened with.

    Whoever takes the events notes the `last` place with each, and hands it back to `safe` once
    nothing can happen to that reading any more. A source that acknowledges does so then.
    """

    @property
    def rows(self) -> Rows:
        """The counts of its rows so far."""

    @property
    def wants_to_know(self) -> bool:
        """Whether `safe` is to be called at all."""

    @property
    def last(self) -> ReadingPlace:
        """The place of the event that was yielded last."""

    def safe(self, place: ReadingPlace) -> None:
        """Take note that a reading is where it cannot be lost. In any thread."""

    def written(self, place: ReadingPlace) -> str:
        """Return a reading as it stood in the input, fit to be fed in again."""

    @property
    def place(self) -> str:
        """Where the event that was yielded last stood ("readings.csv:17")."""

    @property
    def text(self) -> str:
        """That reading as it stood there."""

    @property
    def heading(self) -> str:
        """What a file of rejects must begin with, or ""."""

    @property
    def ignored(self) -> tuple[str, ...]:
        """Columns that no field takes."""

    def __iter__(self) -> Iterator[Any]:
        """Yield the events."""

    def close(self) -> None:
        """Close the input."""
