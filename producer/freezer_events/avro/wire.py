"""The codec: event to Avro body and back, and the wire format around a body.

Pure: knows no registry and no broker. Ids are prepended at the very end, by `frame`.
"""

from __future__ import annotations

import struct
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, cast
from uuid import UUID

from freezer_events.avro.explain import first_problem, first_violation
from freezer_events.avro.model import model_of
from freezer_events.avro.parse.foreign import parse_foreign
from freezer_events.avro.resolving import decoder
from freezer_events.avro.values import MORE_THAN
from freezer_events.errors import InvalidEvent, SchemaError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from freezer_events.event import Event, EventType

# Confluent wire format: magic byte 0, schema id as big-endian 32-bit integer, body.
# https://docs.confluent.io/platform/current/schema-registry/fundamentals/serdes-develop/index.html#wire-format
_PREFIX: Final = struct.Struct(">bI")
MAGIC: Final = 0
PREFIX_BYTES: Final = _PREFIX.size
GUID_HEADER: Final = "__value_schema_id"
_GUID_MAGIC: Final = 1
_GUID_BYTES: Final = 17

_TRUNCATE: Final = "if they may go: freezer_events.truncate_to_ms(time)"


class WireFormatError(SchemaError):
    """A message's value is not in the Confluent wire format."""


class BodyError(SchemaError):
    """A body does not decode under its writer schema, or not for our reader schema."""


def encode(event: Event, by: Callable[[Any], bytes] | None = None) -> bytes:
    """Return the event's Avro body (no framing).

    Args:
        event: an instance of a generated class.
        by: the function that encodes it; its own `encode` where none is given.

    Raises:
        InvalidEvent: a value does not fit its field; names the field's path and the value.

    """
    try:
        return (by or event.__event__.encode)(event)
    except Exception as error:
        raise invalid_event(event, error) from error


def invalid_event(event: Event, error: Exception) -> InvalidEvent:
    """Explain in the schema's terms why an event could not be encoded."""
    problem = first_problem(event)
    if problem is None:
        return InvalidEvent(event.__event__.name, f"cannot be encoded: {error!r}")
    path, why = problem
    fix = _TRUNCATE if why.endswith(MORE_THAN[1000]) else ""
    made = InvalidEvent(event.__event__.name, f"{path}: {why}", fix)
    violation = first_violation(event)
    made.rule = violation.rule.name if violation else ""
    return made


def prefix(schema_id: int) -> bytes:
    """Return the five bytes that precede every body written under this schema id."""
    return _PREFIX.pack(MAGIC, schema_id)


def frame(schema_id: int, body: bytes) -> bytes:
    """Return the message value: magic byte, schema id, body."""
    return prefix(schema_id) + body


def unframe(value: bytes) -> tuple[int, bytes]:
    """Return schema id and body of a message value.

    Raises:
        WireFormatError: the value is too short, or its first byte is not the magic byte.

    """
    if len(value) < PREFIX_BYTES:
        raise WireFormatError("", f"not in the Confluent wire format: only {len(value)} bytes")
    magic, schema_id = _PREFIX.unpack_from(value)
    if magic != MAGIC:
        raise WireFormatError(
            "", f"not in the Confluent wire format: starts with 0x{value[0]:02x}, not with 0x00"
        )
    return cast("int", schema_id), value[PREFIX_BYTES:]


def header_guid(headers: Iterable[tuple[str, bytes | None]]) -> str | None:
    """Return the GUID of a value's schema where a header has it, and the value is all body.

    Confluent's `header_schema_id_serializer` writes it: a byte 1 and the 16 bytes of the GUID.

    Raises:
        WireFormatError: the header is there and is something else.

    """
    for name, found in headers:
        if name == GUID_HEADER:
            if found is None or len(found) != _GUID_BYTES or found[0] != _GUID_MAGIC:
                raise WireFormatError("", f"the header {GUID_HEADER} holds no schema's GUID")
            return str(UUID(bytes=found[1:]))
    return None


def decode(body: bytes, writer_schema: str, event_type: EventType) -> Any:
    """Return the event that a body holds, read with the event type's own schema.

    Args:
        body: the Avro body, without framing.
        writer_schema: JSON text of the schema it was written with.
        event_type: the event to read it as.

    Raises:
        BodyError: the body is cut short or damaged, or the two schemas do not resolve.

    """
    try:
        return _decoder(writer_schema, event_type)(body)
    except Exception as error:
        raise BodyError("", f"cannot be read as {event_type.name}: {_cause(error)}") from error


def _cause(error: Exception) -> str:
    text = " ".join(str(error).split())
    known = isinstance(error, ValueError | SchemaError)
    return text if known and text else f"{type(error).__name__}: {text}".removesuffix(": ")


@lru_cache(maxsize=1024)
def _decoder(writer_schema: str, event_type: EventType) -> Callable[[bytes], Any]:
    own = writer_schema == event_type.schema
    writer = model_of(event_type).schema if own else parse_foreign(writer_schema, "its schema")
    return decoder(writer, event_type)
