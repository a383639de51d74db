"""The end of a producer that is closed: everything settled, and what to say of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from freezer_events.console.words import counted
from freezer_events.errors import NotDelivered
from freezer_events.send import watching

if TYPE_CHECKING:
    from freezer_events.send.delivery import Delivery


def settle(delivery: Delivery, timeout_s: float | None) -> None:
    """Wait for all reports, give up what is then open, and end the pump.

    Args:
        delivery: the producer's.
        timeout_s: the longest to wait, in seconds; None: until delivered, or given up.

    """
    try:
        delivery.flush(timeout_s)
    finally:
        delivery.abandon()
        delivery.look_back()
        delivery.pump.stop()
        watching.ended(delivery)
        delivery.line.close()


def verdict(delivery: Delivery) -> Exception | None:
    """Return what `close` is to raise: of events that are lost, else of a callback that raised."""
    tally, raised = delivery.tally, delivery.reports.raised
    if raised is not None:
        raised[0].add_note(f"{counted(raised[1], 'delivery callback')} raised; events: {tally}")
    first = None if raised is None else raised[0]
    if lost := tally.failed + tally.unconfirmed:
        cause = delivery.trouble or "see the delivery reports"
        sent = counted(tally.delivered + lost, "event")
        error = NotDelivered(f"deliver {sent}", f"{lost:,} not delivered: {cause}")
        error.__cause__ = first
        return error
    return first
