"""The drain's client of librdkafka: made when it is needed, and made anew once it has broken."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from confluent_kafka import KafkaException, Producer

from freezer_events.errors import EventError
from freezer_events.kafka import codes, connection
from freezer_events.kafka.connection import SLICE_S
from freezer_events.send.on_its_way import OnItsWay

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from confluent_kafka import KafkaError

    from freezer_events.send.on_its_way import Address, Run, Underway


class Again(Exception):  # noqa: N818 - it says what is to be done
    """What has not arrived is to be sent again.

    Attributes:
        why: the error that later messages would meet too.

    """

    def __init__(self, why: EventError) -> None:
        super().__init__(why)
        self.why = why


class DrainClient:
    """Hands messages over, and serves their reports.

    Args:
        properties: librdkafka's.
        explain: makes an error of librdkafka's one of ours.
        is_stopped: tells whether the drain is to end.

    Attributes:
        properties: of the next client.
        one_by_one: the next client makes batches of one message.
        heard: what was last said of a connection that failed.

    """

    def __init__(
        self,
        properties: Mapping[str, Any],
        explain: Callable[[KafkaError], EventError],
        is_stopped: Callable[[], bool],
    ) -> None:
        self.properties = dict(properties)
        self.one_by_one = False
        self.heard: KafkaError | None = None
        self._explain = explain
        self._is_stopped = is_stopped
        self._producer: Producer | None = None
        self._broken: EventError | None = None

    @property
    def producer(self) -> Producer:
        """The client; a new one where there is none."""
        if self._producer is None:
            self._broken = None
            self._producer = self._connect()
        return self._producer

    @property
    def is_made(self) -> bool:
        """Tell whether there is one."""
        return self._producer is not None

    def give_up(self) -> Producer | None:
        """Return the client, if there is one; the next one is a new one."""
        producer, self._producer = self._producer, None
        return producer

    def _connect(self) -> Producer:
        properties = self.properties | ({"batch.num.messages": 1} if self.one_by_one else {})
        return connection.client(Producer, properties, self._on_error)

    def set_out(self, of: OnItsWay, addresses: Mapping[int, Address]) -> Underway:
        """Return what a batch goes as: it is to be handed over next."""
        of.prepare(addresses)
        return of

    def hand_over(self, of: Underway) -> None:
        """Hand a batch over that was set out, waiting for room."""
        assert isinstance(of, OnItsWay)  # noqa: S101 - as `set_out` made it
        while of.runs:
            run = of.runs[0]
            if run.alone:
                self.hand_over_alone(of, run)
            else:
                self._produce_batch(of, run)
            del of.runs[0]

    def _produce_batch(self, of: OnItsWay, run: Run) -> None:
        """Hand messages over, waiting for room; what is left in the run has not been."""
        messages = run.messages
        while messages:
            taken = self.producer.produce_batch(run.topic, messages, on_delivery=of.report)
            of.left += taken
            if taken == len(messages):
                return
            left = []
            for message in messages:
                error = message.pop("_error", None)
                if error is None:
                    continue
                if codes.meaning(error) is codes.Meaning.QUEUE_FULL:
                    left.append(message)
                else:
                    of.take_back(error, message["key"], message["value"])
            messages[:] = left
            self.wait()

    def hand_over_alone(self, of: OnItsWay, run: Run) -> None:
        """Hand over a run of one message, waiting for room."""
        (message,) = run.messages
        while True:
            try:
                self.producer.produce(
                    run.topic,
                    message["value"],
                    message["key"],
                    headers=message.get("headers"),
                    timestamp=message.get("timestamp", 0),
                    on_delivery=message.get("callback", of.report),
                )
            except BufferError:
                self.wait()
            except KafkaException as error:
                of.take_back(error.args[0], message["key"], message["value"])
                return
            else:
                of.left += 1
                return

    def poll(self, timeout_s: float) -> None:
        """Serve reports.

        Raises:
            Again: the client has broken.

        """
        self._serve(self.producer.poll, timeout_s)

    def wait(self) -> None:
        """Serve reports for a moment.

        Raises:
            Again: the client has broken, or the drain is to end.

        """
        self.poll(SLICE_S)
        self._end_if_stopped()

    def flush(self) -> None:
        """Serve reports for a moment, or until there are all: no message lingers meanwhile.

        Raises:
            Again: the client has broken, or the drain is to end.

        """
        self._serve(self.producer.flush, SLICE_S)
        self._end_if_stopped()

    def _serve(self, serve: Callable[[float], int], timeout_s: float) -> None:
        try:
            serve(timeout_s)
        except KafkaException as error:
            self._on_error(error.args[0])
        if self._broken is not None:
            raise Again(self._broken)

    def _end_if_stopped(self) -> None:
        if self._is_stopped():
            raise Again(EventError("drain the spool", "it was stopped"))

    def _on_error(self, error: KafkaError) -> None:
        if codes.is_fatal(error) or codes.is_authentication(error):
            self._broken = self._explain(error)
        elif codes.is_unreachable(error) and not codes.is_summary(error):
            self.heard = error

    def bound_batches(self, most_bytes: int) -> None:
        """Never make a batch larger than this: the client is made anew if its batches are."""
        if most_bytes < int(self.properties.get("batch.size", most_bytes + 1)):
            self.properties["batch.size"] = most_bytes
            if self._producer is not None:
                raise Again(EventError("drain the spool", "batches are to be smaller"))
