"""An outage: since when nothing settles, when to say so, and when to give up. Pure decisions."""

from __future__ import annotations

from typing import Final

FIRST_NOTICE_S: Final = 5.0
NOTICE_EVERY_S: Final = 30.0
STATUS_EVERY_S: Final = 1.0  # likewise, on a line that is written over


class Outage:
    """Watches whether what is in flight settles.

    Args:
        give_up_after_s: how long nothing may settle, in seconds.

    Attributes:
        give_up_after_s: as given.
        every_s: seconds from one notice to the next.
        lasted_s: for how long nothing has settled although something is in flight, in seconds.

    """

    def __init__(self, give_up_after_s: float) -> None:
        self.every_s = NOTICE_EVERY_S
        self.lasted_s = 0.0
        self.give_up_after_s = give_up_after_s
        self._since: float | None = None
        self._settled = 0
        self._notice_at_s = FIRST_NOTICE_S

    def look(self, now_s: float, in_flight: int, settled: int) -> None:
        """Take note of how things stand at a moment."""
        if in_flight <= 0:
            self._since = None
        elif self._since is None or settled != self._settled:
            self._since = now_s
        self._settled = settled
        self.lasted_s = 0.0 if self._since is None else now_s - self._since
        if self.lasted_s < FIRST_NOTICE_S:
            self._notice_at_s = FIRST_NOTICE_S

    def is_to_be_told(self) -> bool:
        """Tell, every so often, that there is something to be said."""
        if self.lasted_s < self._notice_at_s:
            return False
        self._notice_at_s = self.lasted_s + self.every_s
        return True

    def is_too_long(self) -> bool:
        """Tell whether it is time to give up."""
        return self.lasted_s >= self.give_up_after_s
