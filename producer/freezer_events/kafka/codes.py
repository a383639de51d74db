"""Kafka's error codes in our terms: what is certain about a message, and which error it makes.

`KafkaError.retriable()` is always False in a delivery report (the error is rebuilt from its code
alone), so everything here goes by code.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

from confluent_kafka import KafkaError

from freezer_events.errors import (
    AccessError,
    ConfigError,
    EventError,
    InvalidEvent,
    UnreachableError,
)

if TYPE_CHECKING:
    from freezer_events.config import Settings


class Outcome(StrEnum):
    """What is known of one message after its delivery report."""

    DELIVERED = "delivered"
    FAILED = "failed"
    UNCONFIRMED = "unconfirmed"


# After these the message may be on the topic all the same: the request may have been written and
# its answer lost. (Seen: five _MSG_TIMED_OUT under a paused broker, and all five were written.)
_UNCONFIRMED: Final = frozenset(
    {
        KafkaError._MSG_TIMED_OUT,
        KafkaError._PURGE_INFLIGHT,
        KafkaError._TIMED_OUT,
        KafkaError._TRANSPORT,
        KafkaError.REQUEST_TIMED_OUT,
        KafkaError.NETWORK_EXCEPTION,
        KafkaError.NOT_ENOUGH_REPLICAS_AFTER_APPEND,
    }
)

_AUTHENTICATION: Final = frozenset(
    {KafkaError._AUTHENTICATION, KafkaError.SASL_AUTHENTICATION_FAILED}
)
_AUTHORIZATION: Final = frozenset(
    {KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.CLUSTER_AUTHORIZATION_FAILED}
)
_NO_TOPIC: Final = frozenset(
    {KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_TOPIC, KafkaError._UNKNOWN_PARTITION}
)
_NO_BROKER: Final = frozenset(
    {
        KafkaError._TRANSPORT,
        KafkaError._ALL_BROKERS_DOWN,
        KafkaError._RESOLVE,
        KafkaError._MSG_TIMED_OUT,
        KafkaError._TIMED_OUT,
        KafkaError.BROKER_NOT_AVAILABLE,
    }
)


def outcome(error: KafkaError | None) -> Outcome:
    """Classify a delivery report's error."""
    if error is None:
        return Outcome.DELIVERED
    return Outcome.UNCONFIRMED if error.code() in _UNCONFIRMED else Outcome.FAILED


def is_fatal(error: KafkaError) -> bool:
    """Tell whether the client takes no message any more."""
    # A message refused after a fatal error carries this code, and no flag.
    return error.fatal() or error.code() == KafkaError._FATAL


def concerns_all(error: KafkaError) -> bool:
    """Tell whether every later message to this topic would meet the same error."""
    groups = (_AUTHENTICATION, _AUTHORIZATION, _NO_TOPIC, _NO_BROKER)
    return is_fatal(error) or any(error.code() in group for group in groups)


def is_no_answer(error: KafkaError) -> bool:
    """Tell whether a request ended for want of a broker that answers."""
    return error.code() in _NO_BROKER


def is_summary(error: KafkaError) -> bool:
    """Tell whether this only sums up what other errors said: that all brokers are down."""
    return bool(error.code() == KafkaError._ALL_BROKERS_DOWN)


def is_authentication(error: KafkaError) -> bool:
    """Tell whether the cluster refused who we are."""
    return error.code() in _AUTHENTICATION


def explain(
    error: KafkaError, settings: Settings, topic: str, *, operation: str = "WRITE"
) -> EventError:
    """Make the error that a user reads: names principal, broker, topic or operation."""
    code, brokers = error.code(), settings.bootstrap_servers
    verb, where = ("produce", "to ") if operation == "WRITE" else ("read", "")
    doing = f"{verb} {where}topic {topic!r} on {brokers}" if topic else f"{verb} on {brokers}"
    if code in _AUTHENTICATION:
        return AccessError(
            f"authenticate as {settings.sasl_username!r} at {brokers}",
            words(error),
            "check SASL_USERNAME, SASL_PASSWORD and SASL_MECHANISM in .env",
        )
    if code in _AUTHORIZATION:
        return no_permission(settings, topic, operation)
    if code in _NO_TOPIC:
        return no_topic(settings, topic)
    if code in _NO_BROKER or code == KafkaError._SSL:
        return UnreachableError(doing, words(error), connection_advice(error))
    again = "start again, and send again what was not delivered" if is_fatal(error) else ""
    return EventError(doing, words(error), again)


def refused(error: KafkaError, settings: Settings, topic: str, value: bytes | None) -> EventError:
    """Make the error for a message that librdkafka did not even take."""
    if error.code() == KafkaError.MSG_SIZE_TOO_LARGE:
        return InvalidEvent(
            f"message of {len(value or b''):,} bytes",
            f"is larger than topic {topic!r} takes in one message (message.max.bytes)",
        )
    return explain(error, settings, topic)


def no_permission(settings: Settings, topic: str, operation: str) -> AccessError:
    """Make the error for a principal that lacks an operation on the topic."""
    who = repr(settings.sasl_username) if settings.sasl_username else "an anonymous client"
    return AccessError(
        f"topic {topic!r} on {settings.bootstrap_servers}",
        f"{who} is not allowed to {operation} it",
        f"grant {operation} on the topic (infra/topics.toml, then: freezer topics apply)",
    )


def no_topic(settings: Settings, topic: str) -> ConfigError:
    """Make the error for a topic that does not exist, with the command that creates it."""
    return ConfigError(
        f"topic {topic!r} on {settings.bootstrap_servers}",
        "does not exist (or this principal may not see it)",
        "create it: freezer topics apply",
    )


def words(error: KafkaError) -> str:
    """Return librdkafka's words without the state it was in."""
    text = error.str() or error.name()
    return str(text).split(" (after ", 1)[0].strip()


def connection_advice(error: KafkaError) -> str:
    """Say what to look at when no connection came about."""
    if error.code() == KafkaError._SSL or "SSL" in words(error):
        return "check SECURITY_PROTOCOL and SSL_CA_LOCATION in .env"
    return "check BOOTSTRAP_SERVERS and that the broker is up; try again"
