"""How far reading has come: what was fetched, what was handed out, what is the end. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Reach:
    """Offsets by partition, of the partitions that are read.

    Attributes:
        partitions: those that are read now.

    """

    def __init__(self, partitions: Iterable[int] = ()) -> None:
        self.partitions = set(partitions)
        self._fetched: dict[int, int] = {}  # what comes next from the broker
        self._handed: dict[int, int] = {}  # what the reader has not seen yet
        self._committed: dict[int, int] = {}

    def add(self, partitions: Iterable[int]) -> None:
        """Read these, too; nothing is known of them yet."""
        self.partitions |= set(partitions)

    def remove(self, partitions: Iterable[int]) -> None:
        """Read these no more, and forget what was known of them."""
        for partition in partitions:
            self.partitions.discard(partition)
            for known in (self._fetched, self._handed, self._committed):
                known.pop(partition, None)

    def move(self, partition: int, offset: int) -> None:
        """Go on at another offset: what was handed out before it counts as seen."""
        self._fetched[partition] = self._handed[partition] = offset
        self._committed.pop(partition, None)

    def fetched(self, partition: int, following: int) -> None:
        """Take note that all before an offset has come; `following` is that offset."""
        self._fetched[partition] = following

    def handed_out(self, partition: int, offset: int) -> None:
        """Take note that the reader was given the record at an offset."""
        self._handed[partition] = offset + 1

    def is_at(self, ends: Mapping[int, int]) -> bool:
        """Tell whether all that is read has come as far as these ends."""
        return all(
            each in ends and self._fetched.get(each, -1) >= ends[each] for each in self.partitions
        )

    def uncommitted(self) -> dict[int, int]:
        """Return, by partition, the next offset of what was handed out and is not committed."""
        return {
            partition: offset
            for partition, offset in self._handed.items()
            if partition in self.partitions and self._committed.get(partition) != offset
        }

    def committed(self, offsets: Mapping[int, int]) -> None:
        """Take note of a commit."""
        self._committed |= offsets
