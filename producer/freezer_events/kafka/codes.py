"""The one table of Kafka's error codes: what each says of a message, and which error it makes.

Nobody else compares codes: the rest of the code asks for a `Meaning`, or for an error to raise.
`KafkaError.retriable()` is always False in a delivery report (the error is rebuilt from its code
alone), so everything here goes by code.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

from confluent_kafka import KafkaError

from freezer_events.config.secrets import redacted
from freezer_events.errors import (
    AccessError,
    ConfigError,
    EventError,
    InvalidEvent,
    UnreachableError,
)
from freezer_events.kafka.servers import files_advice

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freezer_events.config import Settings


class Outcome(StrEnum):
    """What is known of one message in the end; the last two only with a spool."""

    DELIVERED = "delivered"
    FAILED = "failed"
    UNCONFIRMED = "unconfirmed"
    PARKED = "parked"
    SPOOLED = "spooled"


class Meaning(StrEnum):
    """What an error code is about."""

    AUTHENTICATION = "who we are was refused"
    AUTHORIZATION = "what we may do was refused"
    NO_GROUP = "joining or using the consumer group was refused"
    REBALANCED = "the consumer group has given our partitions to others"
    OFFSET_GONE = "the records at this offset were deleted"
    NO_TOPIC = "no such topic or partition"
    NO_BROKER = "no broker can be reached"
    NO_ANSWER = "a broker was reached and did not answer this request"
    EXISTS = "what was to be created is there"
    NOT_FOUND = "what was asked about is not there"
    TOO_LARGE = "the message is larger than allowed"
    QUEUE_FULL = "the client's queue has no room now"
    PARTITION_END = "a consumer has read all there is"
    OTHER = "anything else"


# https://kafka.apache.org/protocol#protocol_error_codes; names with an underscore are librdkafka's
# own (rdkafka.h, rd_kafka_resp_err_t).
_CODES: Final[Mapping[Meaning, tuple[int, ...]]] = {
    Meaning.AUTHENTICATION: (KafkaError._AUTHENTICATION, KafkaError.SASL_AUTHENTICATION_FAILED),
    Meaning.AUTHORIZATION: (
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
        KafkaError.CLUSTER_AUTHORIZATION_FAILED,
        KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
    ),
    Meaning.NO_GROUP: (KafkaError.GROUP_AUTHORIZATION_FAILED,),
    Meaning.REBALANCED: (
        KafkaError.ILLEGAL_GENERATION,
        KafkaError.UNKNOWN_MEMBER_ID,
        KafkaError.REBALANCE_IN_PROGRESS,
        KafkaError._ASSIGNMENT_LOST,
        KafkaError._MAX_POLL_EXCEEDED,
    ),
    Meaning.OFFSET_GONE: (KafkaError.OFFSET_OUT_OF_RANGE, KafkaError._AUTO_OFFSET_RESET),
    Meaning.NO_TOPIC: (
        KafkaError.UNKNOWN_TOPIC_OR_PART,
        KafkaError._UNKNOWN_TOPIC,
        KafkaError._UNKNOWN_PARTITION,
    ),
    Meaning.NO_BROKER: (
        KafkaError._TRANSPORT,
        KafkaError._ALL_BROKERS_DOWN,
        KafkaError._RESOLVE,
        KafkaError._DESTROY_BROKER,  # of a request on its way when a connection was given up
        KafkaError._SSL,
        KafkaError._MSG_TIMED_OUT,
        KafkaError._TIMED_OUT,
        KafkaError.BROKER_NOT_AVAILABLE,
    ),
    Meaning.NO_ANSWER: (KafkaError.REQUEST_TIMED_OUT, KafkaError.NETWORK_EXCEPTION),
    Meaning.EXISTS: (KafkaError.TOPIC_ALREADY_EXISTS,),
    Meaning.NOT_FOUND: (KafkaError.RESOURCE_NOT_FOUND,),
    Meaning.TOO_LARGE: (KafkaError.MSG_SIZE_TOO_LARGE,),
    Meaning.QUEUE_FULL: (KafkaError._QUEUE_FULL,),
    Meaning.PARTITION_END: (KafkaError._PARTITION_EOF,),
}
_MEANINGS: Final = {code: meaning for meaning, codes in _CODES.items() for code in codes}

# Every later message to the topic would meet the same. A request without an answer is not among
# them: the next one may have one.
_CONCERN_ALL: Final = frozenset(
    {Meaning.AUTHENTICATION, Meaning.AUTHORIZATION, Meaning.NO_TOPIC, Meaning.NO_BROKER}
)

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

# What a broker says of a message, or of the batch that it is in, and would say again. Some brokers
# call a message without a key corrupt where the topic is compacted.
_REFUSALS: Final = frozenset(
    {
        KafkaError.MSG_SIZE_TOO_LARGE,
        KafkaError.RECORD_LIST_TOO_LARGE,
        KafkaError.INVALID_MSG,
        KafkaError.INVALID_MSG_SIZE,
        KafkaError.INVALID_RECORD,
        KafkaError.INVALID_TIMESTAMP,
        KafkaError.POLICY_VIOLATION,
        KafkaError.UNSUPPORTED_FOR_MESSAGE_FORMAT,
        KafkaError._INVALID_DIFFERENT_RECORD,
    }
)

# Broker and client disagree about what an idempotent producer sent last: after an unclean election,
# or on a topic that was made anew. A new client begins a new sequence: its producer may go on.
_LOST_COUNT: Final = frozenset(
    {
        KafkaError.OUT_OF_ORDER_SEQUENCE_NUMBER,
        KafkaError.UNKNOWN_PRODUCER_ID,
        KafkaError.INVALID_PRODUCER_ID_MAPPING,
        KafkaError.INVALID_PRODUCER_EPOCH,
        KafkaError._INCONSISTENT,
    }
)

# These only sum up what other errors say: that all brokers are down, that time ran out.
_SUMMARIES: Final = frozenset({KafkaError._ALL_BROKERS_DOWN, KafkaError._TIMED_OUT})

# Of a refused certificate librdkafka says _SSL; a side that speaks no TLS is hung up on.
_LIKE_TLS: Final = _SUMMARIES | {KafkaError._SSL, KafkaError._TRANSPORT}
_CONNECTED: Final = " in state UP"  # librdkafka's words for the state of a connection that is up

_ERRORS: Final[Mapping[Meaning, type[EventError]]] = {
    Meaning.AUTHENTICATION: AccessError,
    Meaning.AUTHORIZATION: AccessError,
    Meaning.NO_GROUP: AccessError,
    Meaning.NO_TOPIC: ConfigError,
    Meaning.NO_BROKER: UnreachableError,
    Meaning.NO_ANSWER: UnreachableError,
}

CHECK_CREDENTIALS: Final = "check SASL_USERNAME, SASL_PASSWORD and SASL_MECHANISM in .env"


def meaning(error: KafkaError) -> Meaning:
    """Tell what an error is about."""
    return _MEANINGS.get(error.code(), Meaning.OTHER)


def outcome(error: KafkaError | None) -> Outcome:
    """Classify a delivery report's error."""
    if error is None:
        return Outcome.DELIVERED
    return Outcome.UNCONFIRMED if error.code() in _UNCONFIRMED else Outcome.FAILED


