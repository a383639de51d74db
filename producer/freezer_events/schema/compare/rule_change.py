"""Where a rule is new or stricter: data that is there did not have to obey it."""

from __future__ import annotations

from dataclasses import fields as parts_of
from dataclasses import is_dataclass
from typing import TYPE_CHECKING, Any, Final

from freezer_events.avro.expression.grammar import parse_expression
from freezer_events.avro.expression.tree import BadExpression, Binary, Identifier, Literal
from freezer_events.avro.parse.types import RecordType
from freezer_events.avro.rules import rules_at
from freezer_events.errors import SchemaError
from freezer_events.schema.compare.decode import Draft
from freezer_events.schema.compare.findings import Code, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from freezer_events.avro.expression.tree import Node
    from freezer_events.avro.parse import Schema
    from freezer_events.avro.parse.types import RecordField
    from freezer_events.avro.rules import SchemaRule
    from freezer_events.schema.compare.resolution import Resolution

_ABOVE: Final = frozenset({">", ">="})
_BELOW: Final = frozenset({"<", "<="})


def drafts(resolution: Resolution, old: Schema, new: Schema) -> Iterator[Draft]:
    """Yield what new readers hold to be impossible, and old data may hold."""
    for met in resolution.types:
        if isinstance(met.writer, RecordType) and isinstance(met.reader, RecordType):
            yield from _of(old, new, met.writer, met.reader, met.path)
    for each in resolution.fields:
        yield from _of(old, new, each.writer, each.reader, each.path)


def _of(
    old: Schema,
    new: Schema,
    writer: RecordType | RecordField,
    reader: RecordType | RecordField,
    path: str,
) -> Iterator[Draft]:
    before, after = _rules(old, writer), _rules(new, reader)
    held = [part for each in before for part in conjuncts(each)]
    names = {each.name for each in before}
    for rule in after:
        if all(any(_implies(one, part) for one in held) for part in conjuncts(rule)):
            continue
        changed = rule.name in names
        how = "stricter" if changed else "new"
        yield Draft(
            Kind.MEANING,
            Code.RULE_CHANGED if changed else Code.RULE_ADDED,
            path,
            writer.pointer,
            rule.pointer,
            f"the rule {rule.name!r} is {how}, and old data need not obey it: {rule.expr}",
            "see that no data breaks it, and say so in event.toml, below [suppress]; or put the "
            "rule on a new field",
        )


def _rules(schema: Schema, holder: RecordType | RecordField) -> tuple[SchemaRule, ...]:
    try:
        return rules_at(schema, holder)
    except SchemaError:
        return ()  # `check` has said so


def conjuncts(rule: SchemaRule) -> list[Any]:
    """Return what a rule demands, each demand on its own; text that is no expression as it is."""
    try:
        return [_bare(each) for each in _parts(parse_expression(rule.expr))]
    except BadExpression:
        return [rule.expr]


def _parts(node: Node) -> Iterator[Node]:
    if isinstance(node, Binary) and node.sign == "&&":
        yield from _parts(node.left)
        yield from _parts(node.right)
    else:
        yield node


def _bare(value: Any) -> Any:
    """Return a tree without the places of its parts."""
    if isinstance(value, tuple):
        return tuple(_bare(each) for each in value)
    if not is_dataclass(value):
        return (type(value).__name__, value)
    inside = tuple(_bare(getattr(value, e.name)) for e in parts_of(value) if e.name != "at")
    return (type(value).__name__, *inside)


def _implies(held: Any, wanted: Any) -> bool:
    """Tell whether what was held before makes sure of what is wanted now."""
    if held == wanted:
        return True
    one, other = _bound(held), _bound(wanted)
    if one is None or other is None or one[0] != other[0]:
        return False
    (_, sign, limit), (_, wanted_sign, wanted_limit) = one, other
    if sign in _ABOVE and wanted_sign in _ABOVE:
        return limit > wanted_limit or (limit == wanted_limit and wanted_sign == ">=")
    if sign in _BELOW and wanted_sign in _BELOW:
        return limit < wanted_limit or (limit == wanted_limit and wanted_sign == "<=")
    return False


def _bound(bare: Any) -> tuple[Any, str, float] | None:
    """Return value, sign and limit of `this > 1.0`, None where it is something else."""
    if not isinstance(bare, tuple) or bare[0] != Binary.__name__:
        return None
    _, (_, sign), left, right = bare
    if sign not in _ABOVE | _BELOW or right[0] != Literal.__name__ or left[0] == Literal.__name__:
        return None
    limit = right[1][1]
    number = isinstance(limit, int | float) and not isinstance(limit, bool)
    return (left, sign, limit) if number and left[0] in {Identifier.__name__, "Select"} else None
