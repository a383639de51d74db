"""Delivery reports: each one counts in the tally, and reaches whoever asked for it.

Pure Python around librdkafka's callbacks: nothing here calls a client, so it can run inside one.
They run in whichever thread polls: a sender's, or the pump's.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from functools import partial
from typing import TYPE_CHECKING

from freezer_events.kafka import codes
from freezer_events.kafka.codes import Outcome
from freezer_events.send import watching
from freezer_events.send.report import ByValue, OnlyUndelivered, Report, Returned, report_of
from freezer_events.send.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Callable

    from confluent_kafka import KafkaError, Message

    from freezer_events.config import Settings
    from freezer_events.errors import EventError
    from freezer_events.send.report import Headers, OnReport

    Callback = Callable[[KafkaError | None, Message], None]

_log = logging.getLogger("freezer_events.send")


class Reports:
    """Takes the reports of one producer.

    Args:
        settings: the cluster, to explain errors with.

    Attributes:
        draw: brings the tally up to date; a line that counts by itself sets it.
        drawn: the tally as it was last drawn.
        fatal: the error that ended the client, but not the producer; None where there is none.
        returned: messages that certainly never left a client that came to a fatal error, in order;
            None once they are to count as failed.
        trouble: the first error that every later message would meet too, else None. It ends the
            producer: what it was told of is not to be overtaken by what comes later.
        heard: what was last said of a connection that failed, in librdkafka's words, or "".
        count: the callback of a message for whose report nobody asked.
        on_undelivered: told the value and the report of such a message if it was not delivered.
        raised: what callbacks raised, the first of them, and how many did.
        telling: the threads that count a message at the moment, and then tell whoever asked.

    """

    def __init__(self, settings: Settings) -> None:
        self.draw: Callable[[], None] = lambda: None
        self.drawn = Tally()
        self.trouble: EventError | None = None
        self.heard: KafkaError | None = None
        self.fatal: KafkaError | None = None
        self.returned: deque[Returned] | None = deque()
        self.count = self._counter()
        self.on_undelivered: Callable[[bytes, Report], None] | None = None
        self.raised: tuple[BaseException, int] | None = None
        self.telling: set[int] = set()
        self._settings = settings
        self._here = threading.local()
        self._fatal_at: float | None = None
        # When a connection that may have carried messages was last lost; delivered until then.
        self._cut_at: float | None = None
        self._delivered_at_cut = 0

    @property
    def tally(self) -> Tally:
        """Delivered, failed and unconfirmed so far."""
        self.draw()
        return self.drawn

    @property
    def in_callback(self) -> bool:
        """Tell whether the current thread runs a caller's callback."""
        return getattr(self._here, "depth", 0) > 0

    def callback(self, on_report: OnReport | None, headers: Headers | None = None) -> Callback:
        """Return the callback of a message: counts, and tells `on_report`.

        It is given the headers too, because librdkafka's reports have none.
        """
        if headers is None:
            if on_report is None:
                return self.count
            if isinstance(on_report, OnlyUndelivered):
                return partial(self._followed, on_report)

        def report(error: KafkaError | None, message: Message) -> None:
            if error is not None:
                self._take_lost(on_report, headers, error, message)
            elif on_report is None or isinstance(on_report, OnlyUndelivered):
                self.count(None, message)
            else:
                me = threading.get_ident()
                self.telling.add(me)
                try:
                    self.count(None, message)
                    self.tell(on_report, report_of(Outcome.DELIVERED, None, message))
                finally:
                    self.telling.discard(me)

        return report

    def refuse(
        self, topic: str, value: bytes | None, error: KafkaError, on_report: OnReport | None
    ) -> None:
        """Take the error of a message that librdkafka would not have: it gets no report."""
        outcome = codes.outcome(error)
        report = Report(outcome, topic, -1, None, 0.0, error.str(), codes.is_refusal(error))
        self._settle_lost(topic, value, error, on_report, report)

    def refusal(self, error: KafkaError, topic: str, value: bytes | None) -> EventError:
        """Return the error to raise for a message that was refused before it was taken."""
        self.take_note(error, topic)
        return codes.refused(error, self._settings, topic, value)

    def on_error(self, error: KafkaError) -> None:
        """Take a client-wide error: a bad password shows here and nowhere else.

        A fatal one comes here with its reason; messages that it ends only say that there was one.
        """
        if codes.ends_client_only(error):
            self.fatal = error
        elif codes.is_fatal(error):
            self.trouble = codes.explain(error, self._settings, "")
        elif codes.is_authentication(error):
            self.trouble = self.trouble or codes.explain(error, self._settings, "")
        elif codes.is_unreachable(error):
            if not codes.is_summary(error):
                self.heard = error
            delivered = self.tally.delivered
            if codes.is_cut(error) or self._cut_at is None or delivered != self._delivered_at_cut:
                self._cut_at, self._delivered_at_cut = time.monotonic(), delivered

    def raise_interruption(self) -> None:
        """Raise the KeyboardInterrupt that came while a callback ran in this thread."""
        error: BaseException | None = getattr(self._here, "interruption", None)
        if error is not None and not self.in_callback:
            self._here.interruption = None
            raise error

    def is_settled(self, within_s: float) -> bool:
        """Tell whether `trouble` is what it is: the reason of a fatal error may still be to come.

        A message can be refused before librdkafka's `error_cb` has brought the reason.
        """
        if self.trouble is None and self.fatal is None and self._fatal_at is not None:
            if time.monotonic() - self._fatal_at < within_s:
                return False
            self.trouble = codes.explain(codes.unexplained(), self._settings, "")
        return True

    def take_note(self, error: KafkaError, topic: str) -> None:
        """Remember what an error of one message says about those that follow."""
        if codes.is_fatal(error):
            self._fatal_at = self._fatal_at or time.monotonic()
        elif self.trouble is None and codes.concerns_all(error):
            self.trouble = codes.explain(error, self._settings, topic)

    def renewed(self) -> None:
        """Take note that there is a new client: nothing fatal has befallen that one."""
        self.fatal = self._fatal_at = None

    def _counter(self) -> Callback:
        """Make `count`; it runs for every message, so it looks nothing up twice."""
        partitions, sample = self.drawn.partitions, watching.latency()

        def count(error: KafkaError | None, message: Message) -> None:
            if error is None:
                partition: int = message.partition()  # type: ignore[assignment]  # delivered
                number = partitions[partition] = partitions[partition] + 1
                if not number & sample.mask:
                    sample(message.latency())
            else:
                self._take_lost(None, None, error, message)

        return count

    def _followed(self, on_report: OnReport, error: KafkaError | None, message: Message) -> None:
        if error is None:
            self.count(None, message)
        else:
            self._take_lost(on_report, None, error, message)

    def _take_lost(
        self,
        on_report: OnReport | None,
        headers: Headers | None,
        error: KafkaError,
        message: Message,
    ) -> None:
        """Count a message that was not delivered, and tell; or keep it to be sent again."""
        outcome = self._outcome(error, message)
        topic, value = str(message.topic()), message.value()
        returned = self.returned
        if returned is not None and outcome is Outcome.FAILED and codes.is_given_up(error):
            _, timestamp_ms = message.timestamp()
            returned.append(
                Returned(topic, value or b"", message.key(), headers, timestamp_ms, on_report)
            )
            return
        self._settle_lost(topic, value, error, on_report, report_of(outcome, error, message))

    def _settle_lost(
        self,
        topic: str,
        value: bytes | None,
        error: KafkaError,
        on_report: OnReport | None,
        report: Report,
    ) -> None:
        """Count a message that was not delivered, and tell."""
        me = threading.get_ident()
        self.telling.add(me)
        try:
            self._add(report.outcome, error, topic)
            self._tell_lost(on_report, value, report)
        finally:
            self.telling.discard(me)

    def _outcome(self, error: KafkaError, message: Message) -> Outcome:
        outcome, latency_s = codes.outcome(error), message.latency() or 0.0
        if (
            outcome is Outcome.FAILED
            and codes.is_given_up(error)
            and self._cut_at is not None
            and time.monotonic() - latency_s <= self._cut_at
        ):
            # A connection was lost after it was handed over. It is queued to be sent again, and
            # nothing tells whether it was sent before.
            return Outcome.UNCONFIRMED
        return outcome

    def _add(self, outcome: Outcome, error: KafkaError, topic: str) -> None:
        if outcome is Outcome.FAILED:
            self.drawn.failed += 1
        else:
            self.drawn.unconfirmed += 1
        self.take_note(error, topic)

    def _tell_lost(self, who: OnReport | None, value: bytes | None, report: Report) -> None:
        """Tell whoever asked, or else those who want to know of all."""
        if isinstance(who, ByValue):
            self.tell(partial(who, value=value), report)
        elif who is not None:
            self.tell(who, report)
        elif self.on_undelivered is not None and value is not None:
            self.tell(partial(self.on_undelivered, value), report)

    def tell(self, on_report: OnReport, report: Report) -> None:
        """Call a caller's callback: what it raises is logged and kept."""
        here = self._here
        here.depth = getattr(here, "depth", 0) + 1
        try:
            on_report(report)
        except BaseException as raised:  # noqa: BLE001 - must not unwind through librdkafka's C
            may_be_a_signals = threading.current_thread() is threading.main_thread()
            if may_be_a_signals and not isinstance(raised, Exception):
                here.interruption = raised
                return
            _log.exception("a delivery callback raised")
            first, count = self.raised or (raised, 0)
            self.raised = (first, count + 1)
        finally:
            here.depth -= 1
