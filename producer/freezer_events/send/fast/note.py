"""A note: what librdkafka says of a message that the compiled line sent and that did not arrive."""

from __future__ import annotations

from collections import defaultdict, deque
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from freezer_events.send.report import OnReport, Returned


class Note(NamedTuple):
    """Stands for a `confluent_kafka.Message` where reports are taken; with methods named as there.

    Attributes:
        to: the topic.
        under: the key.
        body: the value.
        number: the partition, -1 where none was assigned.
        at_ms: its timestamp.
        sent_us: when it was handed over, by a clock that only goes on.
        since_s: seconds since then.
        code: the error's.
        told: who wants to know, besides those who want to know of all.
        of_python: Python's client sent it and reports it: the note only tells of its place.

    """

    to: str
    under: bytes | None
    body: bytes
    number: int
    at_ms: int
    sent_us: int
    since_s: float
    code: int
    told: OnReport | None
    of_python: bool

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


def ordered(returned: Sequence[Returned], notes: Sequence[Note]) -> Sequence[Returned]:
    """Return messages that are to be sent again in the order in which they were sent first.

    Those of the compiled line are told of apart from those that Python's client sent.
    """
    if all(note.of_python for note in notes):
        return returned
    waiting: defaultdict[tuple[str, bytes | None, bytes], deque[Returned]] = defaultdict(deque)
    for each in returned:
        waiting[each.topic, each.key, each.value].append(each)
    first = sorted(notes, key=attrgetter("sent_us"))
    known = ((note.to, note.under, note.body) for note in first)
    found = [waiting[each].popleft() for each in known if waiting[each]]
    return [*found, *(left for rest in waiting.values() for left in rest)]
