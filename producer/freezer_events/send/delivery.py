"""Delivery: messages to librdkafka, and their reports back. The only user of its Producer.

Nothing is dropped: a full local queue makes `send` wait, and a message counts by its delivery
report alone. Time is bounded: each message by `message.timeout.ms`, the flush by its argument.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any, Final

from confluent_kafka import KafkaException, Producer

from freezer_events.errors import ConfigError
from freezer_events.kafka import codes, connection
from freezer_events.kafka.connection import SLICE_S
from freezer_events.send.outbox import Outbox
from freezer_events.send.reports import Reports

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from confluent_kafka import KafkaError

    from freezer_events.config import Settings
    from freezer_events.errors import EventError
    from freezer_events.send.reports import Report
    from freezer_events.send.tally import Tally

    Headers = list[tuple[str, str | bytes | None]]

DEFAULT_TIMEOUT_S: Final = 30.0

DEFAULTS: Final[Mapping[str, Any]] = {
    "enable.idempotence": True,  # no duplicates and no reordering when librdkafka retries
    "acks": "all",
    "compression.type": "lz4",
    "linger.ms": 0,  # a single reading goes at once; under load Delivery makes the batches
    "partitioner": "murmur2_random",  # what Java clients use: streams join across languages
}


class Delivery:
    """Deliver messages to one cluster.

    Args:
        settings: the cluster; its properties override the defaults of this module.
        timeout_s: how long a message may take before it is given up, in seconds.

    Attributes:
        reports: what is known of messages.
        largest_in_batch: the size in bytes up to which a value may be put into an outbox.

    Raises:
        ConfigError: librdkafka refuses a property; names it.

    """

    def __init__(self, settings: Settings, *, timeout_s: float = DEFAULT_TIMEOUT_S) -> None:
        self.settings = settings
        self.reports = Reports(settings)
        # Larger messages travel alone: the one that is too large is named when it is sent.
        limit = int(settings.properties.get("message.max.bytes", 1_000_000))
        self.largest_in_batch = min(limit // 2, 16_384)
        self._accepted = 0
        self._outboxes: dict[str, Outbox] = {}
        self._lock = threading.RLock()
        self._producer = _producer(settings, timeout_s, self.reports.on_error)

    @property
    def tally(self) -> Tally:
        """Delivered, failed and unconfirmed, kept up to date by delivery reports."""
        return self.reports.tally

    @property
    def trouble(self) -> EventError | None:
        """The first error that every later message would meet too, else None."""
        return self.reports.trouble

    @property
    def in_flight(self) -> int:
        """Messages accepted and not yet reported."""
        waiting = sum(len(each.messages) for each in self._outboxes.values())
        return waiting + self._unreported()

    def _unreported(self) -> int:
        """Count the messages that librdkafka has and has not reported on."""
        tally = self.tally
        return self._accepted - tally.delivered - tally.failed - tally.unconfirmed

    @property
    def partitioner(self) -> str:
        """The partitioner in force."""
        return str(self.settings.properties.get("partitioner", DEFAULTS["partitioner"]))

    def send(
        self,
        topic: str,
        value: bytes | None,
        key: str | bytes | None = None,
        *,
        headers: Headers | None = None,
        on_report: Callable[[Report], None] | None = None,
        stop: Callable[[], bool] = lambda: False,
    ) -> bool:
        """Take one message; waits while the local queue is full.

        Returns False, without having taken the message, when `stop` says so during that wait.

        Raises:
            InvalidEvent: the message is larger than `message.max.bytes`.
            EventError: the producer has met a fatal error.
            Exception: what an earlier `on_report` raised.

        """
        if headers is not None or len(value or b"") > self.largest_in_batch:
            return self._send_alone(topic, value, key, headers, on_report, stop)
        message: dict[str, Any] = {"value": value, "key": key}
        if on_report is not None:
            message |= {"callback": self.reports.callback(on_report), "on_report": on_report}
        outbox = self.outbox(topic)
        outbox.messages.append(message)
        return len(outbox.messages) < outbox.size or self.push(outbox, stop)

    def outbox(self, topic: str) -> Outbox:
        """Return where messages for a topic wait for each other.

        Whoever puts a message there without `send` makes it a dict of `value` and `key`, without
        headers and not above `largest_in_batch`, and calls `push` when the outbox has its size.
        """
        known = self._outboxes.get(topic)
        if known is None:
            known = Outbox(
                lambda batch: self._hand_over(topic, batch),
                lambda: self._unreported() > 0,
                self._lock,
            )
            self._outboxes[topic] = known
        return known

    def push(self, outbox: Outbox, stop: Callable[[], bool] = lambda: False) -> bool:
        """Hand over what waits in an outbox; waits while the local queue is full.

        Returns False, with the last message taken back, when `stop` says so during that wait.

        Raises:
            EventError: the producer has met a fatal error.
            Exception: what an earlier `on_report` raised.

        """
        if self.reports.fatal is not None:
            raise self.reports.fatal
        while not outbox.push():
            if stop():
                outbox.take_back()
                return False
            self.poll(SLICE_S)
        self.poll(0)
        return True

    def poll(self, timeout_s: float) -> int:
        """Serve delivery reports for up to `timeout_s` seconds; returns how many were served.

        Raises:
            Exception: what an `on_report` raised.

        """
        served = self._serve(self._producer.poll, timeout_s)
        self.reports.raise_what_callers_raised()
        return served

    def flush(self, timeout_s: float, stop: Callable[[], bool] = lambda: False) -> int:
        """Wait for the reports of all messages; returns how many are still without one.

        Args:
            timeout_s: the longest to wait, in seconds.
            stop: asked every 0.1 s; True ends the wait.

        """
        deadline = time.monotonic() + timeout_s
        while self.in_flight and not stop() and time.monotonic() < deadline:
            self._push_all()
            self._serve(self._producer.flush, SLICE_S)
            self.poll(0)
        return self.in_flight

    def abandon(self) -> None:
        """Give up what is still in the queue or in flight, and count it: nothing is left open.

        Messages that were still queued are failed; those in flight are unconfirmed.
        """
        for topic, outbox in self._outboxes.items():
            for message in outbox.empty():
                self._refused(topic, message, codes.never_sent())
        self._producer.purge()
        self._serve(self._producer.flush, 1.0)
        self.poll(0)
        self.tally.unconfirmed += self.in_flight

    def _serve(self, call: Callable[[float], int], timeout_s: float) -> int:
        """Serve reports by `poll` or `flush`: both raise a fatal error beside reporting it."""
        try:
            return int(call(timeout_s))
        except KafkaException as error:
            self.reports.on_error(error.args[0])
            return 0

    def _send_alone(
        self,
        topic: str,
        value: bytes | None,
        key: str | bytes | None,
        headers: Headers | None,
        on_report: Callable[[Report], None] | None,
        stop: Callable[[], bool],
    ) -> bool:
        """Send what a batch cannot take, after what came before it: a key's order is kept."""
        callback = self.reports.callback(on_report)
        while True:
            try:
                room = self.outbox(topic).push()
                if room:
                    self._producer.produce(topic, value, key, headers=headers, on_delivery=callback)
            except BufferError:
                room = False
            except KafkaException as error:
                raise codes.refused(error.args[0], self.settings, topic, value) from error
            if room:
                with self._lock:
                    self._accepted += 1
                self.poll(0)
                return True
            if stop():
                return False
            self.poll(SLICE_S)

    def _push_all(self) -> None:
        for outbox in self._outboxes.values():
            outbox.push()

    def _hand_over(self, topic: str, batch: list[dict[str, Any]]) -> int:
        """Give librdkafka a batch; returns how many, at the end, found no room.

        It marks what it did not take with `_error`: all messages from the first without room on,
        and single ones before that, which it will never take.
        """
        taken = self._producer.produce_batch(topic, batch, on_delivery=self.reports.count)
        self._accepted += taken
        left = 0
        if taken < len(batch):
            for message in batch:
                error = message.pop("_error", None)
                if error is None:
                    continue
                if codes.meaning(error) is codes.Meaning.QUEUE_FULL:
                    left += 1
                else:
                    self._refused(topic, message, error)
        return left

    def _refused(self, topic: str, message: dict[str, Any], error: KafkaError) -> None:
        """Count a message that was taken here, and that librdkafka will not have."""
        self._accepted += 1
        self.reports.refuse(topic, message["value"], error, message.get("on_report"))


def _producer(
    settings: Settings, timeout_s: float, on_error: Callable[[KafkaError], None]
) -> Producer:
    conf: dict[str, Any] = {
        **DEFAULTS,
        "message.timeout.ms": max(1, int(timeout_s * 1000)),
        **settings.kafka(),
    }
    if str(conf.get("delivery.report.only.error")).lower() in {"true", "t", "1"}:
        raise ConfigError(
            "delivery.report.only.error",
            "would leave nothing to count: a message is delivered when its report says so",
            "leave that property out",
        )
    return connection.client(Producer, conf, on_error)
