"""The tally: what became of every reading, and the exit code that follows from it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field


@dataclass(slots=True)
class Tally:
    """Counts that always add up: read = rejected + delivered + failed + unconfirmed + unsent.

    Attributes:
        read: readings taken from the source.
        rejected: readings that do not fit their event; never sent.
        failed: certainly not written.
        unconfirmed: timed out in flight or cut off; they may be on the topic all the same.
        partitions: messages acknowledged by the cluster, by partition. No Counter: that one is
            several times slower at `+= 1`, which happens for every message.

    """

    read: int = 0
    rejected: int = 0
    failed: int = 0
    unconfirmed: int = 0
    partitions: defaultdict[int, int] = field(default_factory=lambda: defaultdict(int))

    @property
    def delivered(self) -> int:
        """Messages acknowledged by the cluster."""
        return sum(self.partitions.values())

    @property
    def unsent(self) -> int:
        """Readings that were read and never handed to the producer."""
        return self.read - self.rejected - self.delivered - self.failed - self.unconfirmed

    @property
    def undelivered(self) -> int:
        """Good readings that are not known to be on the topic."""
        return self.failed + self.unconfirmed + self.unsent

    def as_dict(self) -> dict[str, int | dict[str, int]]:
        """Return the counts for machines; partitions by number, as JSON keys are text."""
        return {
            "read": self.read,
            "rejected": self.rejected,
            "delivered": self.delivered,
            "failed": self.failed,
            "unconfirmed": self.unconfirmed,
            "unsent": self.unsent,
            "partitions": {str(n): self.partitions[n] for n in sorted(self.partitions)},
        }

    def __str__(self) -> str:
        """Give the counts on one line; those that are zero are left out, but read and delivered."""
        counts = [
            (name, count)
            for name, count in self.as_dict().items()
            if isinstance(count, int) and (count or name in {"read", "delivered"})
        ]
        return ", ".join(f"{count:,} {name}" for name, count in counts)
