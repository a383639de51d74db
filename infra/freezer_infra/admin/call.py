"""One call of Kafka's Admin API: its failures as errors that say what an operator can do."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self, TypeVar

from confluent_kafka import KafkaException

from freezer_events.errors import ConfigError, EventError
from freezer_events.kafka import codes
from freezer_events.kafka.codes import Meaning
from freezer_events.kafka.connection import Connection
from freezer_infra.planner.target import AlreadyThereError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from concurrent.futures import Future

    from confluent_kafka import KafkaError
    from confluent_kafka.admin import AdminClient, ClusterMetadata  # type: ignore[attr-defined]

T = TypeVar("T")

_WITHIN_S: Final = 15.0
_REFUSED_S: Final = 5.0  # once a connection has been refused: a broker may be starting
_VISIBLE_WITHIN_S: Final = 15.0
_POLL_S: Final = 0.05

_UP: Final = "is it up? the local stack: freezer local up"
_NEXT: Final = {
    Meaning.AUTHENTICATION: codes.CHECK_CREDENTIALS,
    Meaning.AUTHORIZATION: "connect as a user who may change topics and ACLs",
    Meaning.NO_BROKER: _UP,
    Meaning.NO_ANSWER: _UP,
}


@dataclass(frozen=True)
class Admin:
    """The Admin API of one cluster; `brokers` is how messages name it."""

    connection: Connection
    brokers: str

    @classmethod
    def connect(cls, properties: Mapping[str, str]) -> Self:
        """Make a client; nothing is sent yet.

        Raises:
            ConfigError: librdkafka refuses a property.

        """
        return cls(Connection(properties), properties.get("bootstrap.servers", ""))

    def metadata(self, doing: str) -> ClusterMetadata:
        """Read brokers and topics.

        Raises:
            EventError: of the class that fits the failure.

        """
        try:
            return self.connection.metadata(timeout_s=_WITHIN_S, refused_s=_REFUSED_S)
        except KafkaException as error:
            raise self._explain(doing, error.args[0]) from error

    def wait(self, doing: str, start: Callable[[AdminClient, float], Future[T]]) -> T:
        """Run a call and wait for its answer; `start` gets the client and the time-out in seconds.

        Raises:
            EventError: of the class that fits the failure.

        """
        try:
            return self._ask(start)
        except KafkaException as error:
            raise self._explain(doing, error.args[0]) from error
        except ValueError as error:
            raise ConfigError(f"{doing} on {self.brokers}", str(error)) from error

    def exists(self, doing: str, start: Callable[[AdminClient, float], Future[object]]) -> bool:
        """Run a call that describes one thing, and tell whether that is there.

        Raises:
            EventError: of the class that fits the failure.

        """
        try:
            self._ask(start)
        except KafkaException as error:
            if codes.meaning(error.args[0]) is Meaning.NOT_FOUND:
                return False
            raise self._explain(doing, error.args[0]) from error
        return True

    def _ask(self, start: Callable[[AdminClient, float], Future[T]]) -> T:
        admin = self.connection.admin
        return self.connection.ask(lambda within_s: start(admin, within_s), timeout_s=_WITHIN_S)

    def _explain(self, doing: str, error: KafkaError) -> EventError:
        doing = f"{doing} on {self.brokers}"
        if codes.meaning(error) is Meaning.EXISTS:
            return AlreadyThereError(doing, codes.words(error))
        return codes.failure(doing, error, _NEXT)


def until_shown(what: str, shown: Callable[[], bool]) -> None:
    """Wait for a change to be seen: the controller answers before every broker has heard of it.

    Raises:
        EventError: nothing shows it when the time is up.

    """
    deadline = time.monotonic() + _VISIBLE_WITHIN_S
    while not shown():
        if time.monotonic() > deadline:
            why = f"{_VISIBLE_WITHIN_S:g} s after the change was accepted nothing shows it"
            raise EventError(f"change {what}", why, "freezer topics plan")
        time.sleep(_POLL_S)
