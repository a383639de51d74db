"""EventSerializer: an AvroSerializer for typed events, with our encoding step in place of its own.

A drop-in for Confluent's class, for example in a `SerializingProducer`: it takes Confluent's own
registry client, is called in the same way, and returns the same bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from confluent_kafka.schema_registry.avro import AvroSerializer

from freezer_events.avro.fast import encoder
from freezer_events.avro.wire import encode, prefix
from freezer_events.config.secrets import without_credentials
from freezer_events.registry.client import Registry, subject_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from confluent_kafka.schema_registry import SchemaRegistryClient
    from confluent_kafka.serialization import SerializationContext

    from freezer_events.event import Event

_CONF: Final = {
    "auto.register.schemas": False,  # a producer with a stray schema must not edit the registry
    "subject.name.strategy.type": "TOPIC",  # the default, ASSOCIATED, asks the registry once more
}


class EventSerializer(AvroSerializer):
    """Serialize the events of one class, for programs that already have a `SerializingProducer`.

        serializer = EventSerializer(SchemaRegistryClient({"url": url}), FreezerReading)
        SerializingProducer({"bootstrap.servers": servers, "value.serializer": serializer})

    Values are checked, and an event's class cannot differ from its schema. Anything else, a dict
    for example, is left to Confluent's AvroSerializer. The schema must be registered under the
    topic's subject (`<topic>-value`); nothing is ever registered here.

    Args:
        schema_registry_client: Confluent's client, as for its own serializers.
        event: the event's generated class.

    Raises:
        SchemaError: the schema is not registered under the topic's subject, or has rules there
            that a writer must run (encryption, say): nothing is written around them.
        InvalidEvent: a value does not fit its field.
        EventError: the registry denies access, or does not answer.

    """

    # The parent looks the schema up before it encodes, inside one method: `__call__` takes the two
    # steps apart. Its own constructor is bound under a mangled name; keep our state apart from it.
    __slots__ = ("_encode", "_event_type", "_ids", "_prefixes")

    def __init__(self, schema_registry_client: SchemaRegistryClient, event: type[Event]) -> None:
        self._event_type = event.__event__
        super().__init__(schema_registry_client, self._event_type.schema, conf=_CONF)
        self._encode = encoder(self._event_type)
        self._ids = Registry(schema_registry_client, _address(schema_registry_client))
        self._prefixes: dict[str, bytes] = {}

    @classmethod
    def through(cls, registry: Registry, event: type[Event]) -> EventSerializer:
        """Make one that asks a registry of ours for its ids, whatever that is."""
        made = cls(registry.client, event)
        made._ids = registry
        return made

    @property
    def encoder(self) -> Callable[[Any], bytes]:
        """The function that makes an event's Avro body; raises whatever it stumbles over."""
        return self._encode

    def __call__(self, obj: object, ctx: SerializationContext | None = None) -> bytes | None:
        """Return the framed body of an event; None (a tombstone) stays None."""
        if type(obj) is not self._event_type.record or ctx is None:
            if ctx is not None and obj is not None:
                self.prefix(ctx.topic)  # the parent runs no rules either, as it is set up here
            parents: bytes | None = super().__call__(obj, ctx)
            return parents
        body = encode(obj, self._encode)  # type: ignore[arg-type]  # its class is a generated one
        return self.prefix(ctx.topic) + body

    def prefix(self, topic: str) -> bytes:
        """Return the five bytes that precede a body on this topic; asks the registry once."""
        known = self._prefixes.get(topic)
        if known is None:
            schema_id = self._ids.schema_id(subject_name(topic), self._event_type.schema)
            known = self._prefixes[topic] = prefix(schema_id)
        return known


def _address(client: Any) -> str:
    """Return how messages name a client's registry."""
    return without_credentials(str(client.config().get("url")))
