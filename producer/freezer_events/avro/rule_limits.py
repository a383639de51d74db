"""Rules that say no more than between which numbers a value lies: the usual ones."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from freezer_events.avro.expression.grammar import parse_expression
from freezer_events.avro.expression.tree import Binary, Identifier, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from freezer_events.avro.expression.tree import Node
    from freezer_events.avro.rules import SchemaRule

    Limits = tuple[float, bool, float, bool]


def limits_of(rules: Iterable[SchemaRule]) -> Limits | None:
    """Return between which doubles a value obeys all rules, None where they say something else.

    The lowest, whether it is included, the highest, whether that is.
    """
    low, low_too, high, high_too = -math.inf, True, math.inf, True
    for rule in rules:
        for part in _parts(parse_expression(rule.expr)):
            limit = _limit(part)
            if limit is None:
                return None
            sign, number = limit
            included = len(sign) > 1
            if sign[0] == ">" and (number, not included) > (low, not low_too):
                low, low_too = number, included
            if sign[0] == "<" and (number, included) < (high, high_too):
                high, high_too = number, included
    return low, low_too, high, high_too


def _parts(node: Node) -> Iterator[Node]:
    if isinstance(node, Binary) and node.sign == "&&":
        yield from _parts(node.left)
        yield from _parts(node.right)
    else:
        yield node


def _limit(node: Node) -> tuple[str, float] | None:
    """Return sign and number of `this > 1.0`."""
    if not isinstance(node, Binary) or node.sign not in {"<", "<=", ">", ">="}:
        return None
    if not isinstance(node.left, Identifier) or not isinstance(node.right, Literal):
        return None
    number = node.right.value
    return (node.sign, number) if isinstance(number, float) else None
