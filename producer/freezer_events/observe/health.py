"""Is it alive, can it take an event: verdicts on the producers of this process."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from freezer_events.send import watching

if TYPE_CHECKING:
    from collections.abc import Iterable

    from freezer_events.errors import EventError

STUCK_S: Final = 30.0
_QUEUE: Final = "queue.buffering.max.messages"
_QUEUE_DEFAULT: Final = 100_000  # librdkafka's own


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


def ready(producers: Iterable[tuple[bool, EventError | None, int, int]]) -> Health:
    """Tell whether events can be taken now.

    Args:
        producers: of each, whether it is connected to a topic, its trouble, how many messages wait
            in its queue and how many may.

    """
    found = list(producers)
    if not found:
        return Health(False, "no producer is open")
    for connected, trouble, waiting, most in found:
        if trouble is not None:
            return Health(False, f"{trouble.doing}: {trouble.why}")
        if not connected:
            return Health(False, "not connected to a topic yet")
        if waiting >= most:
            return Health(False, f"the queue is full: {waiting:,} messages wait")
    return Health(True, "ready")


def is_alive() -> Health:
    """Look at this process."""
    pumps = (getattr(each, "pump", None) for each in watching.producers())
    return alive((getattr(pump, "moved_at", None) for pump in pumps), time.monotonic())


def is_ready() -> Health:
    """Look at this process."""
    return ready(
        (
            getattr(getattr(each, "pump", None), "moved_at", None) is not None,
            each.reports.trouble,
            each.reports.tally.in_flight,
            queue_limit(each),
        )
        for each in watching.producers()
    )


def queue_limit(delivery: Any) -> int:
    """Return how many messages a producer's queue takes."""
    return int(delivery.settings.properties.get(_QUEUE, _QUEUE_DEFAULT))
