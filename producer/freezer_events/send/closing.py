"""The end of a producer that is closed: everything settled, and what to say of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from freezer_events.console.words import counted
from freezer_events.errors import NotDelivered

if TYPE_CHECKING:
    from freezer_events.send.delivery import Delivery
    from freezer_events.send.spooled_delivery import SpooledDelivery


def settle(delivery: Delivery | SpooledDelivery, timeout_s: float | None) -> None:
    """Wait for all reports, give up what is then open, and end the pump.

    Args:
        delivery: the producer's.
        timeout_s: the longest to wait, in seconds; None: until delivered, or given up.

    """
    try:
        delivery.flush(timeout_s)
    finally:
        delivery.abandon()
        delivery.disconnect()


def verdict(delivery: Delivery | SpooledDelivery) -> BaseException | None:
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
    if tally.parked:
        sent = counted(tally.delivered + tally.parked, "event")
        return NotDelivered(
            f"deliver {sent}",
            f"{tally.parked:,} parked: the topic does not take them",
            "see them and why: freezer spool status --spool DIR",
        )
    return first
