"""What is said of an outage while it lasts, and when it has lasted too long."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from freezer_events.errors import EventError, UnreachableError
from freezer_events.kafka import codes

if TYPE_CHECKING:
    from confluent_kafka import KafkaError

    from freezer_events.config import Settings
    from freezer_events.send.outage import Outage


def state(outage: Outage, waiting: int, heard: KafkaError | None) -> str:
    """Say since when nothing is delivered, how many wait, for how long yet, and why."""
    since = datetime.fromtimestamp(time.time() - outage.lasted_s, UTC).astimezone()
    return (
        f"nothing delivered since {since:%H:%M:%S}, for {outage.lasted_s:.0f} s;"
        f" {waiting:,} wait; giving up after {outage.give_up_after_s:g} s ({cause(heard)})"
    )


def reason(settings: Settings, outage: Outage, heard: KafkaError | None) -> EventError:
    """Make the error for which everything is given up."""
    return UnreachableError(
        f"deliver to {settings.bootstrap_servers}",
        f"nothing delivered for {outage.lasted_s:.0f} s: {cause(heard)}",
        "check that the brokers are up; try again"
        if heard is None
        else codes.connection_advice(heard),
    )


def cause(heard: KafkaError | None) -> str:
    """Give the client's last word as the cause; that there was none is one, too."""
    return "no answer" if heard is None else codes.words(heard)
