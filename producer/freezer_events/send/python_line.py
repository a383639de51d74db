"""The line in Python: batches by `produce_batch`. The only user of librdkafka's Producer.

What a batch cannot carry (headers, a timestamp, a large value) goes by `produce`, after what came
before it, so that a key's order is kept.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from confluent_kafka import KafkaException, Producer

from freezer_events.kafka import codes, connection
from freezer_events.send.departures import Departures
from freezer_events.send.outbox import ListOutbox
from freezer_events.send.second_try import SecondTry, taken

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from confluent_kafka import KafkaError

    from freezer_events.send.line import Extra, Send, SendRun, Take
    from freezer_events.send.outbox import Outbox
    from freezer_events.send.report import OnReport, Returned
    from freezer_events.send.reports import Reports

_MAX_BYTES: Final = 1_000_000  # librdkafka's own default, of message.max.bytes and of batch.size
_BATCHED_BYTES: Final = 16_384
_PURGED_WITHIN_S: Final = 5.0


class PythonLine:
    """Hand messages to one librdkafka producer.

    Args:
        properties: librdkafka's.
        reports: takes the delivery reports, and counts.

    Raises:
        ConfigError: librdkafka refuses a property; names it.

    """

    _mark: Callable[[bytes], int] = staticmethod(hash)  # of a message's value

    def __init__(self, properties: Mapping[str, Any], reports: Reports) -> None:
        self._properties = dict(properties)
        self._reports = reports
        # Larger messages travel alone: the one that is too large is named when it is sent.
        limit = int(properties.get("message.max.bytes", _MAX_BYTES))
        self._largest = min(limit // 2, _BATCHED_BYTES)
        self._lock = threading.RLock()
        self._polling = threading.Lock()
        self._outboxes: dict[str, ListOutbox] = {}
        self._refusals: deque[tuple[str, dict[str, Any], KafkaError]] = deque()
        # Sent by a client before this one, and never left it: they go before anything else.
        self._again = SecondTry()
        self._departures = Departures(self._mark)
        self._given_up = self._closed = self._is_renewing = False
        self._clients = 0
        self._producer = self._connect()

    def taker(self, topic: str) -> Take:
        """Return the function that takes one message for a topic; False: no room, not taken."""
        outbox, reports, largest = self._outbox(topic), self._reports, self._largest
        messages, tally = outbox.messages, reports.tally

        def take(
            value: bytes,
            key: str | bytes | None,
            extra: Extra | None,
            on_report: OnReport | None,
        ) -> bool:
            if self._closed:
                return False
            if extra is not None or len(value) > largest:
                return self._take_alone(topic, value, key, extra, on_report)
            if outbox.full and not outbox.push():
                return False
            message: dict[str, Any]
            if on_report is None:
                message = {"value": value, "key": key}
            else:
                callback = reports.callback(on_report)
                message = {"value": value, "key": key, "callback": callback, "on_report": on_report}
            tally.accepted += 1
            messages.append(message)
            if len(messages) >= outbox.size:
                outbox.push()
                self.serve(0)
            return True

        return take

    def sender(
        self,
        topic: str,  # noqa: ARG002 - for lines that encode
        encode: Callable[[Any], bytes],  # noqa: ARG002
        prefix: bytes,  # noqa: ARG002
        key: Callable[[Any], str | None],  # noqa: ARG002
    ) -> Send | None:
        """Return None: this line takes what is encoded already."""
        return None

    def run_sender(self, topic: str, prefix: bytes) -> SendRun | None:  # noqa: ARG002 - as above
        """Return None: this line takes one message after the other."""
        return None

    def push(self) -> bool:
        """Hand over all that is held; False where librdkafka has no room for all of it."""
        self._send_again()
        every = [outbox.push() for outbox in self._boxes()]
        return all(every)

    def push_aged(self) -> bool:
        """Hand over what has been held for some milliseconds; True while batches come quickly."""
        self._send_again()
        every = [outbox.push_aged() for outbox in self._boxes()]
        return any(every)

    def serve(self, timeout_s: float) -> None:
        """Serve delivery reports; within a callback they must wait for its end."""
        while self._refusals:
            topic, message, error = self._refusals.popleft()
            self._reports.refuse(topic, message["value"], error, message.get("on_report"))
        if self._reports.in_callback or self._closed:
            return  # librdkafka's client aborts the process when it is polled in there
        # One thread at a time: two would take each other's reports out of their order.
        if not self._polling.acquire(timeout=timeout_s):
            return
        try:
            self._poll(timeout_s)
        except KafkaException as error:
            self._reports.on_error(error.args[0])  # a fatal one is raised beside being reported
        except KeyboardInterrupt:
            self._reports.tally.interrupted = True  # its report may be gone
            raise
        finally:
            self._polling.release()
        self._reports.raise_interruption()

    def bound_batches(self, most_bytes: int) -> bool:
        """Never make a batch larger than this: the client is made anew if its batches are."""
        if most_bytes >= int(self._properties.get("batch.size", _MAX_BYTES)):
            return True
        with self._lock:
            if self._reports.tally.in_flight:
                return False
            self._properties["batch.size"] = most_bytes
            self._producer = self._connect()
        return True

    def give_up(self) -> None:
        """Take nothing further to the cluster: what is open settles as failed or unconfirmed."""
        with self._lock:
            self._given_up = True
            self._refuse(self._again.give_up(self._reports))
            self._refuse_held()
            self._producer.purge()

    def renew(self) -> int:
        """Go on with another client after a fatal error; returns how many are sent again."""
        with self._lock:
            if self._given_up:
                return 0
            self._is_renewing = True  # nothing is handed over; reports come without the lock
        with self._polling:
            self._producer.purge()
            deadline = time.monotonic() + _PURGED_WITHIN_S
            while self._handed_over() > 0 and time.monotonic() < deadline:
                with suppress(KafkaException):  # the fatal error, once more
                    self._poll(connection.SLICE_S)
        with self._lock:
            self._producer = self._connect()
            self._reports.renewed()
            again, unknown = self._departures.sort(taken(self._reports))
            self._departures = Departures(self._mark)
            self._again.put_first(again)
            self._refuse(unknown)
            self._is_renewing = False
        self._send_again()
        return len(again)

    def close(self) -> None:
        """Disconnect, once all is settled; nothing is taken or served any more."""
        with self._lock:
            self._given_up = self._closed = True
            self._refuse_held()  # what came while all else was settled
        self.serve(0)
        with suppress(KafkaException):  # a fatal error that came last; all is settled
            self._producer.close()

    def _refuse(self, messages: Iterable[Returned]) -> None:
        """Have messages told of as never sent."""
        never = codes.never_sent()
        for each in messages:
            message = {"value": each.value, "on_report": each.on_report}
            self._refusals.append((each.topic, message, never))

    def _refuse_held(self) -> None:
        """Take all messages out of the outboxes, to be told of as never sent."""
        never = codes.never_sent()
        for topic, outbox in self._outboxes.items():
            self._refusals.extend((topic, message, never) for message in outbox.empty())

    def _connect(self) -> Producer:
        self._clients = mine = self._clients + 1

        def on_error(error: KafkaError) -> None:
            if mine == self._clients:  # what befalls a client that was given up is past
                self._reports.on_error(error)

        return connection.client(Producer, self._properties, on_error)

    def _poll(self, timeout_s: float) -> None:
        self._producer.poll(timeout_s)

    def _outbox(self, topic: str) -> ListOutbox:
        with self._lock:
            known = self._outboxes.get(topic)
            if known is None:
                known = self._outboxes[topic] = ListOutbox(
                    partial(self._hand_over, topic), self._is_busy, self._lock
                )
        return known

    def _send_again(self) -> bool:
        """Hand over what a client before this one did not send; False: there is no room."""
        with self._lock:
            return not self._is_renewing and self._again.send(
                self._producer, self._reports, self._departures
            )

    def _handed_over(self) -> int:
        """Return how many messages are librdkafka's at the moment."""
        held = sum(map(len, self._boxes())) + len(self._refusals)
        held += len(self._again) + len(self._reports.returned or ())
        return self._reports.tally.in_flight - held

    def _is_busy(self) -> bool:
        return self._handed_over() > 0

    def _boxes(self) -> list[Outbox]:
        """Return whatever holds messages."""
        return [*self._outboxes.values()]

    def _take_alone(
        self,
        topic: str,
        value: bytes,
        key: str | bytes | None,
        extra: Extra | None,
        on_report: OnReport | None,
    ) -> bool:
        """Send what a batch cannot take, after what came before it: a key's order is kept."""
        outbox, reports = self._outbox(topic), self._reports
        headers, timestamp_ms = extra or (None, 0)
        with self._lock:
            if self._given_up or not (outbox.push() and self._send_again()):
                return False
            try:
                self._producer.produce(
                    topic,
                    value,
                    key,
                    headers=headers,
                    timestamp=timestamp_ms,
                    on_delivery=reports.callback(on_report, headers),
                )
            except BufferError:
                return False
            except KafkaException as error:
                if codes.is_fatal(error.args[0]):
                    reports.take_note(error.args[0], topic)
                    return False  # there is room again once there is another client
                raise reports.refusal(error.args[0], topic, value) from error
            reports.tally.accepted += 1
            self._departures.add_values(topic, [value], reports.tally.in_flight)
        self.serve(0)
        return True

    def _hand_over(self, topic: str, batch: list[dict[str, Any]]) -> int:
        """Give librdkafka a batch; returns how many, at the end, found no room.

        It marks what it did not take with `_error`: all messages from the first without room on,
        and single ones before that, which it will never take. Those are told of by `serve`, once
        the lock is free: whoever is told may send.
        """
        if self._given_up:
            self._refusals.extend((topic, message, codes.never_sent()) for message in batch)
            return 0
        if not self._send_again():
            return len(batch)
        values = [message["value"] for message in batch]
        self._departures.add_values(topic, values, self._reports.tally.in_flight)
        took = self._producer.produce_batch(topic, batch, on_delivery=self._reports.count)
        left = 0
        if took < len(batch):
            for message in batch:
                error = message.pop("_error", None)
                if error is None:
                    continue
                if codes.meaning(error) is codes.Meaning.QUEUE_FULL:
                    left += 1
                elif codes.is_fatal(error):  # there is room again once there is another client
                    self._reports.take_note(error, topic)
                    left += 1
                else:
                    self._refusals.append((topic, message, error))
        return left
