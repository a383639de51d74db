"""One transaction: which messages are in it, and what is counted and told once it is committed."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

from freezer_events.kafka import codes
from freezer_events.kafka.codes import Outcome
from freezer_events.send.on_its_way import OnItsWay
from freezer_events.send.report import report_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from confluent_kafka import KafkaError, Message

    from freezer_events.send.on_its_way import Address, Underway
    from freezer_events.send.report import Report
    from freezer_events.spool.records import StoredBatch


class Part(NamedTuple):
    """Messages of one batch in one transaction.

    Attributes:
        batch: the batch.
        numbers: indices of the messages.

    """

    batch: StoredBatch
    numbers: Sequence[int]


class Refused(Exception):  # noqa: N818 - it names the state
    """Messages are refused: the transaction was aborted.

    Attributes:
        messages: batch, index in it and error of each.

    """

    def __init__(self, messages: Sequence[tuple[StoredBatch, int, KafkaError]]) -> None:
        super().__init__(messages)
        self.messages = messages


class Transaction:
    """What is delivered together: counted and told once it is committed.

    Args:
        parts: the messages, in order.

    Attributes:
        parts: as given.
        end: the position behind the last of them.
        sent: what was handed over; nothing of it counts before the commit.
        heard: who is to hear what, once it is committed.

    """

    def __init__(self, parts: Sequence[Part]) -> None:
        self.parts = parts
        last = parts[-1]
        self.end = last.batch.position + last.numbers[-1] + 1
        self.sent: list[Underway] = []
        self.heard: list[tuple[int, Any, Report]] = []

    @property
    def left(self) -> int:
        """How many messages were handed over and have not been reported."""
        return sum(of.left for of in self.sent)

    def errors(self) -> list[KafkaError]:
        """Return why messages came back."""
        return [error for of in self.sent for error in of.errors()]

    def came_back(
        self, addresses: Mapping[int, Address]
    ) -> list[tuple[StoredBatch, int, KafkaError]]:
        """Return the messages that Kafka will never take: batch, index and error of each."""
        return [
            (of.batch, number, error)
            for of in self.sent
            for number, error in of.came_back(addresses)
            if codes.is_never_taken(error)
        ]

    def on_its_way(self, part: Part, told: dict[int, Any]) -> OnItsWay:
        """Follow the messages of one part."""

        def heard(number: int, who: Any, message: Message) -> None:
            self.heard.append(
                (part.batch.position + number, who, report_of(Outcome.DELIVERED, None, message))
            )

        of = OnItsWay(part.batch, (), defaultdict(int), dict(told), heard)
        of.todo = part.numbers
        return of


def first(parts: Sequence[Part], count: int) -> list[Part]:
    """Return the first messages of parts, at most so many."""
    found: list[Part] = []
    for batch, numbers in parts:
        if count > 0:
            found.append(Part(batch, numbers[:count]))
            count -= len(numbers)
    return found
