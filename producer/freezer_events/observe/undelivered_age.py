"""How old the oldest undelivered message is: told from counts alone, at no cost per message."""

from __future__ import annotations

from collections import deque
from typing import Final

_EVERY_S: Final = 0.5
_MOST: Final = 4096


class UndeliveredAge:
    """Marks how many messages were accepted at a time; a mark goes once as many are settled.

    Messages settle in about the order in which they were accepted, so the age is right to within
    half a second, or that of the slowest partition.
    """

    def __init__(self) -> None:
        self._marks: deque[tuple[float, int]] = deque()

    def look(self, now_s: float, accepted: int, settled: int) -> float:
        """Take note of the counts at a time; return the age in seconds, 0 with nothing open."""
        marks = self._marks
        if accepted == settled:
            marks.clear()
            return 0.0
        while len(marks) > 1 and marks[0][1] < settled:
            marks.popleft()
        if not marks or (accepted > marks[-1][1] and now_s - marks[-1][0] >= _EVERY_S):
            marks.append((now_s, accepted))
        if len(marks) > _MOST:
            del marks[1]  # the oldest is the one that is asked for
        return now_s - marks[0][0]
