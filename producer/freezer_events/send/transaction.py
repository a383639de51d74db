"""One transaction: which messages are in it, and what is counted and told once it is committed."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

from freezer_events.kafka.codes import Outcome
from freezer_events.send.on_its_way import OnItsWay
from freezer_events.send.report import report_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from confluent_kafka import Message

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


class Transaction:
    """What is delivered together: counted and told once it is committed.

    Args:
        parts: the messages, in order.

    Attributes:
        parts: as given.
        end: the position behind the last of them.
        sent: each part's reports, and how many were delivered by partition.
        heard: who is to hear what, once it is committed.

    """

    def __init__(self, parts: Sequence[Part]) -> None:
        self.parts = parts
        last = parts[-1]
        self.end = last.batch.position + last.numbers[-1] + 1
        self.sent: list[tuple[OnItsWay, dict[int, int]]] = []
        self.heard: list[tuple[int, Any, Report]] = []

    def on_its_way(self, part: Part, told: dict[int, Any]) -> OnItsWay:
        """Follow the messages of one part."""
        counts: dict[int, int] = defaultdict(int)

        def heard(number: int, who: Any, message: Message) -> None:
            self.heard.append(
                (part.batch.position + number, who, report_of(Outcome.DELIVERED, None, message))
            )

        of = OnItsWay(part.batch, (), counts, dict(told), heard)
        of.todo = part.numbers
        self.sent.append((of, counts))
        return of


def halves(parts: Sequence[Part]) -> tuple[list[Part], list[Part]]:
    """Cut the messages of parts into two; the second is empty where there is one message."""
    count = sum(len(each.numbers) for each in parts)
    first: list[Part] = []
    second: list[Part] = []
    left = (count + 1) // 2
    for batch, numbers in parts:
        if numbers[:left]:
            first.append(Part(batch, numbers[:left]))
        if numbers[left:]:
            second.append(Part(batch, numbers[left:]))
        left = max(0, left - len(numbers))
    return first, second
