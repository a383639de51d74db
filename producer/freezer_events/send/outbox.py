"""The outbox of one topic: messages wait here for each other, longer the more of them come.

A message that comes alone goes on at once. While messages come thick and fast, each batch is twice
as large as the one before, up to a limit; what then waits for a batch to fill goes on by age. Only
what holds the messages is shared with the thread that looks at the age: they are added without a
lock.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

# Filled in less than AGE_S by a quick sender, and small enough to stay in a core's own cache.
LARGEST_BATCH: Final = 512
AGE_S: Final = 0.005  # the longest that a message waits for others


class Outbox(ABC):
    """Messages for one topic, in order; a subclass has them.

    Args:
        is_busy: tells whether messages handed over before have no report yet.
        lock: held while messages are handed over; several outboxes may share it.

    Attributes:
        size: how many messages make a batch at the moment: push once there are so many.
        full: the last push found no room for all; push again before anything is added.
        pushed_at: when it was last pushed, by `time.monotonic`.

    """

    def __init__(self, is_busy: Callable[[], bool], lock: threading.RLock) -> None:
        self.size = 1
        self.full = False
        self.pushed_at = 0.0
        self._is_busy = is_busy
        self._lock = lock

    @abstractmethod
    def __len__(self) -> int:
        """Return how many messages wait."""

    @abstractmethod
    def _hand_over(self) -> bool:
        """Hand over what waits; False where there was not room for all of it, which stays."""

    def push(self) -> bool:
        """Hand over what waits; False when there was not room for all of it."""
        with self._lock:
            self.pushed_at = time.monotonic()
            self.size = self._next_size(len(self))
            self.full = not self._hand_over()
            return not self.full

    def push_aged(self) -> bool:
        """Push what has waited long enough; tells whether batches are being pushed faster."""
        with self._lock:
            if time.monotonic() - self.pushed_at < AGE_S:
                return self.size > 1  # what comes alone waits for its report
            if len(self):
                self.push()
            else:
                self.size = 1
        return False

    def _next_size(self, count: int) -> int:
        """Return the size of the batch after one of `count` messages."""
        if not self._is_busy():
            return 1  # who waits for each report before the next message waits for nothing else
        if count >= self.size:
            return min(self.size * 2, LARGEST_BATCH)
        return max(1, count)  # its age came first: as many as come in that time


class ListOutbox(Outbox):
    """Messages as `produce_batch` takes them.

    Args:
        hand_over: takes messages in order; returns how many, at the end, it had no room for.
        is_busy: as for any outbox.
        lock: likewise.

    Attributes:
        messages: what waits. Append to it unless the outbox is `full`.

    """

    def __init__(
        self,
        hand_over: Callable[[list[dict[str, Any]]], int],
        is_busy: Callable[[], bool],
        lock: threading.RLock,
    ) -> None:
        super().__init__(is_busy, lock)
        self.messages: list[dict[str, Any]] = []
        self._to = hand_over

    def __len__(self) -> int:
        return len(self.messages)

    def _hand_over(self) -> bool:
        batch = self.messages[:]
        left = self._to(batch) if batch else 0
        # What was appended meanwhile, from another thread, stays behind what is left.
        del self.messages[: len(batch) - left]
        return not left

    def empty(self) -> list[dict[str, Any]]:
        """Take out and return all that waits."""
        with self._lock:
            batch = self.messages[:]
            del self.messages[: len(batch)]
            self.full = False
        return batch
