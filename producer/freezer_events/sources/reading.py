"""What sources have in common: a rejected reading, where it stood, and who is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol


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


@dataclass(frozen=True, slots=True)
class Format:
    """How the readings in a file are written down.

    Attributes:
        form: "jsonl", "csv", or "auto": by the file's suffix, else by its first character.
        columns: CSV column or JSON key to Avro field, where they differ.
        delimiter: between CSV cells.
        decimal: the decimal mark in CSV numbers.
        encoding: of the text.

    """

    form: str = "auto"
    columns: Mapping[str, str] = field(default_factory=dict)
    delimiter: str = ","
    decimal: str = "."
    encoding: str = "utf-8"


OnReject = Callable[[Rejected], None]


class Source(Protocol):
    """Readings as typed events; those that are none go to the `on_reject` it was opened with."""

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
