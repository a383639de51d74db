"""Departures: in which order a line handed its messages over, as far back as some may be open.

After a fatal error librdkafka gives back what it never sent: of each partition first what its own
thread for the broker had not taken up, and then what that one had, which is older
(`rd_kafka_toppar_purge_queues`; seen in 2.16). Nothing of a message tells which came first: a batch
has one time. So the line remembers a mark of each, eight bytes.
"""

from __future__ import annotations

from collections import defaultdict, deque
from operator import itemgetter
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from freezer_events.send.report import Returned

# Partitions do not go on alike: the oldest open message may have left long before those that are
# open. What is forgotten too early is not sent again, and told of.
_FOR_EACH_OPEN: Final = 4


class Departures:
    """Keeps marks of messages. Used under the lock of its line.

    Args:
        mark: a number of 64 bits for a message's value, the same one for the same value.

    """

    def __init__(self, mark: Callable[[bytes], int]) -> None:
        self._mark = mark
        self._marks: deque[tuple[str, Sequence[int]]] = deque()
        self._count = 0

    def add(self, topic: str, marks: Sequence[int], in_flight: int) -> None:
        """Take note of messages that are handed over; forget those that must have arrived."""
        self._marks.append((topic, marks))
        self._count += len(marks)
        enough = _FOR_EACH_OPEN * in_flight + len(marks)
        while self._count - len(self._marks[0][1]) > enough:
            self._count -= len(self._marks.popleft()[1])

    def add_values(self, topic: str, values: Iterable[bytes], in_flight: int) -> None:
        """Take note of messages, by their values."""
        self.add(topic, [*map(self._mark, values)], in_flight)

    def sort(self, returned: Iterable[Returned]) -> tuple[list[Returned], list[Returned]]:
        """Return messages in the order in which they left, and those of which it is not known."""
        places: defaultdict[tuple[str, int], list[int]] = defaultdict(list)
        number = 0
        for topic, marks in self._marks:
            for mark in marks:
                places[topic, mark].append(number)
                number += 1
        alike: defaultdict[tuple[str, int], list[Returned]] = defaultdict(list)
        for each in returned:
            alike[each.topic, self._mark(each.value)].append(each)
        found: list[tuple[int, Returned]] = []
        unknown: list[Returned] = []
        for name, those in alike.items():
            latest = places[name][-len(those) :]  # what came before them has arrived
            unknown += those[: len(those) - len(latest)]
            found += zip(latest, those[len(those) - len(latest) :], strict=True)
        found.sort(key=itemgetter(0))
        return [each for _, each in found], unknown
