"""Whether the cluster is away from a reader that waits for what may never come. Pure decisions."""

from __future__ import annotations

from typing import Final

FIRST_NOTICE_S: Final = 5.0
NOTICE_EVERY_S: Final = 30.0
# librdkafka tries to connect again at least every ten seconds, and says so each time it fails:
# where it has said nothing for longer, the connection is there, and the topic merely silent.
BACK_AFTER_S: Final = 15.0


class Away:
    """Tells of an outage as it begins, goes on and ends; the caller brings the time, in seconds."""

    def __init__(self) -> None:
        self._since_s: float | None = None
        self._heard_at_s = 0.0
        self._notice_at_s = FIRST_NOTICE_S
        self._told = False

    def failed(self, now_s: float) -> None:
        """Take note that a connection failed."""
        if self._since_s is None:
            self._since_s, self._notice_at_s = now_s, FIRST_NOTICE_S
        self._heard_at_s = now_s

    def answered(self) -> None:
        """Take note that a broker sent something."""
        self._since_s = None

    def look(self, now_s: float) -> str | None:
        """Return what is to be said now: "" that it is back; None where there is nothing to say."""
        if self._since_s is not None and now_s - self._heard_at_s > BACK_AFTER_S:
            self._since_s = None
        if self._since_s is None:
            told, self._told = self._told, False
            return "" if told else None
        lasted_s = now_s - self._since_s
        if lasted_s < self._notice_at_s:
            return None
        self._notice_at_s = lasted_s + NOTICE_EVERY_S
        self._told = True
        return f"no broker can be reached for {lasted_s:.0f} s"
