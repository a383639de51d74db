"""A schema-governed event producer: typed events in, Avro under Schema Registry, out to Kafka.

`__all__` is the public face, beside `freezer_events.events` (the generated classes),
`freezer_events.testing` (a cluster for your own tests) and `freezer_events.event` (what generated
classes carry). The other packages are inner: they may change from one release to the next.

Names are imported when first used, so that `import freezer_events` costs nothing.
"""

from __future__ import annotations

import importlib
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from freezer_events.avro.values import truncate_to_ms
    from freezer_events.config import Settings
    from freezer_events.errors import (
        AccessError,
        ConfigError,
        EventError,
        InvalidEvent,
        NotDelivered,
        SchemaError,
        UnreachableError,
        UsageError,
    )
    from freezer_events.event import Event
    from freezer_events.kafka.codes import Outcome
    from freezer_events.observe.server import MetricsServer, serve_metrics
    from freezer_events.read.consumer import EventConsumer
    from freezer_events.read.record import Cause, Record
    from freezer_events.read.starting import Start
    from freezer_events.registry.serializer import EventSerializer
    from freezer_events.send.async_producer import AsyncEventProducer
    from freezer_events.send.checks import KEY_FIELD
    from freezer_events.send.producer import EventProducer
    from freezer_events.send.report import Report
    from freezer_events.send.spool_at import SpoolAt
    from freezer_events.send.tally import Tally

__all__ = [
    "KEY_FIELD",
    "AccessError",
    "AsyncEventProducer",
    "Cause",
    "ConfigError",
    "Event",
    "EventConsumer",
    "EventError",
    "EventProducer",
    "EventSerializer",
    "InvalidEvent",
    "MetricsServer",
    "NotDelivered",
    "Outcome",
    "Record",
    "Report",
    "SchemaError",
    "Settings",
    "SpoolAt",
    "Start",
    "Tally",
    "UnreachableError",
    "UsageError",
    "serve_metrics",
    "truncate_to_ms",
]

_IMPORTING = threading.RLock()  # a home may import from here in its turn
_HOMES = {
    "AsyncEventProducer": "send.async_producer",
    "Cause": "read.record",
    "KEY_FIELD": "send.checks",
    "Event": "event",
    "EventConsumer": "read.consumer",
    "EventProducer": "send.producer",
    "EventSerializer": "registry.serializer",
    "MetricsServer": "observe.server",
    "Outcome": "kafka.codes",
    "Record": "read.record",
    "Report": "send.report",
    "Settings": "config",
    "SpoolAt": "send.spool_at",
    "Start": "read.starting",
    "Tally": "send.tally",
    "serve_metrics": "observe.server",
    "truncate_to_ms": "avro.values",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = _HOMES.get(name, "errors")
    # One thread at a time: confluent_kafka's modules import each other, and two threads that begin
    # at different ends find them half made.
    with _IMPORTING:
        return getattr(importlib.import_module(f"{__name__}.{home}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
