"""A route: where the events of one type go, and all about them that is known before the first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from freezer_events.avro.keys import key_text
from freezer_events.avro.wire import decode
from freezer_events.send.fill import Filler

if TYPE_CHECKING:
    from collections.abc import Callable

    from freezer_events.event import EventType
    from freezer_events.send.line import Send, SendRun, Take
    from freezer_events.send.report import Headers


class Route:
    """The way of one event type to one topic.

    Args:
        event_type: the event.
        topic: where it goes.
        partitions: how many the topic has.
        encode: makes the Avro body of an event.
        prefix: the five bytes that precede every body.
        take: takes the messages.

    Attributes:
        fill: supplies what an event did not bring; None where nothing is supplied.
        key: takes the message key from an event.
        headers: makes what `event.toml` has every message carry; None where that is nothing.
        refuse: refuses a key and a timestamp in ms (0: none) that the topic does not take.
        send: encodes and takes an event at once, as a line's `sender` does; None where none can,
            or something is to be filled in first.
        send_run: takes rows that are encoded, as a line's `run_sender` does; None where none can.
        takes_whole_runs: `send_run` takes all or nothing, and no row is to go alone: a spool notes
            how far a file has been read with the last row of a run.

    """

    __slots__ = (
        "encode",
        "event_type",
        "fill",
        "headers",
        "key",
        "partitions",
        "prefix",
        "refuse",
        "send",
        "send_run",
        "take",
        "takes_whole_runs",
        "topic",
    )

    def __init__(
        self,
        event_type: EventType,
        topic: str,
        partitions: int,
        encode: Callable[[Any], bytes],
        prefix: bytes,
        take: Take,
    ) -> None:
        self.event_type = event_type
        self.topic = topic
        self.partitions = partitions
        self.encode = encode
        self.prefix = prefix
        self.take = take
        self.fill = Filler(event_type) if event_type.fill else None
        self.key = key_text(event_type)
        self.headers: Callable[[Any], Headers] | None = None
        self.refuse: Callable[[str | bytes | None, int], None] = lambda *_: None
        self.send: Send | None = None
        self.send_run: SendRun | None = None
        self.takes_whole_runs = False

    def event(self, topic: str, value: bytes) -> Any:
        """Return the event whose message value on a topic this is; None if it is not ours."""
        if topic != self.topic or not value.startswith(self.prefix):
            return None
        return decode(value[len(self.prefix) :], self.event_type.schema, self.event_type)
