"""Comparisons, membership and arithmetic: which kinds go together, and the Python for them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from freezer_events.avro.expression.kinds import ANY, BOOL, NUMBERS, ORDERED, STRING
from freezer_events.avro.expression.piece import COMPARED, NOT, PRODUCT, SUM, Piece
from freezer_events.avro.expression.tree import BadExpression

if TYPE_CHECKING:
    from freezer_events.avro.expression.kinds import ValueKind
    from freezer_events.avro.expression.piece import ExpressionScope
    from freezer_events.avro.expression.tree import Binary

_ANY_CALLS: Final = {"+": "add", "-": "subtract", "*": "multiply", "/": "divide", "%": "modulo"}
_CALLS: Final = {("int", "/"): "quotient", ("int", "%"): "remainder", ("double", "/"): "ratio"}
_DOUBLE: Final = "write the number as a double: 1.0"


def comparison(scope: ExpressionScope, node: Binary, left: Piece, right: Piece) -> Piece:
    """Return the Python of `<`, `<=`, `>`, `>=`, `==` or `!=`.

    Raises:
        BadExpression: values of these kinds cannot be compared.

    """
    if node.sign in {"==", "!="}:
        return _equality(scope, node, left, right)
    for each in (left, right):
        if each.kind.name not in {*ORDERED, "any"}:
            raise BadExpression(node.at, f"{each.kind.shown} has no order")
    if "any" in {left.kind.name, right.kind.name}:
        low, high = (left, right) if node.sign[0] == "<" else (right, left)
        call = scope.use("less" if len(node.sign) == 1 else "at_most")
        return Piece(f"{call}({low.source}, {high.source})", BOOL, safe=False)
    _refuse_mixed(scope, node, left.kind, right.kind)
    safe = left.safe and right.safe and not (left.kind.nullable or right.kind.nullable)
    return Piece(_infix(node.sign, left, right), BOOL, safe, COMPARED)


def membership(scope: ExpressionScope, node: Binary, value: Piece, of: Piece) -> Piece:
    """Return the Python of `in`.

    Raises:
        BadExpression: what is looked in is no list and no map, or holds another kind.

    """
    if of.kind.name not in {"list", "map", "any"}:
        raise BadExpression(node.at, f"nothing is in {of.kind.shown}")
    inside = STRING if of.kind.name == "map" else of.kind.inside or ANY
    safe = value.safe and of.safe and not of.kind.nullable
    if "any" in {value.kind.name, inside.name}:
        text = f"{scope.use('among')}({value.source}, {of.source})"
        return Piece(text, BOOL, safe and of.kind.name == "list")
    if value.kind.name != "null":
        _refuse_mixed(scope, node, value.kind, inside)
    if value.kind.name == "double" and not of.constant:
        # Python's own `in` finds a NaN that is the same object.
        return Piece(f"{scope.use('among')}({value.source}, {of.source})", BOOL, safe)
    source = f"({of.source[1:-1]},)" if of.constant else of.within(SUM)
    return Piece(f"{value.within(SUM)} in {source}", BOOL, safe, COMPARED)


def arithmetic(scope: ExpressionScope, node: Binary, left: Piece, right: Piece) -> Piece:
    """Return the Python of `+`, `-`, `*`, `/` or `%`.

    Raises:
        BadExpression: values of these kinds have no sum, or what it is.

    """
    kinds = {left.kind.name, right.kind.name}
    if "any" in kinds:
        call = scope.use(_ANY_CALLS[node.sign])
        return Piece(f"{call}({left.source}, {right.source})", ANY, safe=False)
    kind = replace(left.kind, nullable=False, uuid=False)
    known = {"int", "double"} | ({"string", "bytes", "list"} if node.sign == "+" else set())
    if len(kinds) > 1 or kind.name not in known or (node.sign == "%" and kind.name != "int"):
        why = f"{left.kind.shown} {node.sign} {right.kind.shown} has no value"
        raise BadExpression(node.at, why, _DOUBLE if kinds == NUMBERS else "")
    safe = left.safe and right.safe and not (left.kind.nullable or right.kind.nullable)
    call = _CALLS.get((kind.name, node.sign), "")
    if call:
        text = f"{scope.use(call)}({left.source}, {right.source})"
        return Piece(text, kind, safe and kind.name == "double")
    level = SUM if node.sign in "+-" else PRODUCT
    text = f"{left.within(level)} {node.sign} {right.within(level + 1)}"
    if kind.name == "int":
        return Piece(f"{scope.use('long')}({text})", kind, safe=False)
    return Piece(text, kind, safe, level)


def _equality(scope: ExpressionScope, node: Binary, left: Piece, right: Piece) -> Piece:
    for one, other in ((left, right), (right, left)):
        if one.kind.name == "null":
            word = "is not" if node.sign == "!=" else "is"
            return Piece(f"{other.within(SUM)} {word} None", BOOL, other.safe, COMPARED)
    safe = left.safe and right.safe
    kinds = {left.kind.name, right.kind.name}
    if "any" in kinds or kinds == {"list"}:
        inside = {each.kind.inside.name for each in (left, right) if each.kind.inside} - {"any"}
        if len(inside) > 1:
            raise BadExpression(node.at, f"lists of {' and '.join(sorted(inside))} compared")
        text = f"{scope.use('same')}({left.source}, {right.source})"
        if node.sign == "!=":
            return Piece(f"not {text}", BOOL, safe, NOT)
        return Piece(text, BOOL, safe)
    for each in (left, right):
        if each.kind.name not in ORDERED:
            raise BadExpression(node.at, f"{each.kind.shown} cannot be compared")
    _refuse_mixed(scope, node, left.kind, right.kind)
    return Piece(_infix(node.sign, left, right), BOOL, safe, COMPARED)


def _infix(sign: str, left: Piece, right: Piece) -> str:
    return f"{left.within(SUM)} {sign} {right.within(SUM)}"


def _refuse_mixed(scope: ExpressionScope, node: Binary, left: ValueKind, right: ValueKind) -> None:
    kinds = {left.name, right.name}
    if len(kinds) == 1 or (kinds <= NUMBERS and scope.mixed):
        return
    why = f"{left.shown} is compared with {right.shown}"
    raise BadExpression(node.at, why, _DOUBLE if kinds == NUMBERS else "")
