"""One call of Kafka's Admin API: bounded in time, its failures as errors that say what to do."""

from __future__ import annotations

import time
from concurrent.futures import TimeoutError as LateError
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient

from freezer_events.errors import AccessError, ConfigError, EventError, UnreachableError
from freezer_infra.planner.target import AlreadyThereError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from concurrent.futures import Future

    from confluent_kafka.admin import ClusterMetadata  # type: ignore[attr-defined]

T = TypeVar("T")

WITHIN_S: Final = 15.0
_STEP_S: Final = 1.0
_VISIBLE_WITHIN_S: Final = 15.0
_POLL_S: Final = 0.05
_REFUSED_S: Final = 5.0  # once a connection has been refused
_GRACE_S: Final = 2.0  # librdkafka ends a call itself, and says more than that it took too long

_AUTHENTICATION: Final = (
    KafkaError._AUTHENTICATION,  # noqa: SLF001 - librdkafka's own codes begin with an underscore
    KafkaError.SASL_AUTHENTICATION_FAILED,
)
_AUTHORIZATION: Final = (
    KafkaError.TOPIC_AUTHORIZATION_FAILED,
    KafkaError.CLUSTER_AUTHORIZATION_FAILED,
    KafkaError.GROUP_AUTHORIZATION_FAILED,
)
_NO_BROKER: Final = (
    KafkaError._TRANSPORT,  # noqa: SLF001 - as above
    KafkaError._ALL_BROKERS_DOWN,  # noqa: SLF001 - as above
    KafkaError._TIMED_OUT,  # noqa: SLF001 - as above
    KafkaError._RESOLVE,  # noqa: SLF001 - as above
    KafkaError._SSL,  # noqa: SLF001 - as above
    KafkaError.REQUEST_TIMED_OUT,
    KafkaError.BROKER_NOT_AVAILABLE,
)


@dataclass(frozen=True)
class Admin:
    """An Admin API client for one cluster; `brokers` is how messages name it."""

    client: AdminClient
    brokers: str
    causes: list[KafkaError] = field(default_factory=list)

    @classmethod
    def connect(cls, properties: Mapping[str, str]) -> Self:
        """Make a client; nothing is sent yet.

        Raises:
            ConfigError: librdkafka refuses a property.

        """
        causes: list[KafkaError] = []
        quiet: dict[str, Any] = {"log_level": 0, "error_cb": causes.append}
        brokers = properties.get("bootstrap.servers", "")
        try:
            client = AdminClient({**properties, **quiet})
        except (KafkaException, ValueError) as error:
            raise ConfigError(f"connect to {brokers}", _words(error)) from error
        return cls(client, brokers, causes)

    def metadata(self, doing: str) -> ClusterMetadata:
        """Read brokers and topics; where it is certain that nobody will answer, no longer waited.

        Raises:
            EventError: of the class that fits the failure.

        """
        self.causes.clear()
        begun = time.monotonic()
        while True:
            try:
                return self.client.list_topics(timeout=_STEP_S)
            except KafkaException as error:
                # A time-out is all that is raised; its cause comes through error_cb, by poll.
                self.client.poll(0)
                if time.monotonic() - begun > self._patience_s():
                    raise self._explain(doing, error.args[0]) from error

    def _patience_s(self) -> float:
        """Give the time to go on trying: a broker may be starting, a password stays wrong."""
        if any(cause.code() in _AUTHENTICATION for cause in self.causes):
            return 0.0
        return _REFUSED_S if self.causes else WITHIN_S

    def call(self, doing: str, start: Callable[[], T]) -> T:
        """Run a call that answers at once.

        Raises:
            EventError: of the class that fits the failure.

        """
        self.causes.clear()
        try:
            return start()
        except KafkaException as error:
            self.client.poll(0)  # as in `metadata`
            raise self._explain(doing, error.args[0]) from error
        except ValueError as error:
            raise ConfigError(f"{doing} on {self.brokers}", str(error)) from error

    def wait(self, doing: str, start: Callable[[], Future[T]]) -> T:
        """Run a call that answers with a future, and wait for it.

        Raises:
            EventError: of the class that fits the failure.

        """

        def finish() -> T:
            return start().result(WITHIN_S + _GRACE_S)

        try:
            return self.call(doing, finish)
        except LateError as error:
            why = f"no answer within {WITHIN_S:g} s"
            raise UnreachableError(f"{doing} on {self.brokers}", why) from error

    def _explain(self, doing: str, error: KafkaError) -> EventError:
        known = [cause for cause in self.causes if cause.code() not in _NO_BROKER[1:3]]
        if error.code() in _NO_BROKER and known:
            error = known[-1]
        return explain(f"{doing} on {self.brokers}", error)


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


def explain(doing: str, error: KafkaError) -> EventError:
    """Make the error a user reads."""
    code, why = error.code(), _words(error)
    if code == KafkaError.TOPIC_ALREADY_EXISTS:
        return AlreadyThereError(doing, why)
    if code in _AUTHENTICATION:
        return AccessError(doing, why, "check SASL_USERNAME and SASL_PASSWORD in .env")
    if code in _AUTHORIZATION:
        return AccessError(doing, why, "connect as a user who may change topics and ACLs")
    if code in _NO_BROKER:
        return UnreachableError(doing, why, "is it up? the local stack: freezer local up")
    return EventError(doing, why)


def _words(error: object) -> str:
    text = error.str() if isinstance(error, KafkaError) else str(error)
    return str(text).split(" (after ", 1)[0].strip().rstrip(".")
