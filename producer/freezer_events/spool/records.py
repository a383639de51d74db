"""What is written to a spool and read from it, as values."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from freezer_events.spool import packing

if TYPE_CHECKING:
    from freezer_events.spool.packing import Columns, Spooled


class BodyKind(NamedTuple):
    """What the body of a message is, and where it goes.

    Attributes:
        event: the event's name.
        version: its version.
        topic: the topic.
        schema: the schema's text, whose id is asked for when the message is delivered.

    """

    event: str
    version: int
    topic: str
    schema: str


@dataclass(frozen=True)
class StoredBatch:
    """Messages that were committed together.

    Attributes:
        position: of the first one.
        length: how many messages it has.
        data: the messages, packed.

    """

    position: int
    length: int
    data: bytes

    @property
    def end(self) -> int:
        """The position behind it."""
        return self.position + self.length

    @property
    def size_bytes(self) -> int:
        """The size of its row."""
        return len(self.data)

    @property
    def checksum(self) -> int:
        """What its row is stored with."""
        return packing.checksum(self.position, self.length, self.data)

    @cached_property
    def outline(self) -> packing.Outline:
        """What its messages are, without looking at each."""
        return packing.outline(self.data, self.length)

    @cached_property
    def columns(self) -> Columns:
        """The messages."""
        return packing.unpack(self.data, self.length)


class ParkedMessage(NamedTuple):
    """A message that Kafka will not take.

    Attributes:
        position: where it was in the order of the spool.
        reason: why it was refused.
        message: the message.
        at_ms: when it was parked, in ms since 1970.

    """

    position: int
    reason: str
    message: Spooled
    at_ms: int = 0


class Loss(NamedTuple):
    """Events that were in the spool and are not to be had any more.

    Attributes:
        events: how many.
        reason: why.
        at_ms: when that was noted, in ms since 1970.

    """

    events: int
    reason: str
    at_ms: int = 0


class Waiting(NamedTuple):
    """What waits to be delivered.

    Attributes:
        events: how many.
        size_bytes: of their rows.
        oldest_ms: when the oldest was spooled, in ms since 1970; None where none waits.

    """

    events: int
    size_bytes: int
    oldest_ms: int | None


@dataclass(slots=True)
class Commit:
    """What one commit does, all of it or nothing.

    Attributes:
        rows: batches to append, as count of messages and packed bytes.
        kept: rows to write where they were, as position, count of messages and packed bytes: what
            is left of one that is gone.
        gone: positions of rows whose messages are delivered, parked or dropped.
        parked: messages to set aside; one that is parked already stays as it is.
        unparked: positions of parked messages that are to be forgotten.
        losses: to be put on record.
        counts: the last number given, by event and key.
        places: how far each source has been read; None to forget one.
        facts: other things to remember.

    """

    rows: list[tuple[int, bytes]] = field(default_factory=list)
    kept: list[tuple[int, int, bytes]] = field(default_factory=list)
    gone: list[int] = field(default_factory=list)
    parked: list[tuple[ParkedMessage, bytes]] = field(default_factory=list)
    unparked: list[int] = field(default_factory=list)
    losses: list[Loss] = field(default_factory=list)
    counts: dict[tuple[str, str], int] = field(default_factory=dict)
    places: dict[str, str | None] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
