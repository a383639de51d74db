"""A route: where the events of one type go, and all about them that is known before the first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from freezer_events.avro.keys import key_text
from freezer_events.avro.wire import decode, encode, invalid_event
from freezer_events.errors import InvalidEvent
from freezer_events.send.fill import Filler

if TYPE_CHECKING:
    from collections.abc import Callable

    from freezer_events.event import EventType
    from freezer_events.send.delivery import Delivery


class Route:
    """The way of one event type to one topic.

    Args:
        event_type: the event.
        topic: where it goes.
        partitions: how many the topic has.
        encode: makes the Avro body of an event.
        prefix: the five bytes that precede every body.
        delivery: takes the messages.
        stop: asked while waiting for room; True gives up.

    Attributes:
        filler: supplies what an event did not bring.
        key: takes the message key from an event.
        send: sends a plain event. It counts it as read, and as rejected if it raises InvalidEvent;
            returns False when `stop` ended the wait for room, and the event was not taken.

    """

    def __init__(
        self,
        event_type: EventType,
        topic: str,
        partitions: int,
        encode: Callable[[Any], bytes],
        prefix: bytes,
        delivery: Delivery,
        stop: Callable[[], bool],
    ) -> None:
        self.topic = topic
        self.partitions = partitions
        self.filler = Filler(event_type)
        self.key: Callable[[Any], str | None] = key_text(event_type)
        self._event_type = event_type
        self._prefix = prefix
        self._encode = encode
        self.send = self._sender(delivery, stop)

    def value(self, event: Any) -> bytes:
        """Return an event's message value: prefix and body.

        Raises:
            InvalidEvent: a value does not fit its field.

        """
        return self._prefix + encode(event, self._encode)

    def event(self, topic: str, value: bytes) -> Any:
        """Return the event whose message value on a topic this is; None if it is not ours."""
        if topic != self.topic or not value.startswith(self._prefix):
            return None
        body = value[len(self._prefix) :]
        return decode(body, self._event_type.schema, self._event_type)

    def _sender(self, delivery: Delivery, stop: Callable[[], bool]) -> Callable[[Any], bool]:
        """Make `send`: no more than it must happens for each event."""
        topic, tally, key_of = self.topic, delivery.tally, self.key
        outbox, largest = delivery.outbox(topic), delivery.largest_in_batch
        messages, prefix, body_of = outbox.messages, self._prefix, self._encode
        fill = self.filler if self._event_type.fill else None

        def send(event: Any) -> bool:
            tally.read += 1
            if fill is not None:
                event = fill(event)
            try:
                value = prefix + body_of(event)
            except Exception as error:
                tally.rejected += 1
                raise invalid_event(event, error) from error
            if len(value) > largest:
                return alone(value, key_of(event))
            messages.append({"value": value, "key": key_of(event)})
            return len(messages) < outbox.size or delivery.push(outbox, stop)

        def alone(value: bytes, key: str | None) -> bool:
            try:
                return delivery.send(topic, value, key, stop=stop)
            except InvalidEvent:
                tally.rejected += 1
                raise

        return send
