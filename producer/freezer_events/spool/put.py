"""A message on its way into the spool, and what a commit notes of many. Pure."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from freezer_events.spool.packing import batched, columns, pack

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from freezer_events.spool.packing import Extra


class Put(NamedTuple):
    """A message on its way into the spool.

    Attributes:
        kind: number of its BodyKind.
        key: the message key.
        body: the Avro body.
        extra: headers and timestamp, where it has any.
        counted: event, key and number, where one was counted for it.
        place: how far its source has been read with this message, the source's name first;
            `written_place` tells how it is written down.
        told: whoever is to hear what became of it.
        awaited: its sender waits for the disk, and counts it if it is refused.

    """

    kind: int
    key: bytes | None
    body: bytes
    extra: Extra | None = None
    counted: tuple[str, str, int] | None = None
    place: Any = None
    told: Any = None
    awaited: bool = True


class PackedRow(NamedTuple):
    """Messages on their way into the spool that are packed already; nobody waits for one of them.

    Attributes:
        length: how many they are.
        data: the row.
        places: how far their sources have been read with them; see Put.
        told: those who are to hear if they do not reach the disk.

    """

    length: int
    data: bytes
    places: Sequence[Any] = ()
    told: Sequence[Any] = ()


def count_of(taken: Sequence[Put | PackedRow]) -> int:
    """Return how many messages these are."""
    return len(taken) + sum(each.length - 1 for each in taken if isinstance(each, PackedRow))


def first_of(taken: Sequence[Put | PackedRow], count: int, most_bytes: int) -> int:
    """Return how many of these, from the first on, have so many messages or bytes, if not all."""
    found = size = 0
    for number, each in enumerate(taken, 1):
        found += each.length if isinstance(each, PackedRow) else 1
        size += _size(each)
        if found >= count or size >= most_bytes:
            return number
    return len(taken)


def size_of(taken: Sequence[Put | PackedRow]) -> int:
    """Return how many bytes these are."""
    return sum(map(_size, taken))


def _size(put: Put | PackedRow) -> int:
    return len(put.data) if isinstance(put, PackedRow) else len(put.body) + len(put.key or b"")


def rows_of(taken: Sequence[Put | PackedRow]) -> Iterator[tuple[int, bytes, Sequence[Put]]]:
    """Give the rows that messages make, in order: length and bytes, and messages to listen for."""
    for _, group in groupby(taken, type):
        packed, alone = [], []
        for each in group:
            if isinstance(each, PackedRow):
                packed.append(each)
            else:
                alone.append(each)
        yield from ((each.length, each.data, ()) for each in packed)
        yield from ((len(row), pack(columns(row)), row) for row in batched(alone))


def last_counts(messages: Sequence[Put | PackedRow]) -> dict[tuple[str, str], int]:
    """Return the last number that was counted for each key; threads may have overtaken others."""
    found: dict[tuple[str, str], int] = {}
    for each in messages:
        if isinstance(each, Put) and each.counted is not None:
            event, key, number = each.counted
            found[event, key] = max(number, found.get((event, key), 0))
    return found


def last_places(taken: Sequence[Put | PackedRow]) -> list[tuple[Any, ...]]:
    """Return the last place of each source: several files may end in one batch."""
    found: dict[Any, tuple[Any, ...]] = {}
    for each in taken:
        for place in each.places if isinstance(each, PackedRow) else (each.place,):
            if place is not None:
                found[place[0]] = place
    return list(found.values())
