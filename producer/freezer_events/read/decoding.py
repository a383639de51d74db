"""From one message to one record: framing, the writer's schema by its id, the event."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from freezer_events.avro.wire import (
    GUID_HEADER,
    PREFIX_BYTES,
    WireFormatError,
    decode,
    header_guid,
    unframe,
)
from freezer_events.errors import SchemaError
from freezer_events.read.record import Cause, Record
from freezer_events.registry.client import NotRegistered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from confluent_kafka import Message

    from freezer_events.event import EventType
    from freezer_events.registry.client import Registry


class Decoding:
    """Make records of messages.

    Args:
        registry: knows the writers' schemas.
        event_type: the event that every value is read as.

    """

    def __init__(self, registry: Registry, event_type: EventType) -> None:
        self._registry = registry
        self._event_type = event_type
        self._met: set[bytes] = set()
        self._unknown: dict[int | str, str] = {}  # so that an id nobody knows is asked for once

    def learn(self, message: Message) -> None:
        """Ask the registry now for what `record` will have to know of this message.

        Raises:
            EventError: the registry denies access or does not answer.

        """
        value, headers = message.value(), _headers(message)
        told = dict(headers).get(GUID_HEADER) or (value or b"")[:PREFIX_BYTES]
        if value is not None and told not in self._met:
            self._read(value, headers)
            self._met.add(told)

    def record(self, message: Message) -> Record[Any]:
        """Return the record; what is no event has its problem and cause.

        Raises:
            EventError: the registry denies access or does not answer.

        """
        headers = _headers(message)
        schema_id, event, problem, cause = self._read(message.value(), headers)
        return Record(
            topic=str(message.topic()),
            partition=int(message.partition() or 0),
            offset=int(message.offset() or 0),
            timestamp_ms=message.timestamp()[1] if message.timestamp()[0] else None,
            key=_text_or_bytes(message.key()),
            headers=tuple(headers),
            schema_id=schema_id,
            value=message.value(),
            event=event,
            problem=problem,
            cause=cause,
        )

    def _read(
        self, value: bytes | None, headers: Sequence[tuple[str, bytes | None]]
    ) -> tuple[int | None, Any, str | None, Cause | None]:
        if value is None:
            return None, None, "a tombstone: it has a key and no value", Cause.TOMBSTONE
        schema_id = guid = None
        try:
            guid = header_guid(headers)
            if guid is None:
                schema_id, body = unframe(value)
            else:
                body = value
            if (guid or schema_id) in self._unknown:
                problem = self._unknown[guid or schema_id or 0]
                return schema_id, None, problem, Cause.UNKNOWN_SCHEMA
            writer = (
                self._registry.schema_text_of_guid(guid)
                if guid
                else self._registry.schema_text(schema_id or 0)
            )
            return schema_id, decode(body, writer, self._event_type), None, None
        except NotRegistered as error:
            what = f"schema {guid}" if guid else f"schema id {schema_id}"
            problem = f"{what} is not in the registry: {error.why}"
            self._unknown[guid or schema_id or 0] = problem
            return schema_id, None, problem, Cause.UNKNOWN_SCHEMA
        except SchemaError as error:
            problem = f"{error.doing}: {error.why}" if error.doing else error.why
            unframed = isinstance(error, WireFormatError)
            return schema_id, None, problem, Cause.UNFRAMED if unframed else Cause.UNREADABLE


def _headers(message: Message) -> list[tuple[str, bytes | None]]:
    return cast("list[tuple[str, bytes | None]]", message.headers() or [])


def _text_or_bytes(key: str | bytes | None) -> str | bytes | None:
    if not isinstance(key, bytes):
        return key
    try:
        return key.decode()
    except UnicodeDecodeError:
        return key
