"""Where reading begins in each partition: a wish, and the offset that it comes to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, Self

from freezer_events.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

_MS: Final = 1000
_LARGEST: Final = 2**63 - 1
_KINDS: Final = ("beginning", "end", "offset", "time", "last")


class Edges(NamedTuple):
    """Where a partition begins and ends at the moment.

    Attributes:
        oldest: the offset of the oldest record that is kept.
        end: the offset that the next record will get.

    """

    oldest: int
    end: int


@dataclass(frozen=True, slots=True)
class Start:
    """Where in each partition to begin reading; made by its class methods.

    Attributes:
        kind: which of the class methods made it.
        number: an offset, milliseconds since 1970, or a number of records; 0 where none is needed.

    """

    kind: Literal["beginning", "end", "offset", "time", "last"]
    number: int = 0

    def __post_init__(self) -> None:
        if self.kind not in _KINDS:
            raise UsageError("read", f"{self.kind!r} is no place to begin", "see: Start")

    @classmethod
    def beginning(cls) -> Self:
        """Begin with the oldest record."""
        return cls("beginning")

    @classmethod
    def end(cls) -> Self:
        """Begin with what arrives from now on."""
        return cls("end")

    @classmethod
    def offset(cls, offset: int) -> Self:
        """Begin at this offset in each partition: at its oldest record if that is later.

        Raises:
            UsageError: the offset is negative.

        """
        return cls("offset", _natural("an offset", offset))

    @classmethod
    def time(cls, time: datetime | int) -> Self:
        """Begin with the first record that is not older than this.

        Args:
            time: a datetime with a time zone, or milliseconds since 1970 (UTC).

        Raises:
            UsageError: the datetime has no time zone, or is before 1970.

        """
        if isinstance(time, datetime):
            if time.tzinfo is None:
                raise UsageError("read from a time", f"{time} has no time zone", "give it one")
            time = int(time.timestamp() * _MS)
        return cls("time", _natural("milliseconds since 1970", time))

    @classmethod
    def last(cls, count: int) -> Self:
        """Begin this many records before the end of each partition.

        Offsets are counted: of a compacted topic, or one written in transactions, it may be fewer.

        Raises:
            UsageError: the number is negative.

        """
        return cls("last", _natural("a number of records", count))

    def in_partition(self, edges: Edges, at_time: int | None = None) -> int:
        """Return the offset to begin at.

        Args:
            edges: the partition's.
            at_time: the offset of the first record that is not older than the wanted time; None
                where there is none.

        """
        wanted: Mapping[str, int] = {
            "beginning": edges.oldest,
            "end": edges.end,
            "offset": self.number,
            "time": edges.end if at_time is None else at_time,
            "last": edges.end - self.number,
        }
        return min(max(wanted[self.kind], edges.oldest), edges.end)


def _natural(what: str, number: int) -> int:
    if type(number) is not int or not 0 <= number <= _LARGEST:
        raise UsageError("read", f"{number!r} is not {what}")
    return number