def is_fatal(error: KafkaError) -> bool:
    """Tell whether the client takes no message any more."""
    # A message refused after a fatal error carries this code, and no flag.
    return error.fatal() or error.code() == KafkaError._FATAL


def ends_client_only(error: KafkaError) -> bool:
    """Tell whether a fatal error leaves a new client free to go on."""
    return is_fatal(error) and error.code() in _LOST_COUNT


def concerns_all(error: KafkaError) -> bool:
    """Tell whether every later message to this topic would meet the same error."""
    return is_fatal(error) or meaning(error) in _CONCERN_ALL


def is_fenced(error: KafkaError) -> bool:
    """Tell whether a transactional client was replaced by another, or its transaction expired."""
    return error.code() in {KafkaError._FENCED, KafkaError.PRODUCER_FENCED}


def is_about_a_group(error: KafkaError) -> bool:
    """Tell whether a consumer group was refused: a reader that joins none need not care."""
    return error.code() == KafkaError.GROUP_AUTHORIZATION_FAILED


def is_never_taken(error: KafkaError) -> bool:
    """Tell whether the message, or one in its batch, will never be taken as it is."""
    return error.code() in _REFUSALS


def is_refusal(error: KafkaError) -> bool:
    """Tell whether the cluster will not take this one message, ever, and takes others."""
    return outcome(error) is Outcome.FAILED and not concerns_all(error) and not is_given_up(error)


def is_unreachable(error: KafkaError) -> bool:
    """Tell whether a request ended for want of a broker that answers."""
    return meaning(error) in {Meaning.NO_BROKER, Meaning.NO_ANSWER}


def is_summary(error: KafkaError) -> bool:
    """Tell whether this only says that no broker answered, and not why."""
    return error.code() in _SUMMARIES


def may_be_tls(error: KafkaError) -> bool:
    """Tell whether TLS on one side of a connection alone ends like this."""
    return error.code() in _LIKE_TLS


def is_authentication(error: KafkaError) -> bool:
    """Tell whether the cluster refused who we are."""
    return meaning(error) is Meaning.AUTHENTICATION


