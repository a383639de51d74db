"""How much waits in a spool, and how much may."""

from __future__ import annotations

import sys
import threading


class FillLevel:
    """The fill level of one spool.

    Args:
        max_bytes: how much may wait in it.
        drop_oldest: when it is full, the oldest are dropped.
        events: how many messages wait.
        size_bytes: of their rows.

    Attributes:
        drop_oldest: as given.
        events: how many committed messages wait.
        size_bytes: of their rows.

    """

    def __init__(self, max_bytes: int, events: int, size_bytes: int, *, drop_oldest: bool) -> None:
        self._max_bytes = max_bytes
        self._counting = threading.Lock()  # one thread commits, another one takes out
        self.drop_oldest = drop_oldest
        self.events = events
        self.size_bytes = size_bytes

    @property
    def most_at_once(self) -> int:
        """How many bytes may be committed at once, so that the oldest can make room for them."""
        return self._max_bytes // 2 if self.drop_oldest else sys.maxsize

    def rise(self, events: int, size_bytes: int) -> None:
        """Count what was committed."""
        with self._counting:
            self.events += events
            self.size_bytes += size_bytes

    def fall(self, events: int, size_bytes: int) -> None:
        """Count what has left it."""
        with self._counting:
            self.events -= events
            self.size_bytes -= size_bytes

    def makes_wait(self, pending_bytes: int) -> bool:
        """Tell whether senders wait for room, with so much not committed yet."""
        return not self.drop_oldest and self.size_bytes + pending_bytes >= self._max_bytes

    def bytes_to_drop(self, pending_bytes: int) -> int:
        """Return how much of the oldest is to go, to make room for so much."""
        over = self.size_bytes + pending_bytes - self._max_bytes
        return max(0, over) if self.drop_oldest else 0
