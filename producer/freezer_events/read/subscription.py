"""What reads one topic from the cluster: alone, or as a member of a consumer group.

Alone, partitions are assigned and begin where `Start` says: no group is joined and no offset
committed, so reading needs no permission on a group and leaves nothing behind. In a group, the
group's commits say where to begin, and `Start` only where there is none yet.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from confluent_kafka import Consumer, TopicPartition

from freezer_events.errors import UsageError
from freezer_events.kafka import codes, connection, topics
from freezer_events.kafka.codes import Meaning
from freezer_events.kafka.topic_watch import TopicWatch
from freezer_events.read.broker_questions import BrokerQuestions
from freezer_events.read.hearing import Hearing
from freezer_events.read.reach import Reach

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from confluent_kafka import Message

    from freezer_events.config import Settings
    from freezer_events.kafka.topic_watch import TopicChange, TopicSight
    from freezer_events.read.starting import Start

_LOOK_WITHIN_S: Final = 5.0
_AT_ONCE: Final = 500  # messages taken from the client in one call
_PROPERTIES: Final = {
    "enable.auto.commit": False,
    "enable.auto.offset.store": False,
    "enable.partition.eof": True,
    "fetch.wait.max.ms": 100,  # how late the end of a partition is noticed
}
_IN_GROUP: Final = {
    "topic.metadata.refresh.interval.ms": 30_000,  # how late partitions are noticed that are added
}
_ALONE: Final = {
    "group.id": "freezer-consume",  # librdkafka asks for one; it is never joined
    "auto.offset.reset": "error",
}

_log = logging.getLogger("freezer_events.read")


class Subscription:
    """Messages of one topic, and how far they have come.

    Args:
        settings: the cluster.
        topic: the topic.
        partitions: the numbers of those to read; in a group, of all there are.
        start: where to begin.
        group: the consumer group to join, or None.
        timeout_s: how long an answer of a broker may take, in seconds.

    Attributes:
        reach: how far reading has come.
        ahead: messages that were fetched and not handed out.

    Raises:
        EventError: no broker answers, or reading is not allowed.

    """

    def __init__(
        self,
        settings: Settings,
        topic: str,
        partitions: Iterable[int],
        start: Start,
        *,
        group: str | None = None,
        timeout_s: float = topics.DEFAULT_TIMEOUT_S,
    ) -> None:
        self.ahead: deque[Message] = deque()
        self.reach = Reach()
        self.group = group
        self._topic = topic
        self._in_use = threading.Lock()
        self._hearing = Hearing(settings, topic, group, timeout_s)
        self._watch = TopicWatch(settings)
        self._closed = False
        properties = _IN_GROUP | settings.kafka() | _PROPERTIES
        if group is None:
            properties |= _ALONE
        else:
            reset = "latest" if start.kind == "end" else "earliest"
            properties |= {"group.id": group, "auto.offset.reset": reset}
        self._consumer = connection.client(Consumer, properties, self._hearing.on_error)
        self._broker = BrokerQuestions(
            self._consumer, topic, self._hearing, partial(self._poll, connection.SLICE_S), timeout_s
        )
        try:
            topics.connect(self._consumer, settings, topic, timeout_s)
            if group is None:
                self._assign(partitions, start)
            else:
                self._consumer.subscribe([topic], on_assign=self._assigned, on_revoke=self._revoked)
        except BaseException:
            self._consumer.close()
            raise

    def fetch(self) -> None:
        """Wait up to 0.1 s for messages, and put what has come into `ahead`.

        Raises:
            EventError: the cluster denies access, or has no such records any more.

        """
        self._poll(connection.SLICE_S)
        self._take_added(self._watch.look())
        self._hearing.look()
        if self._hearing.trouble is not None:
            raise self._hearing.trouble

    def watch(self, seen: TopicSight) -> None:
        """Look at the topic now and then: partitions that are added are read, too."""
        self._watch.add(self._topic, seen)

    def look_now(self) -> None:
        """Look at the topic at once, if it is watched."""
        if self._watch.partitions(self._topic):
            self._take_added(self._watch.look_now(_LOOK_WITHIN_S))

    def _take_added(self, changes: Sequence[TopicChange]) -> None:
        """Tell what happened to the topic, and read new partitions from their beginning."""
        for each in changes:
            self._hearing.on_notice(each.text)
        known, there = max(self.reach.partitions, default=-1), self._watch.partitions(self._topic)
        if changes and (added := range(known + 1, there)):
            self.reach.add(added)
            for partition in added:
                self.reach.move(partition, 0)
            self._consumer.incremental_assign([TopicPartition(self._topic, n, 0) for n in added])

    def tell(self, on_notice: Callable[[str], None]) -> None:
        """Have somebody told in a sentence that the cluster is away, and that it is back."""
        self._hearing.on_notice = on_notice

    def listen(self) -> None:
        """Begin to count anew for how long the cluster is silent.

        Raises:
            UsageError: it is closed.

        """
        self._refuse_if_closed()
        self._hearing.answered()

    def refuse_silence(self, longest_s: float) -> None:
        """Refuse to wait for a cluster that has to send something and does not.

        Raises:
            UnreachableError: it has not for longer than this, in seconds.

        """
        expected = self._hearing.unreachable is not None or bool(self.reach.partitions)
        if expected and self._hearing.silent_for_s > longest_s:
            raise self._hearing.silence()

    def ends(self, known: dict[int, int]) -> dict[int, int]:
        """Return where the partitions that are read end, asking for those that are not known."""
        missing = self.reach.partitions - known.keys()
        return known | {each: edges.end for each, edges in self._broker.edges(missing).items()}

    def seek(self, partition: int, start: Start) -> None:
        """Go on elsewhere in a partition that is read.

        Raises:
            UsageError: it is not read here.
            EventError: no broker answers.

        """
        self._refuse_if_closed()
        if partition not in self.reach.partitions:
            read = ", ".join(map(str, sorted(self.reach.partitions))) or "none"
            raise UsageError(
                "seek", f"partition {partition} is not read here; those that are: {read}"
            )
        offset = self._broker.offsets([partition], start)[partition]
        self._drop_ahead({partition})
        self._broker.ask(
            "seek", lambda: self._consumer.seek(TopicPartition(self._topic, partition, offset))
        )
        self.reach.move(partition, offset)

    def commit(self, offsets: dict[int, int], stop: Callable[[], bool]) -> None:
        """Commit offsets for the group, and wait for the answer.

        Raises:
            EventError: it was refused, or nobody answered in time.

        """
        self._refuse_if_closed()
        if not offsets:
            return
        wanted = [TopicPartition(self._topic, *each) for each in sorted(offsets.items())]
        doing = f"commit for group {self.group!r}"
        done = self._broker.ask(
            doing, lambda: self._consumer.commit(offsets=wanted, asynchronous=False), stop
        )
        for each in done or ():
            if each.error is not None:
                raise self._hearing.refusal(doing, each.error)
        self.reach.committed(offsets)

    def close(self) -> None:
        """Leave the group, if one was joined, and disconnect."""
        self._closed = True
        with self._in_use:  # a task that was cancelled leaves a thread behind that fetches
            self._consumer.close()

    def _refuse_if_closed(self) -> None:
        if self._closed:
            raise UsageError("read", "the consumer is closed", "make another one")

    def _poll(self, timeout_s: float) -> None:
        self._refuse_if_closed()
        with self._in_use:
            first = self._consumer.poll(timeout_s)
            if first is not None:
                self._take(first)
                for message in self._consumer.consume(_AT_ONCE, 0):
                    self._take(message)

    def _assign(self, partitions: Iterable[int], start: Start) -> None:
        """Begin at offsets that are known now: "from now on" begins before this returns."""
        offsets = self._broker.offsets(partitions, start)
        self.reach.add(offsets)
        for each in offsets.items():
            self.reach.move(*each)
        self._consumer.assign(
            [TopicPartition(self._topic, *each) for each in sorted(offsets.items())]
        )

    def _take(self, message: Message) -> None:
        error, partition = message.error(), message.partition() or 0
        if error is None:
            self.reach.fetched(partition, (message.offset() or 0) + 1)
            self.ahead.append(message)
        elif codes.meaning(error) is Meaning.PARTITION_END:
            self.reach.fetched(partition, message.offset() or 0)
        else:
            _log.warning("reading %s: %s", self._topic, codes.words(error))
            self._hearing.on_message(error, partition)
            return
        self._hearing.answered()

    def _assigned(self, _consumer: Any, partitions: list[TopicPartition]) -> None:
        self.reach.add(each.partition for each in partitions)
        self._hearing.answered()
        _log.info("group %s gave partitions %s", self.group, _numbers(partitions))

    def _revoked(self, _consumer: Any, partitions: list[TopicPartition]) -> None:
        gone = {each.partition for each in partitions}
        self.reach.remove(gone)
        self._drop_ahead(gone)
        _log.info("group %s took partitions %s", self.group, _numbers(partitions))

    def _drop_ahead(self, partitions: set[int]) -> None:
        kept = [each for each in self.ahead if each.partition() not in partitions]
        self.ahead.clear()
        self.ahead.extend(kept)


def _numbers(partitions: list[TopicPartition]) -> str:
    return ", ".join(str(each.partition) for each in partitions) or "none"
