"""A message on its way into the spool, and what a commit notes of many. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

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


def last_counts(messages: Sequence[Put]) -> dict[tuple[str, str], int]:
    """Return the last number that was counted for each key; threads may have overtaken others."""
    found: dict[tuple[str, str], int] = {}
    for each in messages:
        if each.counted is not None:
            event, key, number = each.counted
            found[event, key] = max(number, found.get((event, key), 0))
    return found


def last_places(taken: Sequence[Put]) -> list[tuple[Any, ...]]:
    """Return the last place of each source: several files may end in one batch."""
    return list({each.place[0]: each.place for each in taken if each.place is not None}.values())
