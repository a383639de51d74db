"""One transaction: which messages are in it, and what is counted and told once it is committed."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from freezer_events.kafka import codes
from freezer_events.kafka.codes import Outcome
from freezer_events.kafka.positions import SpoolPosition
from freezer_events.send.on_its_way import OnItsWay
from freezer_events.send.report import report_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from confluent_kafka import KafkaError, Message

    from freezer_events.send.on_its_way import Address, Underway
    from freezer_events.send.report import Report
    from freezer_events.spool.records import StoredBatch


_BEGIN: Final = 5_000
_MOST: Final = 20_000  # as many as are on their way at once without transactions
_QUICK_S: Final = 0.1
_SLOW_S: Final = 5.0  # a sixth of what ends a transaction


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
        position: what is noted of that on the topic of positions.
        sent: what was handed over; nothing of it counts before the commit.
        heard: who is to hear what, once it is committed.

    """

    def __init__(self, parts: Sequence[Part]) -> None:
        self.parts = parts
        last = parts[-1]
        self.end = last.batch.position + last.numbers[-1] + 1
        self.position = SpoolPosition(self.end, last.batch.checksum)
        self.sent: list[Underway] = []
        self.heard: list[tuple[int, Any, Report]] = []

    def __len__(self) -> int:
        """Return how many messages it has."""
        return sum(len(numbers) for _, numbers in self.parts)

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


class TransactionSize:
    """How large the next transaction is: larger while they are quick, smaller on a slow link.

    A transaction costs the broker as much work as thousands of messages; one that does not end
    within its timeout is aborted, and would be so again.

    Attributes:
        messages: how many it is to have at most.

    """

    def __init__(self) -> None:
        self.messages = _BEGIN

    def committed(self, messages: int, took_s: float) -> None:
        """Take note of one that had so many, and of its time from begin to commit in seconds."""
        if took_s < _QUICK_S:
            self.messages = min(2 * self.messages, _MOST)
        elif took_s > _SLOW_S:
            self.failed(messages)

    def failed(self, messages: int) -> None:
        """Take note of one that had so many and was not committed."""
        self.messages = max(min(messages, self.messages) // 2, 1)


def first(parts: Sequence[Part], count: int) -> list[Part]:
    """Return the first messages of parts, at most so many."""
    found: list[Part] = []
    for batch, numbers in parts:
        if count > 0:
            found.append(Part(batch, numbers[:count]))
            count -= len(numbers)
    return found
