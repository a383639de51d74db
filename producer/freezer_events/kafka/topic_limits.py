"""What a topic takes of a message, by its configuration. Pure.

A broker refuses the whole batch of a message that it does not take, so this is looked at before.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from freezer_events.errors import InvalidEvent

if TYPE_CHECKING:
    from collections.abc import Mapping


class TopicLimits(NamedTuple):
    """What is known of a topic, as https://kafka.apache.org/documentation/#topicconfigs has it.

    Attributes:
        largest_bytes: its `max.message.bytes`, which brokers hold against a whole batch; None: not
            known.
        needs_key: it is compacted: a message without a key is refused.
        before_ms: how far the timestamp of a message may lie in the past; None: any.
        after_ms: how far it may lie in the future; None: any.

    """

    largest_bytes: int | None = None
    needs_key: bool = False
    before_ms: int | None = None
    after_ms: int | None = None

    def refuse(self, topic: str, key: str | bytes | None, timestamp_ms: int) -> None:
        """Refuse a message that the topic does not take, by its key and timestamp (0: none).

        Raises:
            InvalidEvent: says what of it the topic does not take.

        """
        if self.needs_key and key is None:
            raise InvalidEvent(
                "key", f"is missing, and topic {topic!r} is compacted: it takes no message without"
            )
        if timestamp_ms:
            ahead_ms = timestamp_ms - time.time_ns() // 1_000_000
            if self.after_ms is not None and ahead_ms > self.after_ms:
                raise _misfit(topic, ahead_ms, "ahead of now", self.after_ms)
            if self.before_ms is not None and -ahead_ms > self.before_ms:
                raise _misfit(topic, -ahead_ms, "ago", self.before_ms)


def limits_of(values: Mapping[str, str]) -> TopicLimits:
    """Return the limits in a topic's configuration, the values that are known by name."""

    def number(name: str) -> int | None:
        return int(values[name]) if name in values else None

    own_time = values.get("message.timestamp.type", "CreateTime") == "CreateTime"
    return TopicLimits(
        number("max.message.bytes"),
        "compact" in values.get("cleanup.policy", ""),
        number("message.timestamp.before.max.ms") if own_time else None,
        number("message.timestamp.after.max.ms") if own_time else None,
    )


def _misfit(topic: str, found_ms: int, where: str, most_ms: int) -> InvalidEvent:
    return InvalidEvent(
        "timestamp",
        f"is {found_ms / 1000:,.0f} s {where}, and topic {topic!r} takes at most"
        f" {most_ms / 1000:,.0f} s",
    )
