"""Messages that never left a client that came to a fatal error: another client sends them first."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from confluent_kafka import KafkaException

if TYPE_CHECKING:
    from collections.abc import Sequence

    from confluent_kafka import Producer

    from freezer_events.send.departures import Departures
    from freezer_events.send.report import Returned
    from freezer_events.send.reports import Reports


class SecondTry:
    """Keeps them in order. Used under the lock of its line."""

    def __init__(self) -> None:
        self._messages: deque[Returned] = deque()

    def __len__(self) -> int:
        return len(self._messages)

    def put_first(self, messages: Sequence[Returned]) -> None:
        """Take messages that go before what waits here."""
        self._messages.extendleft(reversed(messages))

    def send(self, producer: Producer, reports: Reports, departures: Departures) -> bool:
        """Hand over all of them; False: there is no room for the rest now."""
        while self._messages:
            each = self._messages[0]
            try:
                producer.produce(
                    each.topic,
                    each.value,
                    each.key,
                    headers=each.headers,
                    timestamp=each.timestamp_ms,
                    on_delivery=reports.callback(each.on_report, each.headers),
                )
            except BufferError:
                return False
            except KafkaException as error:
                reports.take_note(error.args[0], each.topic)
                return False
            self._messages.popleft()
            departures.add_values(each.topic, [each.value], reports.tally.in_flight)
        return True

    def give_up(self, reports: Reports) -> list[Returned]:
        """Return all of them, in order; from now on what is returned counts as failed."""
        found = [*taken(reports), *self._messages]
        reports.returned = None
        self._messages.clear()
        return found


def taken(reports: Reports) -> list[Returned]:
    """Take what was returned, as it came."""
    found: list[Returned] = []
    while reports.returned:
        found.append(reports.returned.popleft())
    return found
