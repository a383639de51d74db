"""Headers that `event.toml` asks for on every message: CloudEvents and W3C trace context.

CloudEvents 1.0 in Kafka's binary mode: attributes are headers `ce_…`, the value stays as it is.
https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/kafka-protocol-binding.md
https://www.w3.org/TR/trace-context/
"""

from __future__ import annotations

import os
import re
import secrets
import sys
import uuid
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Final

from freezer_events.avro.model import model_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from freezer_events.event import EventType
    from freezer_events.send.line import Extra
    from freezer_events.send.report import Headers

    Part = Callable[[Any], Headers]

_TRACEPARENT: Final = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
_FRAMED: Final = 5  # a zero byte and the schema id
_CONTENT_TYPE: Final = "application/vnd.confluent.avro"


def header_maker(event_type: EventType, registry: str, prefix: bytes) -> Part | None:
    """Return what makes the headers of an event; None where `event.toml` asks for none.

    Args:
        event_type: the event.
        registry: the registry's address, without credentials.
        prefix: what precedes the event's body; empty where the schema id is not known yet.

    """
    parts: list[Part] = []
    source = event_type.headers.get("cloudevents")
    if source is not None:
        parts.append(_cloud_events(event_type, source, _schema_address(registry, prefix)))
    if "traceparent" in event_type.headers:
        parts.append(lambda _: [("traceparent", traceparent())])
    if not parts:
        return None
    return lambda event: [pair for part in parts for pair in part(event)]


def added(extra: Extra | None, standard: Headers) -> Extra:
    """Add headers to what a message carries: those that the caller gave count over ours."""
    own, timestamp_ms = extra or (None, 0)
    given = {name for name, _ in own or ()}
    return [*(pair for pair in standard if pair[0] not in given), *(own or ())], timestamp_ms


def traceparent() -> str:
    """Return the trace context of this moment: OpenTelemetry's, the environment's, or a new one."""
    if "opentelemetry.trace" in sys.modules:
        context = sys.modules["opentelemetry.trace"].get_current_span().get_span_context()
        if context.is_valid:
            flags = int(context.trace_flags)
            return f"00-{context.trace_id:032x}-{context.span_id:016x}-{flags:02x}"
    given = os.environ.get("TRACEPARENT", "")
    if _TRACEPARENT.fullmatch(given):
        return given
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"


def _cloud_events(event_type: EventType, source: str, schema: str | None) -> Part:
    identity = _filled(event_type, "uuid")
    time = _filled(event_type, "now")
    fixed: Headers = [
        ("ce_specversion", "1.0"),
        ("ce_type", model_of(event_type).root.name.full),
        ("ce_source", source),
        ("content-type", _CONTENT_TYPE),
    ]
    if schema is not None:
        fixed.append(("ce_dataschema", schema))

    def make(event: Any) -> Headers:
        known = None if identity is None else getattr(event, identity)
        at = None if time is None else getattr(event, time)
        moment = at if isinstance(at, date) else datetime.now(UTC)
        return [
            *fixed,
            ("ce_id", str(known or uuid.uuid4())),
            ("ce_time", moment.isoformat().replace("+00:00", "Z")),
        ]

    return make


def _filled(event_type: EventType, way: str) -> str | None:
    """Return the field that producers fill in this way: an event's identity, or its time."""
    named = {"uuid": "event_id", "now": "recorded_at"}[way]
    found = next((name for name, each in event_type.fill.items() if each == way), None)
    return found or (named if named in event_type.model.fields else None)


def _schema_address(registry: str, prefix: bytes) -> str | None:
    if len(prefix) < _FRAMED:
        return None
    schema_id = int.from_bytes(prefix[1:_FRAMED], "big")
    return f"{registry.split(',', maxsplit=1)[0].strip().rstrip('/')}/schemas/ids/{schema_id}"
