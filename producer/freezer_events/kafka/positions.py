"""The topic of positions: how far each spool has been delivered, written with what was delivered.

One partition, compacted; a record's key is the spool's identity, its value the position behind the
last message of the transaction, and a checksum of what that message was stored with.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaException, TopicPartition

from freezer_events.errors import ConfigError, UnreachableError
from freezer_events.kafka import codes, connection
from freezer_events.kafka.connection import SLICE_S, never

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from confluent_kafka import KafkaError

POSITIONS_TOPIC: Final = "freezer-positions"
TRANSACTIONS_PREFIX: Final = "freezer-spool-"
EXACTLY_ONCE_ADVICE: Final = (
    "declare exactly_once = true on the [[access]] of this account, then: freezer topics apply"
)


class SpoolPosition(NamedTuple):
    """How far a spool has been delivered.

    Attributes:
        position: behind the last message.
        checksum: of the row that this message was stored in.

    """

    position: int
    checksum: int

    @property
    def value(self) -> bytes:
        """The record's value."""
        return f"{self.position} {self.checksum:08x}".encode()

    @classmethod
    def of(cls, value: bytes) -> SpoolPosition:
        """Read a record's value."""
        position, checksum = value.split()
        return cls(int(position), int(checksum, 16))


def read_position(
    properties: Mapping[str, Any],
    identity: str,
    *,
    timeout_s: float,
    stop: Callable[[], bool] = never,
) -> SpoolPosition | None:
    """Return the position that was committed last for a spool; None where there is none.

    It reads up to where the topic ended when it began, open transactions included: what another
    spool has open hides what was committed after it.

    Args:
        properties: librdkafka's, of any client.
        identity: the spool's.
        timeout_s: the longest to wait, in seconds.
        stop: asked every 0.1 s; True ends the wait.

    Raises:
        ConfigError: there is no such topic.
        AccessError: it may not be read.
        UnreachableError: the brokers do not answer in time.

    """
    deadline = time.monotonic() + timeout_s
    heard: list[KafkaError] = []
    try:
        end = _end(properties, heard, timeout_s)
        with _reader(properties, "read_committed", heard) as consumer:
            return _last(consumer, identity.encode(), end, deadline, stop)
    except KafkaException as error:
        cause = next((each for each in heard if codes.is_authentication(each)), error.args[0])
        raise _failure(cause) from error


def _reader(properties: Mapping[str, Any], isolation: str, heard: list[KafkaError]) -> Consumer:
    return connection.client(
        Consumer,
        {
            **properties,
            "group.id": TRANSACTIONS_PREFIX + "reader",  # never joined
            "isolation.level": isolation,
            "enable.partition.eof": True,
            "enable.auto.commit": False,
            "enable.auto.offset.store": False,
        },
        heard.append,
    )


def _end(properties: Mapping[str, Any], heard: list[KafkaError], timeout_s: float) -> int:
    with _reader(properties, "read_uncommitted", heard) as consumer:
        there = TopicPartition(POSITIONS_TOPIC, 0)
        found = consumer.get_watermark_offsets(there, timeout=timeout_s)
        if found is None:
            raise KafkaException(codes.silence(timeout_s))
        return int(found[1])


def _last(
    consumer: Consumer, key: bytes, end: int, deadline: float, stop: Callable[[], bool]
) -> SpoolPosition | None:
    found = None
    consumer.assign([TopicPartition(POSITIONS_TOPIC, 0, OFFSET_BEGINNING)])
    while True:
        message = consumer.poll(SLICE_S)
        if message is None:
            if stop() or time.monotonic() >= deadline:
                raise UnreachableError(
                    f"read topic {POSITIONS_TOPIC!r}",
                    "its end did not come in time",
                    "try again; transactions that hang end by themselves",
                )
            continue
        error = message.error()
        if error is None:
            if message.key() == key and message.value() is not None:
                found = SpoolPosition.of(message.value() or b"")
        elif codes.meaning(error) is codes.Meaning.PARTITION_END:
            if (message.offset() or 0) >= end:
                return found
        elif not (codes.is_unreachable(error) or codes.is_about_a_group(error)):
            raise KafkaException(error)


def _failure(error: KafkaError) -> Exception:
    doing = f"read topic {POSITIONS_TOPIC!r}"
    if codes.meaning(error) is codes.Meaning.NO_TOPIC:
        why = "does not exist (or this principal may not see it)"
        return ConfigError(doing, why, EXACTLY_ONCE_ADVICE)
    fixes = {
        codes.Meaning.AUTHORIZATION: EXACTLY_ONCE_ADVICE,
        codes.Meaning.AUTHENTICATION: codes.CHECK_CREDENTIALS,
    }
    return codes.failure(doing, error, fixes)
