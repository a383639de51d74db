"""From an event's schema to the tree of compiled nodes that encodes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from producer.compiled import avro
from producer.schema.avsc import parse
from producer.schema.codegen.model import Array, Map, Named, Scalar, Union, read_model
from producer.schema.codegen.naming import attributes
from producer.schema.codegen.scope import optional

if TYPE_CHECKING:
    from collections.abc import Callable

    from producer.event import EventType
    from producer.schema.codegen.model import Node

_SCALARS: Final[dict[str, Callable[[Scalar], avro.Node]]] = {
    "null": lambda _: avro.Null(),
    "boolean": lambda _: avro.Boolean(),
    "int": lambda _: avro.Whole(32),
    "long": lambda _: avro.Whole(64),
    "float": lambda _: avro.Real(4),
    "double": lambda _: avro.Real(8),
    "bytes": lambda _: avro.Bytes(),
    "fixed": lambda node: avro.Fixed(node.size),
    "string": lambda _: avro.String(),
    "uuid": lambda node: avro.Uuid(node.base == "string"),
    "date": lambda _: avro.Date(),
    "time-millis": lambda _: avro.TimeOfDay(1000),
    "time-micros": lambda _: avro.TimeOfDay(1),
    "timestamp-millis": lambda _: avro.Timestamp(1000, local=False),
    "timestamp-micros": lambda _: avro.Timestamp(1, local=False),
    "local-timestamp-millis": lambda _: avro.Timestamp(1000, local=True),
    "local-timestamp-micros": lambda _: avro.Timestamp(1, local=True),
}


class _NoNodeError(Exception):
    """A type that only the generated Python encodes: a decimal, a union of several types."""


def encoder(event_type: EventType) -> avro.Encoder | None:
    """Return the compiled encoder of an event, None where its schema has a type without a node."""
    try:
        return avro.Encoder(_Plan(event_type).root)
    except _NoNodeError:
        return None


class _Plan:
    """The nodes of one event."""

    def __init__(self, event_type: EventType) -> None:
        self._types = event_type.types
        self._model = read_model(parse(event_type.schema, event_type.name))
        self._records: dict[str, avro.Record] = {}
        self.root = self._record(self._model.root)

    def _node(self, node: Node) -> avro.Node:
        match node:
            case Scalar() if node.kind in _SCALARS:
                return _SCALARS[node.kind](node)
            case Array():
                return avro.Array(self._node(node.items))
            case Map():
                return avro.Map(self._node(node.values))
            case Named() if node.full in self._model.enums:
                made = self._types[node.full]
                symbols = self._model.enums[node.full].symbols
                return avro.Enum(made, {made(each): at for at, each in enumerate(symbols)})
            case Named():
                return self._record(node.full)
            case Union():
                nullable = optional(node)
                if nullable is not None:
                    _, other, null = nullable
                    return avro.Optional(self._node(other), null)
        raise _NoNodeError

    def _record(self, full: str) -> avro.Record:
        if full not in self._records:
            record = self._records[full] = avro.Record(self._types[full])
            fields = self._model.records[full].fields
            names = attributes([each.name for each in fields])
            record.fill(
                tuple(names[each.name] for each in fields),
                tuple(self._node(each.node) for each in fields),
            )
        return self._records[full]
