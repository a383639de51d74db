"""Preflight: is the topic there, and may we write to it? Asked before the first message.

Without it a missing topic or a bad password costs `message.timeout.ms` per message. The topic is
described through the Admin API: naming a topic in a metadata request would create it where the
broker allows auto-creation.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from confluent_kafka import KafkaException, TopicCollection
from confluent_kafka.admin import AclOperation, ConfigResource  # type: ignore[attr-defined]

from freezer_events.errors import EventError, UnreachableError
from freezer_events.kafka import codes, handshake
from freezer_events.kafka.connection import Connection, metadata, never
from freezer_events.kafka.servers import IN_PROCESS
from freezer_events.kafka.topic_limits import TopicLimits, limits_of
from freezer_events.kafka.topic_watch import TopicSight, sight

if TYPE_CHECKING:
    from collections.abc import Callable

    from confluent_kafka import Consumer, KafkaError

    from freezer_events.config import Settings

DEFAULT_TIMEOUT_S: Final = 10.0


def describe(
    connection: Connection, topic: str, *, timeout_s: float, stop: Callable[[], bool] = never
) -> Any:
    """Return Kafka's description of a topic, with the operations that we are allowed on it.

    Raises:
        KafkaException: what the cluster answered, or why there is no answer.

    """
    return connection.ask(
        lambda within_s: connection.admin.describe_topics(
            TopicCollection([topic]), include_authorized_operations=True, request_timeout=within_s
        )[topic],
        timeout_s=timeout_s,
        stop=stop,
    )


def partitions(
    settings: Settings,
    topic: str,
    *,
    operation: str = "WRITE",
    timeout_s: float = DEFAULT_TIMEOUT_S,
    stop: Callable[[], bool] = never,
) -> int:
    """Return how many partitions the topic has, as `seen` does."""
    return seen(settings, topic, operation=operation, timeout_s=timeout_s, stop=stop).partitions


def seen(
    settings: Settings,
    topic: str,
    *,
    operation: str = "WRITE",
    timeout_s: float = DEFAULT_TIMEOUT_S,
    stop: Callable[[], bool] = never,
) -> TopicSight:
    """Look at a topic, having made sure that `operation` is allowed.

    Raises:
        AccessError: the password is wrong, or the principal may not do the operation.
        ConfigError: the topic does not exist, or a property is refused.
        UnreachableError: no broker answered in time; says why where librdkafka knows.

    """
    if settings.bootstrap_servers in IN_PROCESS:
        count = listed_partitions(settings, topic, timeout_s=timeout_s, stop=stop)
        return TopicSight("", count)
    connection = Connection(settings.kafka())
    return sight(_described(connection, settings, topic, operation, timeout_s, stop))


class Preflight(NamedTuple):
    """What a producer has to know of a topic.

    Attributes:
        seen: its partitions, and its id.
        limits: what it takes; where we may not read that, nothing is known of it.

    """

    seen: TopicSight
    limits: TopicLimits = TopicLimits()


def preflight(
    settings: Settings, topic: str, *, timeout_s: float, stop: Callable[[], bool] = never
) -> Preflight:
    """Do as `partitions` for writing, and read how large a batch may be.

    Raises:
        EventError: as `partitions`.

    """
    if settings.bootstrap_servers in IN_PROCESS:
        found = listed_partitions(settings, topic, timeout_s=timeout_s, stop=stop)
        return Preflight(TopicSight("", found))
    connection = Connection(settings.kafka())
    found = _described(connection, settings, topic, "WRITE", timeout_s, stop)
    return Preflight(sight(found), _limits(connection, topic, timeout_s, stop))


def _limits(
    connection: Connection, topic: str, timeout_s: float, stop: Callable[[], bool]
) -> TopicLimits:
    resource = ConfigResource(ConfigResource.Type.TOPIC, topic)
    try:
        found = connection.ask(
            lambda within_s: connection.admin.describe_configs(
                [resource], request_timeout=within_s
            )[resource],
            timeout_s=timeout_s,
            stop=stop,
        )
    except KafkaException:
        return TopicLimits()  # DESCRIBE_CONFIGS is a permission of its own
    values = {name: each.value for name, each in found.items() if each.value is not None}
    return limits_of(values)


def _described(
    connection: Connection,
    settings: Settings,
    topic: str,
    operation: str,
    timeout_s: float,
    stop: Callable[[], bool],
) -> Any:
    stopped = False
    begun = time.monotonic()

    def asked() -> bool:
        nonlocal stopped
        stopped = stopped or stop()
        return stopped

    try:
        found = describe(connection, topic, timeout_s=timeout_s, stop=asked)
    except KafkaException as error:
        cause = error.args[0]
        if codes.is_unreachable(cause):
            waited_s = time.monotonic() - begun
            raise _unreachable(settings, cause, waited_s, probe=not stopped) from error
        raise codes.explain(cause, settings, topic, operation=operation) from error
    allowed = found.authorized_operations
    if allowed and not {AclOperation[operation], AclOperation.ALL} & set(allowed):
        raise codes.no_permission(settings, topic, operation)
    return found


def listed_partitions(
    settings: Settings,
    topic: str,
    *,
    timeout_s: float = DEFAULT_TIMEOUT_S,
    stop: Callable[[], bool] = never,
    **_: object,
) -> int:
    """Do as `partitions` on the in-process cluster, which answers no describe request.

    All topics are listed, none is named.
    """
    begun = time.monotonic()
    try:
        found = Connection(settings.kafka()).metadata(timeout_s=timeout_s, stop=stop).topics
    except KafkaException as error:
        waited_s = time.monotonic() - begun
        raise _unreachable(settings, error.args[0], waited_s) from error
    if topic not in found:
        raise codes.no_topic(settings, topic)
    return len(found[topic].partitions)


def connect(
    consumer: Consumer, settings: Settings, topic: str, timeout_s: float = DEFAULT_TIMEOUT_S
) -> None:
    """Have a consumer connected before it is assigned: else its first request waits out a back-off.

    Raises:
        EventError: no broker answered it in time.

    """
    try:
        metadata(consumer, (), timeout_s=timeout_s)
    except KafkaException as error:
        raise codes.explain(error.args[0], settings, topic, operation="READ") from error


def _unreachable(
    settings: Settings, cause: KafkaError, waited_s: float, *, probe: bool = True
) -> EventError:
    doing, why = f"connect to {settings.bootstrap_servers}", codes.words(cause)
    # librdkafka has one sentence for all that is wrong with TLS.
    told = handshake.cause(settings) if probe and codes.may_be_tls(cause) else None
    if told is not None:
        return type(told)(doing, told.why, told.fix)
    if not codes.is_summary(cause):
        why = f"no broker within {round(waited_s, 1):g} s: {why}"
    return UnreachableError(doing, why, codes.connection_advice(cause))
