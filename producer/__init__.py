"""A schema-governed event producer: typed events in, Avro under Schema Registry, out to Kafka.

Names are imported when first used, so that `import producer` costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from producer.client import EventProducer
    from producer.config import Settings
    from producer.consume import EventConsumer
    from producer.errors import FreezerError
    from producer.reports import Report
    from producer.serializer import EventSerializer

__all__ = [
    "EventConsumer",
    "EventProducer",
    "EventSerializer",
    "FreezerError",
    "Report",
    "Settings",
]

_HOMES = {
    "EventConsumer": "producer.consume",
    "EventProducer": "producer.client",
    "EventSerializer": "producer.serializer",
    "FreezerError": "producer.errors",
    "Report": "producer.reports",
    "Settings": "producer.config",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
