"""What a consumer asks brokers beside messages: where partitions begin and end, where a time is."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from confluent_kafka import KafkaException, TopicPartition

from freezer_events.kafka import codes, connection
from freezer_events.kafka.codes import Meaning
from freezer_events.read.starting import Edges
from freezer_events.registry.bounded import StoppedWaiting, bounded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from confluent_kafka import Consumer

    from freezer_events.read.hearing import Hearing
    from freezer_events.read.starting import Start


class BrokerQuestions:
    """Asks for one topic, each question bounded in time.

    Args:
        consumer: the client that asks.
        topic: the topic.
        hearing: what the client says of its troubles.
        poll: lets the client say it.
        timeout_s: how long an answer may take, in seconds.

    """

    def __init__(
        self,
        consumer: Consumer,
        topic: str,
        hearing: Hearing,
        poll: Callable[[], None],
        timeout_s: float,
    ) -> None:
        self._consumer = consumer
        self._topic = topic
        self._hearing = hearing
        self._poll = poll
        self._timeout_s = timeout_s

    def offsets(self, partitions: Iterable[int], start: Start) -> dict[int, int]:
        """Return, by partition, the offset that a start comes to."""
        edges = self.edges(partitions)
        times: dict[int, int | None] = {}
        if start.kind == "time" and edges:
            asked = [TopicPartition(self._topic, each, start.number) for each in edges]
            found = self.ask(
                "find the offsets of a time",
                lambda: self._consumer.offsets_for_times(asked, timeout=self._timeout_s),
            )
            times = {each.partition: each.offset if each.offset >= 0 else None for each in found}
        return {each: start.in_partition(at, times.get(each)) for each, at in edges.items()}

    def edges(self, partitions: Iterable[int]) -> dict[int, Edges]:
        """Return, by partition, where it begins and ends now."""
        found = {}
        for each in sorted(partitions):
            where = TopicPartition(self._topic, each)

            def ask(where: TopicPartition = where) -> Any:
                return self._consumer.get_watermark_offsets(where, timeout=self._timeout_s)

            edges = self.ask(f"ask for the offsets of {self._topic}[{each}]", ask)
            if edges is None:
                raise self._hearing.refusal("ask for offsets")
            found[each] = Edges(*edges)
        return found

    def ask(
        self, doing: str, call: Callable[[], Any], stop: Callable[[], bool] = connection.never
    ) -> Any:
        """Have the client ask a broker: alone it would not hear signals, nor keep its time.

        Where no broker is there to be asked it says so at once: it is asked again until time is up.

        Raises:
            EventError: it was refused, or nobody answered in time.

        """
        deadline = time.monotonic() + self._timeout_s
        while True:
            try:
                return bounded(call, max(0.0, deadline - time.monotonic()), stop)
            except KafkaException as error:
                self._poll()  # in which it says what is the matter
                cause = self._hearing.unreachable or error.args[0]
                # While brokers come and go, a partition has no leader that anybody knows.
                away = codes.is_unreachable(cause) or codes.meaning(cause) is Meaning.NO_TOPIC
                late = time.monotonic() > deadline or stop()
                if late or self._hearing.trouble or not away:
                    raise self._hearing.refusal(doing, cause) from error
            except (TimeoutError, StoppedWaiting) as error:
                raise self._hearing.refusal(doing) from error
