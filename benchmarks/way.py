"""What a row of the table is: one way to get typed events delivered, or encoded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from contextlib import AbstractContextManager

    from freezer_events.registry.client import Registry

FLUSH_S: Final = 120.0

# The same for every row, in librdkafka's words.
TUNING: Final = {
    "enable.idempotence": "true",
    "acks": "all",
    "linger.ms": "5",
    "compression.type": "lz4",
    "partitioner": "murmur2_random",
}


@dataclass(frozen=True, slots=True)
class BenchTarget:
    """Where a row's events go.

    Attributes:
        servers: the bootstrap servers.
        topic: an existing topic.
        registry: holds the schema under the topic's subject.
        registry_url: the same over HTTP, for peers that have their own client; "" in process.

    """

    servers: str
    topic: str
    registry: Registry
    registry_url: str = ""


@dataclass(frozen=True, slots=True)
class Way:
    """One way to deliver.

    Attributes:
        name: the row's.
        open: makes the client, and gives the function whose time is taken: it takes events, waits
            until all are delivered and returns how many of them were.
        real_only: its client finds no brokers on librdkafka's mock cluster.
        ready: what is done to events before the clock; only ready bytes have anything done to them.

    """

    name: str
    open: Callable[[BenchTarget], AbstractContextManager[Callable[[Iterable[Any]], int]]]
    ready: Callable[[BenchTarget, Iterable[Any]], Iterable[Any]] | None = None
    real_only: bool = False
