"""One delivery report, as whoever asked for it is told, and who that may be."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from freezer_events.kafka import codes

if TYPE_CHECKING:
    from collections.abc import Callable

    from confluent_kafka import KafkaError, Message

    from freezer_events.kafka.codes import Outcome

    Headers = list[tuple[str, str | bytes | None]]
    OnReport = Callable[["Report"], None]


class Report(NamedTuple):
    """One delivery report; a tuple, because there may be one for every event.

    Attributes:
        outcome: delivered, failed (certainly not written) or unconfirmed (may be written); with a
            spool also parked (set aside on disk, Kafka will not take it) or spooled (on disk).
        topic: where the message went.
        partition: its partition, or -1 where none was assigned.
        offset: its offset, or None when not delivered.
        latency_s: seconds from send to report.
        error: the reason when it was not delivered, else None.
        is_refused: the cluster will never take this message, and takes those after it.

    """

    outcome: Outcome
    topic: str
    partition: int
    offset: int | None
    latency_s: float
    error: str | None
    is_refused: bool = False


class Returned(NamedTuple):
    """A message that never left a client that is given up: another one is to send it."""

    topic: str
    value: bytes
    key: bytes | None
    headers: Headers | None
    timestamp_ms: int
    on_report: OnReport | None


class OnlyUndelivered(partial):  # type: ignore[type-arg]
    """An `on_delivery` that is told only if its message was not delivered: that costs little."""


class ByValue(OnlyUndelivered):
    """The same, told of many messages: with the report it gets `value`, the message's.

    It is called without one for all of them, where they share a fate before they are messages.
    """


class OnceSafe(partial):  # type: ignore[type-arg]
    """An `on_delivery` that is told once its message is on disk, where there is a spool."""


def report_of(outcome: Outcome, error: KafkaError | None, message: Message) -> Report:
    """Make the report of a message that librdkafka has reported."""
    partition = message.partition()
    return Report(
        outcome=outcome,
        topic=str(message.topic()),
        partition=-1 if partition is None else partition,
        offset=message.offset() if error is None else None,
        latency_s=message.latency() or 0.0,
        error=None if error is None else error.str(),
        is_refused=error is not None and codes.is_refusal(error),
    )


def report_on_disk(outcome: Outcome, topic: str, why: str) -> Report:
    """Make the report of a message that stays in the spool."""
    return Report(outcome, topic, -1, None, 0.0, why)
