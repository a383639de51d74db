"""A note: what librdkafka says of a message that the compiled line sent and that did not arrive."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from freezer_events.send.report import OnReport


class Note(NamedTuple):
    """Stands for a `confluent_kafka.Message` where reports are taken; with methods named as there.

    Attributes:
        to: the topic.
        under: the key.
        body: the value.
        number: the partition, -1 where none was assigned.
        at_ms: its timestamp.
        since_s: seconds since it was handed over.
        code: the error's.
        told: who wants to know, besides those who want to know of all.

    """

    to: str
    under: bytes | None
    body: bytes
    number: int
    at_ms: int
    since_s: float
    code: int
    told: OnReport | None

    def topic(self) -> str:
        """Return the topic."""
        return self.to

    def key(self) -> bytes | None:
        """Return the key."""
        return self.under

    def value(self) -> bytes:
        """Return the value."""
        return self.body

    def partition(self) -> int:
        """Return the partition."""
        return self.number

    def timestamp(self) -> tuple[int, int]:
        """Return the timestamp's type and the timestamp."""
        return 1, self.at_ms

    def latency(self) -> float:
        """Return the seconds since the message was sent."""
        return self.since_s

    def offset(self) -> None:
        """Return nothing: it did not arrive."""
