"""The line: what hands messages over to librdkafka. One suite of tests holds for every line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from freezer_events.avro.arrow import EncodedRun
    from freezer_events.send.report import Headers, OnReport

    # What a batch cannot carry: headers, and a timestamp in ms (0: the client's own).
    Extra = tuple[Headers | None, int]
    # Value, key, extra, and who wants the report.
    Take = Callable[[bytes, str | bytes | None, Extra | None, OnReport | None], bool]
    # Event, and who is to be told if it is not delivered.
    Send = Callable[[Any, OnReport | None], bool]
    # Rows, from which on, and who is to be told; returns how many were taken.
    SendRun = Callable[[EncodedRun, int, OnReport | None], int]


class Line(Protocol):
    """Takes messages in order, holds what librdkafka has no room for, and settles each one.

    Each message that was taken is counted as accepted at once, and later as delivered, failed or
    unconfirmed, exactly once. Messages of one topic reach librdkafka in the order in which they
    were taken. Everything may be called from several threads; nothing here waits for room.
    """

    def taker(self, topic: str) -> Take:
        """Return the function that takes one message for a topic; False: no room, not taken.

        It raises InvalidEvent for a message that is larger than the client allows.
        """

    def sender(
        self,
        topic: str,
        encode: Callable[[Any], bytes],
        prefix: bytes,
        key: Callable[[Any], str | None],
    ) -> Send | None:
        """Return the function that encodes and takes an event; None where there is none such.

        It counts an event that it takes as read and as accepted, and tells whoever is given with it
        only if it is not delivered. False: it was not taken, and is to
        be encoded and given to the topic's `taker`, where whatever is wrong with it shows.

        Args:
            topic: where the events go.
            encode: makes their bodies.
            prefix: precedes each body.
            key: gives an event's message key.

        """

    def run_sender(self, topic: str, prefix: bytes) -> SendRun | None:
        """Return the function that takes rows which are encoded; None where there is none such.

        It counts as `sender` does. What it does not take is given to `taker`, one by one.

        Args:
            topic: where they go.
            prefix: precedes each body.

        """

    def push(self) -> bool:
        """Hand over all that is held; False where librdkafka has no room for all of it."""

    def push_aged(self) -> bool:
        """Hand over what has been held for some milliseconds; True while batches come quickly."""

    def serve(self, timeout_s: float) -> None:
        """Serve delivery reports that are there, waiting up to `timeout_s` seconds for one.

        One thread does so at a time; another one that asks at once leaves it at that.
        """

    def bound_batches(self, most_bytes: int) -> bool:
        """Never make a batch larger than this; False: not while something is in flight."""

    def give_up(self) -> None:
        """Take nothing further to the cluster: what is open settles as failed or unconfirmed."""

    def renew(self) -> int:
        """Go on with another client after a fatal error; returns how many messages it sends again.

        What was in flight settles as unconfirmed. What certainly never left is sent again before
        anything else, in its order.
        """

    def close(self) -> None:
        """Disconnect, once all is settled; nothing is taken or served any more."""
