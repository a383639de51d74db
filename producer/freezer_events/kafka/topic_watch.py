"""A look now and then at topics that are written to: partitions added, deleted, made anew."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from confluent_kafka import KafkaException, TopicCollection

from freezer_events.console.words import counted
from freezer_events.errors import EventError
from freezer_events.kafka import codes
from freezer_events.kafka.connection import Connection

if TYPE_CHECKING:
    from concurrent.futures import Future

    from freezer_events.config import Settings

LOOK_EVERY_S: Final = 5.0
_ANSWER_WITHIN_S: Final = 5.0


class TopicSight(NamedTuple):
    """What a topic was when it was looked at.

    Attributes:
        topic_id: differs from that of a topic of the same name that was deleted before; "" where
            the brokers give none (before Kafka 2.8).
        partitions: how many there are; 0: there is no such topic.

    """

    topic_id: str
    partitions: int


GONE: Final = TopicSight("", 0)


class TopicChange(NamedTuple):
    """What happened to a topic between two looks.

    Attributes:
        text: the same in a sentence.
        is_emptied: what was delivered to it before is gone.

    """

    text: str
    is_emptied: bool


def change(topic: str, before: TopicSight, now: TopicSight) -> TopicChange | None:
    """Compare two looks at a topic; None: nothing happened that matters."""
    if now == before:
        return None
    name, some = f"topic {topic!r}", counted(now.partitions, "partition")
    if now == GONE:
        return TopicChange(f"{name} was deleted", is_emptied=True)
    if before == GONE:
        return TopicChange(f"{name} was made anew, with {some}", is_emptied=False)
    if now.topic_id != before.topic_id:
        return TopicChange(f"{name} was deleted and made anew, with {some}", is_emptied=True)
    return TopicChange(f"{name} has {some} now, {before.partitions} before", is_emptied=False)


class TopicWatch:
    """Looks at the topics of one producer, every LOOK_EVERY_S, without waiting for the answer.

    Args:
        settings: the cluster; it is connected to at the first look.

    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._seen: dict[str, TopicSight] = {}
        self._asked: dict[str, Future[Any]] = {}
        self._connection: Connection | None = None
        self._due = time.monotonic() + LOOK_EVERY_S

    def add(self, topic: str, seen: TopicSight) -> None:
        """Watch a topic, too."""
        self._seen.setdefault(topic, seen)

    def partitions(self, topic: str) -> int:
        """Return how many partitions a topic had at the last look; 0 if it is not known."""
        return self._seen.get(topic, GONE).partitions

    @property
    def has_looked(self) -> bool:
        """Whether it has come to a look yet."""
        return self._connection is not None

    def look(self) -> list[TopicChange]:
        """Ask where it is time, take what was answered; returns what happened.

        Nobody waits here: what is not answered in time is asked again.
        """
        if not self._asked:
            if self._seen and time.monotonic() >= self._due:
                self._ask()
            return []
        if not all(each.done() for each in self._asked.values()):
            return []
        asked, self._asked = self._asked, {}
        self._due = time.monotonic() + LOOK_EVERY_S
        return self._compared(asked)

    def look_now(self, timeout_s: float) -> list[TopicChange]:
        """Look at once, waiting for the answer."""
        deadline = time.monotonic() + timeout_s
        self._due = 0.0
        found = self.look()
        while self._asked and time.monotonic() < deadline:
            time.sleep(0.005)
            found += self.look()
        return found

    def _ask(self) -> None:
        try:
            if self._connection is None:
                self._connection = Connection(self._settings.kafka())
            self._asked = self._connection.admin.describe_topics(
                TopicCollection(list(self._seen)), request_timeout=_ANSWER_WITHIN_S
            )
        except (KafkaException, EventError):
            self._due = time.monotonic() + LOOK_EVERY_S

    def _compared(self, asked: dict[str, Future[Any]]) -> list[TopicChange]:
        found = []
        for topic, answer in asked.items():
            now = _sight(answer)
            if now is None:
                continue
            said = change(topic, self._seen[topic], now)
            self._seen[topic] = now
            if said is not None:
                found.append(said)
        return found


def sight(description: Any) -> TopicSight:
    """Return what matters of Kafka's description of a topic."""
    return TopicSight(str(description.topic_id or ""), len(description.partitions))


def _sight(answer: Future[Any]) -> TopicSight | None:
    """Return what was answered; None where that says nothing of the topic."""
    try:
        return sight(answer.result())
    except KafkaException as error:
        return GONE if codes.meaning(error.args[0]) is codes.Meaning.NO_TOPIC else None
