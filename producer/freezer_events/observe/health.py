"""Is it alive, can it take an event: verdicts on the producers of this process."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from freezer_events.send import watching

if TYPE_CHECKING:
    from collections.abc import Iterable

    from freezer_events.errors import EventError

STUCK_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class Health:
    """A verdict.

    Attributes:
        ok: whether all is well.
        why: a line for people.

    """

    ok: bool
    why: str


def alive(moved_at: Iterable[float | None], now_s: float) -> Health:
    """Tell whether the loops that serve delivery reports move.

    Args:
        moved_at: when each last went round; None where it has had nothing to do yet.
        now_s: the time, by the same clock.

    """
    stuck = [now_s - each for each in moved_at if each is not None and now_s - each > STUCK_S]
    if stuck:
        return Health(False, f"nothing has moved for {max(stuck):.0f} s")
    return Health(True, "alive")


def ready(producers: Iterable[tuple[EventError | None, str]]) -> Health:
    """Tell whether events can be taken now.

    Args:
        producers: of each, its trouble, and why else it can take none; "" where it can.

    """
    found = list(producers)
    if not found:
        return Health(False, "no producer is open")
    for trouble, why_not in found:
        if trouble is not None:
            return Health(False, f"{trouble.doing}: {trouble.why}")
        if why_not:
            return Health(False, why_not)
    return Health(True, "ready")


def is_alive() -> Health:
    """Look at this process."""
    return alive((each.moved_at for each in watching.producers()), time.monotonic())


def is_ready() -> Health:
    """Look at this process."""
    return ready((each.reports.trouble, each.why_not_ready()) for each in watching.producers())
