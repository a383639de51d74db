"""The AvroSerializer that producers use: our `encode`, the registry's id, framing last.

A drop-in for Confluent's classes (`SerializingProducer`): same constructor idea, same bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from confluent_kafka.schema_registry.avro import AvroSerializer

from freezer_events.avro.fast import encoder
from freezer_events.avro.wire import encode, prefix
from freezer_events.registry.client import Registry, subject_name

if TYPE_CHECKING:
    from confluent_kafka.serialization import SerializationContext

    from freezer_events.event import EventType

_CONF: Final = {
    "auto.register.schemas": False,  # a producer with a stray schema must not edit the registry
    "subject.name.strategy.type": "TOPIC",  # the default, ASSOCIATED, asks the registry once more
}


class EventSerializer(AvroSerializer):
    """Serialize events of one type; anything else goes the parent's way.

    The parent looks the schema up before it encodes, inside one method. This one overrides the
    call with the two steps apart: the pure `encode`, then the prefix that holds the id.

    Args:
        registry: where ids are looked up. Nothing is ever registered.
        event_type: the event, with the schema that it is written under.
        compiled: use the compiled encoder where it was built.

    Attributes:
        encode: the function that makes a body of an event, compiled or not.

    Raises:
        SchemaError: the schema is not registered under the topic's subject.
        InvalidEvent: a value does not fit its field.

    """

    # The parent's own constructor is bound under a mangled name; keep our state apart from it.
    __slots__ = ("_event_type", "_ids", "_prefixes", "encode")

    def __init__(self, registry: Registry, event_type: EventType, *, compiled: bool = True) -> None:
        super().__init__(registry.client, event_type.schema, conf=_CONF)
        self._event_type = event_type
        self.encode = encoder(event_type, compiled=compiled)
        self._ids = registry
        self._prefixes: dict[str, bytes] = {}

    def __call__(self, obj: object, ctx: SerializationContext | None = None) -> bytes | None:
        """Return the framed body of an event, None for None (a tombstone)."""
        if type(obj) is not self._event_type.record or ctx is None:
            parents: bytes | None = super().__call__(obj, ctx)
            return parents
        body = encode(obj, self.encode)  # type: ignore[arg-type]  # its class is a generated one
        return self.prefix(ctx.topic) + body

    def prefix(self, topic: str) -> bytes:
        """Return the five bytes that precede a body on this topic; asks the registry once."""
        known = self._prefixes.get(topic)
        if known is None:
            schema_id = self._ids.schema_id(subject_name(topic), self._event_type.schema)
            known = self._prefixes[topic] = prefix(schema_id)
        return known
