"""A run of rows that were encoded: bodies and keys, packed, and the rows that they were made of."""

from __future__ import annotations

import struct
from functools import cached_property
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any, Final

from freezer_events.avro.wire import decode

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from freezer_events.event import EventType

MOST: Final = 512  # rows in a run
MOST_BYTES: Final = 1 << 20  # of their bodies, about
LARGEST_BYTES: Final = 1 << 16  # of a row: a larger one is a matter for the reader of single rows
NO_KEY: Final = -1
ELSEWHERE: Final = 2  # a row whose key is another shard's


def packed(keys: Sequence[bytes | None], bodies: Sequence[bytes]) -> bytes:
    """Return the data of an EncodedRun."""
    sizes = [NO_KEY if each is None else len(each) for each in keys]
    lengths = struct.pack(f"={2 * len(bodies)}i", *sizes, *map(len, bodies))
    return b"".join((lengths, *filter(None, keys), *bodies))


class EncodedRun:
    """Rows, encoded.

    Attributes:
        event_type: what they are.
        first: the number of the first one in its input, from 0.
        data: lengths of keys (NO_KEY where there is none) and of bodies, as int32 of this machine,
            then keys and bodies: what a row of the spool has behind its kinds.
        place_of: gives the place of one of them in its input, by its index.
        passed: how many rows among them were passed over. There may be no others.

    """

    def __init__(
        self,
        event_type: EventType,
        first: int,
        length: int,
        data: bytes,
        place_of: Callable[[int], Any],
        *,
        passed: int = 0,
    ) -> None:
        self.event_type = event_type
        self.first = first
        self.data = data
        self.place_of = place_of
        self.passed = passed
        self._length = length

    def __len__(self) -> int:
        """Return how many they are."""
        return self._length

    @cached_property
    def columns(self) -> tuple[Sequence[bytes | None], Sequence[bytes]]:
        """Keys and bodies."""
        count = self._length
        lengths = struct.unpack_from(f"={2 * count}i", self.data)
        ends = accumulate((max(each, 0) for each in lengths), initial=8 * count)
        parts = [self.data[at:end] for at, end in pairwise(ends)]
        keys = [None if size == NO_KEY else part for size, part in zip(lengths, parts[:count])]  # noqa: B905 - more lengths
        return keys, parts[count:]

    def from_index(self, at: int) -> bytes:
        """Return the data of those from an index on."""
        keys, bodies = self.columns
        return packed(keys[at:], bodies[at:])

    def take_index(self, body: bytes) -> int | None:
        """Return the index of a body, of equal ones each once; None if there is none."""
        found = self._indexes.get(body)
        return found.pop(0) if found else None

    @cached_property
    def _indexes(self) -> dict[bytes, list[int]]:
        found: dict[bytes, list[int]] = {}
        for at, body in enumerate(self.columns[1]):
            found.setdefault(body, []).append(at)
        return found

    def event(self, at: int) -> Any:
        """Return one of them as the event that a reader gets."""
        return decode(self.columns[1][at], self.event_type.schema, self.event_type)
