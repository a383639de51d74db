"""EventConsumer: read typed events back; a record that is no event carries the reason."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Generic, Self, TypeVar

from freezer_events.errors import UsageError
from freezer_events.event import Event
from freezer_events.kafka import topics
from freezer_events.kafka.connection import never
from freezer_events.kafka.seconds import LONGEST_S, seconds
from freezer_events.read.decoding import Decoding
from freezer_events.read.starting import Start
from freezer_events.read.subscription import Subscription
from freezer_events.registry.client import Registry

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Collection, Iterator

    from freezer_events.config import Settings
    from freezer_events.kafka.topic_watch import TopicSight
    from freezer_events.read.record import Record

E = TypeVar("E", bound=Event)

DEFAULT_TIMEOUT_S = 30.0


class EventConsumer(Generic[E]):
    """Read the events of one class from one topic, in whatever version they were written.

        with EventConsumer(Settings.load(), FreezerReading) as consumer:
            for record in consumer:
                print(record.key, record.event or record.problem)

    In a group, `commit` what was handled: a reader that starts again goes on behind it. Records
    come at least once: what was handled and not committed comes again.

        with EventConsumer(Settings.load(), FreezerReading, group="alarms") as consumer:
            for record in consumer:
                handle(record)
                consumer.commit()

    It belongs to one thread or task at a time.

    Args:
        settings: the cluster and the registry.
        event: the generated class that every record is read as.
        topic: the topic; by default that of the event (`Settings.topic_for`).
        start: where to begin, by default with the oldest record; in a group only where it has not
            committed anything: `Start.beginning()` or `Start.end()`.
        partitions: the numbers of the partitions to read, by default all, those that are added
            meanwhile, too; not in a group.
        group: the consumer group to join. Without one, nothing is joined and nothing committed.
        dead_letter: called with each record that is no event, instead of handing it out. It counts
            as handled once this returns; what it raises ends the iteration.
        timeout_s: seconds allowed for an answer of a broker.
        on_notice: told in a sentence, now and then, that the cluster is away while records are
            waited for, and that it is back; by default a line in the log.

    Raises:
        EventError: the topic is missing, reading it is not allowed, or no one answers.

    """

    # `freezer_events.testing` replaces the methods below "What it is made of".

    def __init__(  # noqa: PLR0913 - each is a choice of its own
        self,
        settings: Settings,
        event: type[E],
        *,
        topic: str | None = None,
        start: Start | None = None,
        partitions: Collection[int] | None = None,
        group: str | None = None,
        dead_letter: Callable[[Record[E]], None] | None = None,
        timeout_s: float = DEFAULT_TIMEOUT_S,
        on_notice: Callable[[str], None] | None = None,
    ) -> None:
        start = start or Start.beginning()
        _refuse_in_group(group, start, partitions)
        self._settings = settings
        self._topic = topic or settings.topic_for(event.__event__)
        self._dead_letter = dead_letter
        self._timeout_s = timeout_s = min(seconds("timeout_s", timeout_s), LONGEST_S)
        self._registry = self._connect_registry()
        self._decoding = Decoding(self._registry, event.__event__)
        seen = self._seen()
        wanted = _among(partitions, seen.partitions, self._topic)
        self._subscription = Subscription(
            settings, self._topic, wanted, start, group=group, timeout_s=timeout_s
        )
        if partitions is None and group is None and seen.topic_id:
            self._subscription.watch(seen)
        if on_notice is not None:
            self._subscription.tell(on_notice)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.to_thread(self.close)

    def __iter__(self) -> Iterator[Record[E]]:
        """Yield records as they arrive, without end; see `records` for ways to end."""
        return self.records()

    def __aiter__(self) -> AsyncIterator[Record[E]]:
        """Yield records as they arrive, without end and without blocking the event loop."""
        return self._arriving()

    def close(self) -> None:
        """Leave the group, if there is one, and disconnect; nothing is committed here."""
        self._subscription.close()
        self._registry.close()

    def records(
        self,
        *,
        until_end: bool = False,
        stop: Callable[[], bool] = never,
        timeout_s: float | None = None,
    ) -> Iterator[Record[E]]:
        """Yield records as they arrive.

        Args:
            until_end: end once every partition has been read as far as it went when this began.
            stop: called every 0.1 s; True ends the iteration.
            timeout_s: end after this many seconds without a record; None waits for ever.

        Raises:
            EventError: the cluster or the registry denies access or does not answer. While waiting
                for what may never come, a cluster that is away is waited for.

        """
        if timeout_s is not None:
            seconds("timeout_s", timeout_s)
        subscription, ends = self._subscription, dict[int, int]()
        subscription.listen()
        if until_end:
            subscription.look_now()
        quiet_since = time.monotonic()
        while not stop():
            record = self._next()
            if record is not None:
                yield record
                quiet_since = time.monotonic()
                continue
            if until_end:
                ends = subscription.ends(ends)
                if subscription.reach.partitions and subscription.reach.is_at(ends):
                    return
                subscription.refuse_silence(self._timeout_s)
            subscription.fetch()
            late = timeout_s is not None and time.monotonic() - quiet_since > timeout_s
            if late and not subscription.ahead:
                return

    def commit(self, record: Record[E] | None = None) -> None:
        """Commit for the group that everything handed out so far is handled.

        Args:
            record: commit its partition only, up to this record.

        Raises:
            UsageError: this consumer is in no group.
            EventError: the commit was refused (the group may have given the partition to another
                reader, which reads again what was not committed), or nobody answered in time.

        """
        if self._subscription.group is None:
            raise UsageError("commit", "this consumer is in no group", "give it one: group=NAME")
        offsets = self._subscription.reach.uncommitted()
        if record is not None:
            offsets = {record.partition: record.offset + 1} if record.partition in offsets else {}
        self._subscription.commit(offsets, never)

    def seek(self, partition: int, start: Start) -> None:
        """Go on elsewhere in a partition, backwards or forwards.

        Args:
            partition: its number.
            start: where, such as `Start.offset(5)`.

        Raises:
            UsageError: the partition is not read here; in a group, it may not be yet.
            EventError: no broker answers.

        """
        self._subscription.seek(partition, start)

    async def _arriving(self) -> AsyncIterator[Record[E]]:
        while True:
            while self._subscription.ahead:
                record = self._next()
                if record is not None:
                    yield record
            await asyncio.to_thread(self._fetch_and_learn)

    def _fetch_and_learn(self) -> None:
        """Fetch, and ask for schemas that are new: both take their time."""
        self._subscription.fetch()
        for message in self._subscription.ahead:
            self._decoding.learn(message)

    # What it is made of.

    def _connect_registry(self) -> Registry:
        return Registry.connect(self._settings)

    def _seen(self) -> TopicSight:
        return topics.seen(self._settings, self._topic, operation="READ")

    def _next(self) -> Record[E] | None:
        """Hand out the next record that is there; None where there is none."""
        subscription = self._subscription
        while subscription.ahead:
            # It stays there until it could be made sense of: a registry may not answer.
            message = subscription.ahead[0]
            record: Record[E] = self._decoding.record(message)
            dead = record.event is None and self._dead_letter is not None
            if dead and self._dead_letter is not None:
                self._dead_letter(record)
            if subscription.ahead and subscription.ahead[0] is message:
                subscription.ahead.popleft()
            subscription.reach.handed_out(record.partition, record.offset)
            if not dead:
                return record
        return None


def _refuse_in_group(group: str | None, start: Start, partitions: Collection[int] | None) -> None:
    if group is None:
        return
    if not group.strip():  # librdkafka ends the process over such a name
        raise UsageError("join a consumer group", "it has no name")
    if "\0" in group or any("\ud800" <= each <= "\udfff" for each in group):
        raise UsageError(f"join consumer group {group!r}", "its name is no text that Kafka takes")
    why = f"group {group!r} decides itself"
    if partitions is not None:
        raise UsageError("read partitions", f"{why} which partitions a reader gets")
    if start.kind not in {"beginning", "end"}:
        raise UsageError(f"read from {start.kind} {start.number}", f"{why} where it goes on")


def _among(wanted: Collection[int] | None, count: int, topic: str) -> Collection[int]:
    """Return the partitions to read, which must be there."""
    if wanted is None:
        return range(count)
    if not wanted:
        raise UsageError(f"read {topic}", "no partition of it is named", "name one, or give None")
    for each in wanted:
        if each not in range(count):
            there = f"it has {count}, numbered from 0"
            raise UsageError(f"read {topic}[{each}]", f"there is no such partition: {there}")
    return wanted
