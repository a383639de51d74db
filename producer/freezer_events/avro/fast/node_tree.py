"""From an event's schema to the tree of compiled nodes that encodes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from freezer_events.avro.fast import nodes
from freezer_events.avro.model import (
    ArrayNode,
    MapNode,
    Named,
    Scalar,
    UnionNode,
    optional,
    read_model,
)
from freezer_events.avro.names import attributes
from freezer_events.avro.parse import parse

if TYPE_CHECKING:
    from collections.abc import Callable

    from freezer_events.avro.model import Node
    from freezer_events.event import EventType

_SCALARS: Final[dict[str, Callable[[Scalar], nodes.Node]]] = {
    "null": lambda _: nodes.Null(),
    "boolean": lambda _: nodes.Boolean(),
    "int": lambda _: nodes.Whole(32),
    "long": lambda _: nodes.Whole(64),
    "float": lambda _: nodes.Real(4),
    "double": lambda _: nodes.Real(8),
    "bytes": lambda _: nodes.Bytes(),
    "fixed": lambda node: nodes.Fixed(node.size),
    "string": lambda _: nodes.String(),
    "uuid": lambda node: nodes.Uuid(node.base == "string"),
    "date": lambda _: nodes.Date(),
    "time-millis": lambda _: nodes.TimeOfDay(1000),
    "time-micros": lambda _: nodes.TimeOfDay(1),
    "timestamp-millis": lambda _: nodes.Timestamp(1000, local=False),
    "timestamp-micros": lambda _: nodes.Timestamp(1, local=False),
    "local-timestamp-millis": lambda _: nodes.Timestamp(1000, local=True),
    "local-timestamp-micros": lambda _: nodes.Timestamp(1, local=True),
}


class _NoNodeError(Exception):
    """A type that only the generated Python encodes: a decimal, a union of several types."""


def encoder(event_type: EventType) -> nodes.Encoder | None:
    """Return the compiled encoder of an event, None where its schema has a type without a node."""
    try:
        return nodes.Encoder(_Plan(event_type).root)
    except _NoNodeError:
        return None


class _Plan:
    """The nodes of one event."""

    def __init__(self, event_type: EventType) -> None:
        self._types = event_type.types
        self._model = read_model(parse(event_type.schema, event_type.name))
        self._records: dict[str, nodes.Record] = {}
        self.root = self._record(self._model.root)

    def _node(self, node: Node) -> nodes.Node:
        match node:
            case Scalar() if node.kind in _SCALARS:
                return _SCALARS[node.kind](node)
            case ArrayNode():
                return nodes.Array(self._node(node.items))
            case MapNode():
                return nodes.Map(self._node(node.values))
            case Named() if node.full in self._model.enums:
                made = self._types[node.full]
                symbols = self._model.enums[node.full].symbols
                return nodes.Enum(made, {made(each): at for at, each in enumerate(symbols)})
            case Named():
                return self._record(node.full)
            case UnionNode():
                nullable = optional(node)
                if nullable is not None:
                    _, other, null = nullable
                    return nodes.Optional(self._node(other), null)
        raise _NoNodeError

    def _record(self, full: str) -> nodes.Record:
        if full not in self._records:
            record = self._records[full] = nodes.Record(self._types[full])
            fields = self._model.records[full].fields
            names = attributes([each.name for each in fields])
            record.fill(
                tuple(names[each.name] for each in fields),
                tuple(self._node(each.node) for each in fields),
            )
        return self._records[full]
