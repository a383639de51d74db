"""Preflight: is the topic there, and may we write to it? Asked before the first message.

Without it a missing topic or a bad password costs `message.timeout.ms` per message. The topic is
described through the Admin API: naming a topic in a metadata request would create it where the
broker allows auto-creation.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from confluent_kafka import KafkaException, TopicCollection
from confluent_kafka.admin import AclOperation, AdminClient  # type: ignore[attr-defined]

from freezer_events.errors import ConfigError, EventError, UnreachableError
from freezer_events.kafka import codes
from freezer_events.kafka.librdkafka import SLICE_S, logger

if TYPE_CHECKING:
    from collections.abc import Callable

    from confluent_kafka import KafkaError

    from freezer_events.config import Settings

DEFAULT_TIMEOUT_S: Final = 10.0


def partitions(
    settings: Settings,
    topic: str,
    *,
    operation: str = "WRITE",
    timeout_s: float = DEFAULT_TIMEOUT_S,
    stop: Callable[[], bool] = lambda: False,
) -> int:
    """Return how many partitions the topic has, having made sure that `operation` is allowed.

    Raises:
        AccessError: the password is wrong, or the principal may not do the operation.
        ConfigError: the topic does not exist, or a property is refused.
        UnreachableError: no broker answered in time; says why where librdkafka knows.

    """
    heard: list[KafkaError] = []
    admin = _admin(settings, heard)
    request = admin.describe_topics(
        TopicCollection([topic]),
        include_authorized_operations=True,
        request_timeout=timeout_s,
    )[topic]
    # The request carries its own deadline; the extra second only guards against a lost callback.
    deadline = time.monotonic() + timeout_s + 1
    while not request.done() and time.monotonic() < deadline and not stop():
        admin.poll(SLICE_S)
        refused = next(filter(codes.is_authentication, heard), None)
        if refused is not None:
            raise codes.explain(refused, settings, topic, operation=operation)
    if not request.done():
        raise _unreachable(settings, heard, timeout_s)
    try:
        found = request.result()
    except KafkaException as error:
        cause = error.args[0]
        if codes.is_no_answer(cause):
            raise _unreachable(settings, heard, timeout_s) from error
        raise codes.explain(cause, settings, topic, operation=operation) from error
    allowed = found.authorized_operations
    if allowed and not {AclOperation[operation], AclOperation.ALL} & set(allowed):
        raise codes.no_permission(settings, topic, operation)
    return len(found.partitions)


def listed_partitions(
    settings: Settings, topic: str, *, timeout_s: float = DEFAULT_TIMEOUT_S, **_: object
) -> int:
    """Do as `partitions` on the in-process cluster, which answers no describe request.

    All topics are listed, none is named.
    """
    found = _admin(settings, []).list_topics(timeout=timeout_s).topics
    if topic not in found:
        raise codes.no_topic(settings, topic)
    return len(found[topic].partitions)


def _admin(settings: Settings, heard: list[KafkaError]) -> AdminClient:
    conf: dict[str, Any] = {**settings.kafka(), "error_cb": heard.append}
    try:
        return AdminClient(conf, logger=logger)
    except KafkaException as error:
        raise ConfigError(
            "the connection's properties",
            error.args[0].str(),
            "check -X options, KAFKA_CONFIG and .env (see: freezer config)",
        ) from error


def _unreachable(settings: Settings, heard: list[KafkaError], timeout_s: float) -> EventError:
    """Prefer what one broker said over the summary that all are down."""
    told = [error for error in heard if not codes.is_summary(error)]
    if told:
        return UnreachableError(
            f"connect to {settings.bootstrap_servers}",
            f"no broker within {timeout_s:g} s: {codes.words(told[0])}",
            codes.connection_advice(told[0]),
        )
    return UnreachableError(
        f"connect to {settings.bootstrap_servers}",
        f"no answer within {timeout_s:g} s",
        "check BOOTSTRAP_SERVERS and that the broker is up; try again",
    )