def silence(within_s: float) -> KafkaError:
    """Make the error of a request that nobody answered or refused within this many seconds."""
    return KafkaError(KafkaError._TIMED_OUT, f"no answer within {within_s:g} s")


def is_cut(error: KafkaError) -> bool:
    """Tell whether a connection was lost that may have carried messages.

    One that never came about says in which state it failed: "(after 0ms in state CONNECT)".
    """
    return is_unreachable(error) and not is_summary(error) and _CONNECTED in error.str()


def is_given_up(error: KafkaError) -> bool:
    """Tell whether the message waited in the client's queue when it was given up."""
    return bool(error.code() == KafkaError._PURGE_QUEUE)


def unexplained() -> KafkaError:
    """Make the error of a client that ended without saying why."""
    return KafkaError(KafkaError._FATAL)


def never_sent() -> KafkaError:
    """Make the error of a message that was given up before it was sent."""
    return KafkaError(KafkaError._PURGE_QUEUE)


def number(error: KafkaError) -> int:
    """Give the code of an error, for compiled code that knows numbers only."""
    return error.code()


def failure(doing: str, error: KafkaError, fixes: Mapping[Meaning, str]) -> EventError:
    """Make an error of the class that fits: `fixes` has the caller's next step for each meaning."""
    about = meaning(error)
    return _ERRORS.get(about, EventError)(doing, words(error), fixes.get(about, ""))


def explain(
    error: KafkaError,
    settings: Settings,
    topic: str,
    *,
    operation: str = "WRITE",
    group: str | None = None,
) -> EventError:
    """Make the error of reading or writing a topic: names principal, broker, topic or operation."""
    about, brokers = meaning(error), settings.bootstrap_servers
    verb, where = ("produce", "to ") if operation == "WRITE" else ("read", "")
    doing = f"{verb} {where}topic {topic!r} on {brokers}" if topic else f"{verb} on {brokers}"
    if about is Meaning.AUTHORIZATION:
        return no_permission(settings, topic, operation)
    if about is Meaning.NO_GROUP:
        return _no_group(settings, str(group))
    if about is Meaning.NO_TOPIC:
        return no_topic(settings, topic)
    if about is Meaning.AUTHENTICATION:
        doing = f"authenticate as {settings.sasl_username!r} at {brokers}"
    again = "start again, and send again what was not delivered" if is_fatal(error) else ""
    fixes = {
        Meaning.AUTHENTICATION: CHECK_CREDENTIALS,
        Meaning.NO_BROKER: connection_advice(error),
        Meaning.NO_ANSWER: connection_advice(error),
    }
    return failure(doing, error, {about: again} | fixes)


def refused(error: KafkaError, settings: Settings, topic: str, value: bytes | None) -> EventError:
    """Make the error for a message that librdkafka did not even take."""
    if meaning(error) is Meaning.TOO_LARGE:
        return InvalidEvent(
            f"message of {len(value or b''):,} bytes",
            f"is larger than topic {topic!r} takes in one message (message.max.bytes)",
        )
    return explain(error, settings, topic)


def no_permission(settings: Settings, topic: str, operation: str) -> AccessError:
    """Make the error for a principal that lacks an operation on the topic."""
    return AccessError(
        f"topic {topic!r} on {settings.bootstrap_servers}",
        f"{_principal(settings)} is not allowed to {operation} it",
        f"grant {operation} on the topic, by its declaration: freezer topics apply",
    )


def _no_group(settings: Settings, group: str) -> AccessError:
    return AccessError(
        f"consumer group {group!r} on {settings.bootstrap_servers}",
        f"{_principal(settings)} is not allowed to READ it",
        "grant READ on the group, or read without one",
    )


def _principal(settings: Settings) -> str:
    return repr(settings.sasl_username) if settings.sasl_username else "an anonymous client"


def no_topic(settings: Settings, topic: str) -> ConfigError:
    """Make the error for a topic that does not exist, with the command that creates it."""
    return ConfigError(
        f"topic {topic!r} on {settings.bootstrap_servers}",
        "does not exist (or this principal may not see it)",
        "create it: freezer topics apply",
    )


def words(error: KafkaError) -> str:
    """Return librdkafka's words without the state it was in, and without a full stop."""
    text = redacted(str(error.str() or error.name()))
    for inner in (" (after ", " (PID{"):
        text = text.split(inner, 1)[0]
    return text.strip().rstrip(".")


def connection_advice(error: KafkaError) -> str:
    """Say what to look at when no connection came about."""
    if error.code() == KafkaError._SSL or "SSL" in words(error):
        return "check SECURITY_PROTOCOL and SSL_CA_LOCATION in .env"
    usual = "check BOOTSTRAP_SERVERS and that the broker is up; try again"
    return files_advice(words(error)) or usual
