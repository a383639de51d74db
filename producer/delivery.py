"""Delivery: messages to librdkafka, delivery reports to a tally. The only user of its Producer.

Nothing is dropped: a full local queue makes `send` wait, and a message counts by its delivery
report alone. Time is bounded: each message by `message.timeout.ms`, the flush by its argument.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from confluent_kafka import KafkaException, Producer

from producer import kafka_errors
from producer.errors import ConfigError, FreezerError
from producer.kafka_errors import Outcome
from producer.librdkafka import SLICE_S, logger
from producer.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from confluent_kafka import KafkaError, Message

    from producer.config import Settings

    Headers = list[tuple[str, str | bytes | None]]

DEFAULT_TIMEOUT_S: Final = 30.0

DEFAULTS: Final[Mapping[str, Any]] = {
    "enable.idempotence": True,  # no duplicates and no reordering when librdkafka retries
    "acks": "all",
    "compression.type": "lz4",
    "partitioner": "murmur2_random",  # what Java clients use: streams join across languages
}


@dataclass(frozen=True, slots=True)
class Report:
    """One delivery report.

    Attributes:
        outcome: delivered, failed (certainly not written) or unconfirmed (may be written).
        topic: where the message went.
        partition: its partition, or -1 where none was assigned.
        offset: its offset, or None when not delivered.
        latency_s: seconds from send to report.
        error: the reason when it was not delivered, else None.

    """

    outcome: Outcome
    topic: str
    partition: int
    offset: int | None
    latency_s: float
    error: str | None


class Delivery:
    """Deliver messages to one cluster.

    Args:
        settings: the cluster; its properties override the defaults of this module.
        timeout_s: how long a message may take before it is given up, in seconds.

    Attributes:
        tally: delivered, failed and unconfirmed, kept up to date by delivery reports.
        trouble: the first error that every later message would meet too, else None.

    Raises:
        ConfigError: librdkafka refuses a property; names it.

    """

    def __init__(self, settings: Settings, *, timeout_s: float = DEFAULT_TIMEOUT_S) -> None:
        self.settings = settings
        self.tally = Tally()
        self.trouble: FreezerError | None = None
        self._accepted = 0
        self._callback_error: BaseException | None = None
        self._producer = _producer(settings, timeout_s, self._on_error)

    @property
    def in_flight(self) -> int:
        """Messages accepted and not yet reported."""
        return self._accepted - self.tally.delivered - self.tally.failed - self.tally.unconfirmed

    @property
    def partitioner(self) -> str:
        """The partitioner in force."""
        return str(self.settings.properties.get("partitioner", DEFAULTS["partitioner"]))

    def send(
        self,
        topic: str,
        value: bytes | None,
        key: bytes | None = None,
        *,
        headers: Headers | None = None,
        on_report: Callable[[Report], None] | None = None,
        stop: Callable[[], bool] = lambda: False,
    ) -> bool:
        """Hand one message over; waits while the local queue is full.

        Returns False, without having taken the message, when `stop` says so during that wait.

        Raises:
            BadReading: the message is larger than `message.max.bytes`.
            FreezerError: the producer has met a fatal error.
            Exception: what an earlier `on_report` raised.

        """
        callback = self._counted(on_report)
        while True:
            try:
                self._producer.produce(topic, value, key, headers=headers, on_delivery=callback)
            except BufferError:
                if stop():
                    return False
                self.poll(SLICE_S)
            except KafkaException as error:
                raise kafka_errors.refused(error.args[0], self.settings, topic, value) from error
            else:
                self._accepted += 1
                self.poll(0)
                return True

    def poll(self, timeout_s: float) -> int:
        """Serve delivery reports for up to `timeout_s` seconds; returns how many were served.

        Raises:
            Exception: what an `on_report` raised.

        """
        served = self._serve(self._producer.poll, timeout_s)
        if self._callback_error is not None:
            error, self._callback_error = self._callback_error, None
            raise error
        return served

    def flush(self, timeout_s: float, stop: Callable[[], bool] = lambda: False) -> int:
        """Wait for the reports of all messages; returns how many are still without one.

        Args:
            timeout_s: the longest to wait, in seconds.
            stop: asked every 0.1 s; True ends the wait.

        """
        deadline = time.monotonic() + timeout_s
        while self.in_flight and not stop() and time.monotonic() < deadline:
            self._serve(self._producer.flush, SLICE_S)
            self.poll(0)
        return self.in_flight

    def abandon(self) -> None:
        """Give up what is still in the queue or in flight, and count it: nothing is left open.

        Messages that were still queued are failed; those in flight are unconfirmed.
        """
        self._producer.purge()
        self._serve(self._producer.flush, 1.0)
        self.poll(0)
        self.tally.unconfirmed += self.in_flight

    def _serve(self, call: Callable[[float], int], timeout_s: float) -> int:
        """Serve reports by `poll` or `flush`: both raise a fatal error beside reporting it."""
        try:
            return int(call(timeout_s))
        except KafkaException as error:
            self._on_error(error.args[0])
            return 0

    def _counted(self, on_report: Callable[[Report], None] | None) -> Callable[..., Any]:
        if on_report is None:
            return self._count
        return lambda error, message: self._report(error, message, on_report)

    def _count(self, error: KafkaError | None, message: Message) -> Outcome:
        tally = self.tally
        if error is None:
            tally.delivered += 1
            tally.partitions[_partition(message)] += 1
            return Outcome.DELIVERED
        outcome = kafka_errors.outcome(error)
        if outcome is Outcome.FAILED:
            tally.failed += 1
        else:
            tally.unconfirmed += 1
        if self.trouble is None and kafka_errors.concerns_all(error):
            self.trouble = kafka_errors.explain(error, self.settings, str(message.topic()))
        return outcome

    def _report(
        self, error: KafkaError | None, message: Message, on_report: Callable[[Report], None]
    ) -> None:
        outcome = self._count(error, message)
        report = Report(
            outcome=outcome,
            topic=str(message.topic()),
            partition=_partition(message),
            offset=message.offset() if error is None else None,
            latency_s=message.latency() or 0.0,
            error=None if error is None else error.str(),
        )
        try:
            on_report(report)
        except BaseException as raised:  # noqa: BLE001 - must not unwind through librdkafka's C
            self._callback_error = self._callback_error or raised

    def _on_error(self, error: KafkaError) -> None:
        """Take a client-wide error: a bad password shows here and nowhere else."""
        if self.trouble is None and (kafka_errors.is_authentication(error) or error.fatal()):
            self.trouble = kafka_errors.explain(error, self.settings, "")


def _partition(message: Message) -> int:
    partition = message.partition()
    return -1 if partition is None else partition


def _producer(
    settings: Settings, timeout_s: float, on_error: Callable[[KafkaError], None]
) -> Producer:
    conf: dict[str, Any] = {
        **DEFAULTS,
        "message.timeout.ms": max(1, int(timeout_s * 1000)),
        **settings.kafka(),
        "error_cb": on_error,
    }
    try:
        return Producer(conf, logger=logger)
    except KafkaException as error:
        raise ConfigError(
            "the producer's properties",
            error.args[0].str(),
            "check -X options, KAFKA_CONFIG and .env (see: freezer config)",
        ) from error
