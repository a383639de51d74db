"""A schema-governed event producer: typed events in, Avro under Schema Registry, out to Kafka.

Names are imported when first used, so that `import freezer_events` costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from freezer_events.config import Settings
    from freezer_events.errors import EventError
    from freezer_events.read.consumer import EventConsumer
    from freezer_events.registry.serializer import EventSerializer
    from freezer_events.send.producer import EventProducer
    from freezer_events.send.reports import Report

__all__ = [
    "EventConsumer",
    "EventError",
    "EventProducer",
    "EventSerializer",
    "Report",
    "Settings",
]

_HOMES = {
    "EventConsumer": "freezer_events.read.consumer",
    "EventProducer": "freezer_events.send.producer",
    "EventSerializer": "freezer_events.registry.serializer",
    "EventError": "freezer_events.errors",
    "Report": "freezer_events.send.reports",
    "Settings": "freezer_events.config",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
