"""How far a run has come: a line on a terminal that changes, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Final

from freezer_events.console.streams import SafeText, note
from freezer_events.console.words import counted, noun_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from freezer_events.send.tally import Tally

_STATUS_EVERY_S: Final = 0.5
_LINE_EVERY_S: Final = 30.0


class Progress:
    """Called with the tally, as often as one likes, says now and then how far the run has come.

    Args:
        event: the event's name.
        lines: how many deliveries get a line of their own; None for all. Meanwhile nothing is said.
        share: gives the part of the input that has been read, from 0 to 1; None where it is not
            known.
        quiet: say nothing at all.

    """

    def __init__(
        self,
        event: str,
        lines: int | None,
        share: Callable[[], float | None] = lambda: None,
        *,
        quiet: bool = False,
    ) -> None:
        self.share = share
        self._event = event
        self._lines = lines
        self._quiet = quiet
        self._begun = time.monotonic()
        self._said_at = self._begun
        self._is_on = False  # a line is on the terminal
        self._told_of_lines = False

    def __call__(self, tally: Tally) -> None:
        """Say how far the run has come, if it is time to."""
        if self._quiet or self._lines is None or tally.read < self._lines:
            return
        now = time.monotonic()
        terminal = sys.stderr.isatty()
        if self._lines and not self._told_of_lines and not terminal:
            self._told_of_lines = True
            many = counted(self._lines, noun_of(self._event))
            note(f"more than {many}: no further lines (--lines prints all)")
        if now - self._said_at >= (_STATUS_EVERY_S if terminal else _LINE_EVERY_S):
            self._said_at = now
            text = progress_text(tally.delivered, now - self._begun, self.share())
            self._show(text, terminal=terminal)

    def outage(self, text: str) -> None:
        """Say how an outage goes, over the line where the cursor is: on a terminal."""
        self._show(text, terminal=True)

    def notice(self, text: str) -> None:
        """Say something on a line of its own."""
        self.done()
        note(text)

    def done(self) -> None:
        """End the line on a terminal."""
        if self._is_on:
            if isinstance(sys.stderr, SafeText):
                sys.stderr.write_status("")
            self._is_on = False

    def _show(self, text: str, *, terminal: bool) -> None:
        if not terminal:
            note(text)
        elif isinstance(sys.stderr, SafeText):
            sys.stderr.write_status(text)
            self._is_on = True


def progress_text(delivered: int, elapsed_s: float, share: float | None) -> str:
    """Return how far a run has come: "42 %, 12,345 delivered, 1,234 a second, 20 s left"."""
    rate = delivered / elapsed_s if elapsed_s else 0.0
    parts = [
        f"{delivered:,} delivered",
        f"{rate:,.0f} a second" if rate >= 1 else f"{rate:.1g} a second",
    ]
    if share is not None:
        parts.insert(0, f"{share:.0%}".replace("%", " %"))
        if 0 < share < 1:
            parts.append(f"{_duration(elapsed_s * (1 - share) / share)} left")
    return ", ".join(parts)


def _duration(seconds: float) -> str:
    if seconds < 100:  # noqa: PLR2004 - a minute and a half is said in seconds
        return f"{seconds:.0f} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 100 else f"{minutes / 60:.0f} h"  # noqa: PLR2004
