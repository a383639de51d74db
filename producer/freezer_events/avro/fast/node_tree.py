"""From an event's schema to the tree of compiled nodes that encodes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from freezer_events.avro.fast import nodes
from freezer_events.avro.model import model_of, scalar_of
from freezer_events.avro.parse.types import ArrayType, EnumType, MapType, RecordType, UnionType
from freezer_events.avro.rule_checks import RecordChecks, rule_checks
from freezer_events.avro.rule_limits import limits_of

if TYPE_CHECKING:
    from freezer_events.avro.parse.types import Type
    from freezer_events.avro.rule_checks import RuleCheck
    from freezer_events.event import EventType


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
        self._model = model_of(event_type)
        self._checks = rule_checks(self._model)
        self._records: dict[str, nodes.Node] = {}
        self.root = self._record(self._model.root)

    def _node(self, use: Type) -> nodes.Node:
        of = self._model.resolve(use)
        match of:
            case ArrayType():
                return nodes.Array(self._node(of.items))
            case MapType():
                return nodes.Map(self._node(of.values))
            case EnumType():
                made = self._types[of.name.full]
                return nodes.Enum(made, {made(each): at for at, each in enumerate(of.symbols)})
            case RecordType():
                return self._record(of)
            case UnionType():
                nullable = self._model.optional(of)
                if nullable is None:
                    raise _NoNodeError
                _, other, null = nullable
                return nodes.Optional(self._node(other), null)
        scalar = scalar_of(of)
        if scalar is None or scalar.compiled is None:
            raise _NoNodeError
        name, arguments = scalar.compiled
        node: nodes.Node = getattr(nodes, name)(*arguments)
        return node

    def _record(self, of: RecordType) -> nodes.Node:
        full = of.name.full
        checks = self._checks.get(full, RecordChecks((), {}))
        if full not in self._records:
            record = nodes.Record(self._types[full])
            self._records[full] = _checked(record, checks.own)
            names = self._model.attributes[full]
            record.fill(
                tuple(names[each.name] for each in of.fields),
                tuple(
                    _checked(self._node(each.type), checks.fields.get(each.name, ()))
                    for each in of.fields
                ),
            )
        return self._records[full]


def _checked(node: nodes.Node, checks: tuple[RuleCheck, ...]) -> nodes.Node:
    """Return a node that refuses what breaks a rule before it writes the rest."""
    if not checks:
        return node
    rules = tuple(each.holds for each in checks)
    limits = limits_of([each.rule for each in checks])
    return nodes.Checked(node, rules) if limits is None else nodes.Limited(node, rules, *limits)
