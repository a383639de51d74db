"""A record: one message of a topic as a typed event, or with the reason why it is none."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final, Generic, TypeVar

from freezer_events.event import Event

E = TypeVar("E", bound=Event)

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Cause(StrEnum):
    """What kind of reason a record has to be no event."""

    TOMBSTONE = "a tombstone"
    UNFRAMED = "not in the Confluent wire format"
    UNKNOWN_SCHEMA = "its schema is not in the registry"
    UNREADABLE = "cannot be read as this event"


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
        cause: what kind of problem that is, or None.

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
    cause: Cause | None = None

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
