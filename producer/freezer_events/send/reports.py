"""Delivery reports: each one counts in the tally, and reaches whoever asked for it.

Pure Python around librdkafka's callbacks: nothing here calls a client, so it can run inside one.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from freezer_events.kafka import codes
from freezer_events.kafka.codes import Outcome
from freezer_events.send.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Callable

    from confluent_kafka import KafkaError, Message

    from freezer_events.config import Settings
    from freezer_events.errors import EventError

    Callback = Callable[[KafkaError | None, Message], None]


class Report(NamedTuple):
    """One delivery report; a tuple, because there may be one for every event.

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


class Reports:
    """Takes the reports of one producer.

    Args:
        settings: the cluster, to explain errors with.

    Attributes:
        tally: delivered, failed and unconfirmed so far.
        trouble: the first error that every later message would meet too, else None.
        fatal: the error after which this producer takes no message any more, else None.
        count: the callback of a message for whose report nobody asked.
        on_undelivered: told the value and the report of such a message if it was not delivered.

    """

    def __init__(self, settings: Settings) -> None:
        self.tally = Tally()
        self.trouble: EventError | None = None
        self.fatal: EventError | None = None
        self.count = self._counter()
        self.on_undelivered: Callable[[bytes, Report], None] | None = None
        self._settings = settings
        self._raised: BaseException | None = None

    def callback(self, on_report: Callable[[Report], None] | None) -> Callback:
        """Return the callback of a message: counts, and tells `on_report`."""
        if on_report is None:
            return self.count

        def report(error: KafkaError | None, message: Message) -> None:
            if error is None:
                self.count(None, message)
            else:
                self._add(error, str(message.topic()))
            self._tell(on_report, _report(error, message))

        return report

    def refuse(
        self,
        topic: str,
        value: bytes | None,
        error: KafkaError,
        on_report: Callable[[Report], None] | None,
    ) -> None:
        """Take the error of a message that librdkafka would not have: it gets no report."""
        self._add(error, topic)
        if codes.is_fatal(error):
            self.fatal = self.trouble
        report = Report(codes.outcome(error), topic, -1, None, 0.0, error.str())
        if on_report is not None:
            self._tell(on_report, report)
        else:
            self._tell_undelivered(value, report)

    def on_error(self, error: KafkaError) -> None:
        """Take a client-wide error: a bad password shows here and nowhere else.

        A fatal one comes here with its reason; messages that it ends only say that there was one.
        """
        if codes.is_fatal(error):
            self.trouble = self.fatal = codes.explain(error, self._settings, "")
        elif self.trouble is None and codes.is_authentication(error):
            self.trouble = codes.explain(error, self._settings, "")

    def raise_what_callers_raised(self) -> None:
        """Raise what the first failing `on_report` raised, once."""
        if self._raised is not None:
            error, self._raised = self._raised, None
            raise error

    def _counter(self) -> Callback:
        """Make `count`; it runs for every message, so it looks nothing up twice."""
        partitions = self.tally.partitions

        def count(error: KafkaError | None, message: Message) -> None:
            if error is None:
                partitions[message.partition()] += 1  # type: ignore[index]  # delivered: it has one
            else:
                self._add(error, str(message.topic()))
                self._tell_undelivered(message.value(), _report(error, message))

        return count

    def _add(self, error: KafkaError, topic: str) -> None:
        """Count a message that was not delivered."""
        if codes.outcome(error) is Outcome.FAILED:
            self.tally.failed += 1
        else:
            self.tally.unconfirmed += 1
        if self.trouble is None and codes.concerns_all(error):
            self.trouble = codes.explain(error, self._settings, topic)

    def _tell_undelivered(self, value: bytes | None, report: Report) -> None:
        if self.on_undelivered is not None and value is not None:
            self._tell(partial(self.on_undelivered, value), report)

    def _tell(self, on_report: Callable[[Report], None], report: Report) -> None:
        try:
            on_report(report)
        except BaseException as raised:  # noqa: BLE001 - must not unwind through librdkafka's C
            self._raised = self._raised or raised


def _report(error: KafkaError | None, message: Message) -> Report:
    partition = message.partition()
    return Report(
        outcome=codes.outcome(error),
        topic=str(message.topic()),
        partition=-1 if partition is None else partition,
        offset=message.offset() if error is None else None,
        latency_s=message.latency() or 0.0,
        error=None if error is None else error.str(),
    )
