"""EventConsumer: read typed events back; a record that is no event carries the reason.

Partitions are assigned, not subscribed to: no consumer group is joined and no offset committed, so
reading needs no permission on a group and leaves nothing behind.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Generic, Self, TypeVar, cast

from confluent_kafka import OFFSET_BEGINNING, OFFSET_END, Consumer, TopicPartition

from freezer_events.avro.wire import decode, unframe
from freezer_events.errors import EventError, SchemaError
from freezer_events.event import Event
from freezer_events.kafka import codes, connection, topics
from freezer_events.registry.client import NotRegistered, Registry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from confluent_kafka import KafkaError, Message

    from freezer_events.config import Settings

E = TypeVar("E", bound=Event)

_CONF: Final = {
    "group.id": "freezer-consume",  # librdkafka asks for one; it is never joined
    "enable.auto.commit": False,
    "enable.partition.eof": True,
    "auto.offset.reset": "error",
    "fetch.wait.max.ms": 100,  # how late the end of a partition is noticed
}
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Record(Generic[E]):
    """One message on a topic: a typed event, or the reason why it is not one.

    Attributes:
        topic: its topic.
        partition: its partition.
        offset: its offset.
        timestamp_ms: when it was sent (or appended: the topic's configuration decides), in
            milliseconds since 1970 (UTC), or None.
        key: the key as text if it is UTF-8, else as bytes; None if there is none.
        headers: pairs of name and value, in order.
        schema_id: the schema id in the value's first bytes, or None if there is none.
        value: the raw bytes, None for a tombstone.
        event: the typed event, or None when there is a problem.
        problem: why it could not be read as an event, or None.

    """

    topic: str
    partition: int
    offset: int
    timestamp_ms: int | None
    key: str | bytes | None
    headers: tuple[tuple[str, bytes | None], ...]
    schema_id: int | None
    value: bytes | None
    event: E | None
    problem: str | None

    @property
    def timestamp(self) -> datetime | None:
        """`timestamp_ms` as a time in UTC; None also for a time after the year 9999."""
        if self.timestamp_ms is None:
            return None
        try:
            return _EPOCH + timedelta(milliseconds=self.timestamp_ms)
        except OverflowError:
            return None

    @property
    def place(self) -> str:
        """Topic, partition and offset, as error messages show them."""
        return f"{self.topic}[{self.partition}] offset {self.offset}"


class EventConsumer(Generic[E]):
    """Read the events of one class from one topic, in whatever version they were written.

        with EventConsumer(Settings.load(), FreezerReading) as consumer:
            for record in consumer:
                print(record.key, record.event or record.problem)

    Args:
        settings: the cluster and the registry.
        event: the generated class that every record is read as.
        topic: the topic; by default that of the event (`Settings.topic_for`).
        from_beginning: start with the oldest record; otherwise read only what arrives from now on.

    Raises:
        EventError: the topic is missing, reading it is not allowed, or no one answers.

    """

    # `freezer_events.testing` replaces the methods below "What it is made of".

    def __init__(
        self,
        settings: Settings,
        event: type[E],
        *,
        topic: str | None = None,
        from_beginning: bool = True,
    ) -> None:
        self._settings = settings
        self._event_type = event.__event__
        self._topic = topic or settings.topic_for(self._event_type)
        self._trouble: EventError | None = None
        self._unknown: dict[int, str] = {}  # so that an id nobody knows is asked for once
        self._registry = self._connect_registry()
        self._open = set(range(self._partitions()))
        self._consumer = connection.client(Consumer, settings.kafka() | _CONF, self._on_error)
        topics.connect(self._consumer, settings, self._topic)
        start = OFFSET_BEGINNING if from_beginning else OFFSET_END
        self._consumer.assign([TopicPartition(self._topic, n, start) for n in self._open])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __iter__(self) -> Iterator[Record[E]]:
        """Yield records as they arrive, without end; see `records` for ways to end."""
        return self.records()

    def close(self) -> None:
        """Disconnect from the cluster and the registry."""
        self._consumer.close()
        self._registry.close()

    def records(
        self,
        *,
        until_end: bool = False,
        stop: Callable[[], bool] = lambda: False,
        timeout_s: float | None = None,
    ) -> Iterator[Record[E]]:
        """Yield records as they arrive.

        Args:
            until_end: end once every partition has been read to its end.
            stop: called every 0.1 s; True ends the iteration.
            timeout_s: end after this many seconds without a record; None waits for ever.

        Raises:
            EventError: the cluster or the registry denies access or does not answer.

        """
        quiet_since = time.monotonic()
        while not stop() and not (until_end and not self._open):
            message = self._consumer.poll(connection.SLICE_S)
            if self._trouble is not None:
                raise self._trouble
            if message is not None and self._is_record(message):
                yield self._record(message)
                quiet_since = time.monotonic()
            elif timeout_s is not None and time.monotonic() - quiet_since > timeout_s:
                return

    # What it is made of.

    def _connect_registry(self) -> Registry:
        return Registry.connect(self._settings)

    def _partitions(self) -> int:
        return topics.partitions(self._settings, self._topic, operation="READ")

    def _is_record(self, message: Message) -> bool:
        error, partition = message.error(), message.partition()
        if error is None:
            self._open.add(partition or 0)
            return True
        if codes.meaning(error) is codes.Meaning.PARTITION_END:
            self._open.discard(partition or 0)
        elif codes.concerns_all(error):
            raise codes.explain(error, self._settings, self._topic, operation="READ")
        return False

    def _record(self, message: Message) -> Record[E]:
        schema_id, event, problem = self._read(message.value())
        return Record(
            topic=self._topic,
            partition=int(message.partition() or 0),
            offset=int(message.offset() or 0),
            timestamp_ms=message.timestamp()[1] if message.timestamp()[0] else None,
            key=_text_or_bytes(message.key()),
            headers=tuple(cast("list[tuple[str, bytes | None]]", message.headers() or [])),
            schema_id=schema_id,
            value=message.value(),
            event=event,
            problem=problem,
        )

    def _read(self, value: bytes | None) -> tuple[int | None, Any, str | None]:
        if value is None:
            return None, None, "a tombstone: it has a key and no value"
        schema_id = None
        try:
            schema_id, body = unframe(value)
            if schema_id in self._unknown:
                return schema_id, None, self._unknown[schema_id]
            writer = self._registry.schema_text(schema_id)
            return schema_id, decode(body, writer, self._event_type), None
        except NotRegistered as error:
            problem = f"schema id {schema_id} is not in the registry: {error.why}"
            self._unknown[schema_id or 0] = problem
            return schema_id, None, problem
        except SchemaError as error:
            return schema_id, None, f"{error.doing}: {error.why}" if error.doing else error.why

    def _on_error(self, error: KafkaError) -> None:
        if self._trouble is None and (codes.is_authentication(error) or error.fatal()):
            self._trouble = codes.explain(error, self._settings, self._topic, operation="READ")


def _text_or_bytes(key: str | bytes | None) -> str | bytes | None:
    if not isinstance(key, bytes):
        return key
    try:
        return key.decode()
    except UnicodeDecodeError:
        return key
