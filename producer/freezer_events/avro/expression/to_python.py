"""From an expression's tree to Python that evaluates it, its kinds checked on the way.

Where the kinds are known, that is Python's own operators; where they are not, or Python's differ
from CEL's, it is a call of `operations`. An exception means that there is no value. CEL's && and ||
are content with one side that decides, whatever the other raises: a side that cannot raise goes
first here.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from freezer_events.avro.expression import operators
from freezer_events.avro.expression.kinds import (
    ANY,
    BOOL,
    DOUBLE,
    INT,
    NULL,
    NUMBERS,
    STRING,
    ValueKind,
)
from freezer_events.avro.expression.pattern import python_pattern
from freezer_events.avro.expression.piece import (
    AND,
    ATOM,
    CHOICE,
    COMPARED,
    NOT,
    OR,
    SIGNED,
    SUM,
    Piece,
    literal_piece,
)
from freezer_events.avro.expression.tree import (
    BadExpression,
    Binary,
    Call,
    Choice,
    Has,
    Identifier,
    ListOf,
    Literal,
    Select,
    Unary,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from freezer_events.avro.expression.kinds import Member
    from freezer_events.avro.expression.piece import ExpressionScope
    from freezer_events.avro.expression.tree import Node


@dataclass(slots=True)
class Translator:
    """Translates the parts of one expression."""

    scope: ExpressionScope

    def piece(self, node: Node) -> Piece:
        """Return the Python of a part.

        Raises:
            BadExpression: it has no meaning for values of these kinds.

        """
        if isinstance(node, Literal):
            return literal_piece(node)
        if isinstance(node, Binary):
            return self._binary(node)
        makers: Mapping[type, Callable[[Any], Piece]] = {
            ListOf: self._list,
            Identifier: self._identifier,
            Select: self._select,
            Has: self._has,
            Call: self._call,
            Unary: self._unary,
            Choice: self._choice,
        }
        return makers[type(node)](node)

    def condition(self, node: Node) -> Piece:
        """Return a part that must be a bool: as such, or checked when it runs."""
        found = self.piece(node)
        if found.kind.name not in {"bool", "any"}:
            raise BadExpression(node.at, f"{found.kind.shown} is no condition")
        if found.kind.nullable:
            return Piece(f"{self.scope.use('truth')}({found.source})", BOOL, safe=False)
        return found

    def _list(self, node: ListOf) -> Piece:
        items = [self.piece(each) for each in node.items]
        kinds = {each.kind.name for each in items} - {"null"}
        if len(kinds) > 1 and "any" not in kinds and not (self.scope.mixed and kinds <= NUMBERS):
            raise BadExpression(node.at, f"a list of several kinds: {', '.join(sorted(kinds))}")
        inside = next((each.kind for each in items if each.kind.name != "null"), ANY)
        if len(kinds) > 1:
            inside = ANY
        inside = replace(inside, nullable=any(each.kind.nullable for each in items))
        text = ", ".join(each.source for each in items)
        kind = ValueKind("list", inside=inside)
        safe, constant = all(each.safe for each in items), all(each.constant for each in items)
        return Piece(f"[{text}]", kind, safe=safe, constant=constant)

    def _identifier(self, node: Identifier) -> Piece:
        found = self.scope.names.get(node.name)
        if found is None and self.scope.unknown is not None:
            found = self.scope.unknown(node.name)
            return self._reached(found[0], found[1], safe=False)
        if found is None:
            raise BadExpression(node.at, f"unknown name {node.name!r}", self._meant(node.name))
        return self._reached(found[0], found[1], safe=True)

    def _meant(self, name: str) -> str:
        known = list(self.scope.names)
        if known == ["this"]:
            _, this = self.scope.names["this"]
            inside = this.members() if this.members else {}
            return f"write this.{name}" if name in inside else "the value is called this"
        close = difflib.get_close_matches(name, known, n=1)
        return f"did you mean {close[0]!r}?" if close else f"known are {', '.join(known)}"

    def _reached(self, source: str, kind: ValueKind, *, safe: bool) -> Piece:
        if not kind.uuid:
            return Piece(source, kind, safe)
        call = self.scope.use("uuid_text") if kind.nullable else "str"
        return Piece(f"{call}({source})", kind, safe)

    def _select(self, node: Select) -> Piece:
        of = self.piece(node.of)
        kind, key = of.kind, repr(node.field)
        if kind.name == "any":
            return Piece(f"{self.scope.use('select')}({of.source}, {key})", ANY, safe=False)
        if kind.name == "map" and kind.inside:
            return self._reached(f"{of.within(ATOM)}[{key}]", kind.inside, safe=False)
        step, found = self._member(node, kind)
        return self._reached(f"{of.within(ATOM)}{step}", found, safe=of.safe and not kind.nullable)

    def _member(self, node: Select | Has, kind: ValueKind) -> Member:
        if kind.members is None:
            raise BadExpression(node.at, f"{kind.shown} has no fields")
        fields = kind.members()
        if node.field not in fields:
            close = difflib.get_close_matches(node.field, list(fields), n=1)
            known = f"did you mean {close[0]!r}?" if close else f"it has {', '.join(fields)}"
            raise BadExpression(node.at, f"the record has no field {node.field!r}", known)
        return fields[node.field]

    def _has(self, node: Has) -> Piece:
        of = self.piece(node.of)
        if of.kind.name == "any":
            inside = f"{self.scope.use('select')}({of.source}, {node.field!r})"
            call = f"({inside}, True)[1]"
            return Piece(f"{self.scope.use('present')}(lambda: {call})", BOOL)
        if of.kind.name == "map":
            text = f"{node.field!r} in {of.within(SUM)}"
            safe = of.safe and not of.kind.nullable
            return self._if_there(text, COMPARED, safe=safe)
        self._member(node, of.kind)
        if of.safe and not of.kind.nullable:
            return Piece("True", BOOL, constant=True)
        return self._if_there(f"{of.within(SUM)} is not None", COMPARED, safe=of.safe)

    def _if_there(self, text: str, binds: int, *, safe: bool) -> Piece:
        if safe:
            return Piece(text, BOOL, binds=binds)
        return Piece(f"{self.scope.use('present')}(lambda: {text})", BOOL)

    def _call(self, node: Call) -> Piece:
        if node.function == "size":
            return self._size(node)
        if node.function == "matches":
            return self._matches(node)
        of, other = (self._text(each) for each in node.arguments)
        safe = of.safe and other.safe and not (of.kind.nullable or other.kind.nullable)
        if node.function == "contains":
            text = f"{other.within(SUM)} in {of.within(SUM)}"
            return Piece(text, BOOL, safe, COMPARED)
        method = node.function.lower()
        return Piece(f"{of.within(ATOM)}.{method}({other.source})", BOOL, safe)

    def _size(self, node: Call) -> Piece:
        of = self.piece(node.arguments[0])
        if of.kind.name == "any":
            return Piece(f"{self.scope.use('size')}({of.source})", INT, safe=False)
        if of.kind.name not in {"string", "bytes", "list", "map"}:
            raise BadExpression(node.at, f"{of.kind.shown} has no size")
        return Piece(f"len({of.source})", INT, of.safe and not of.kind.nullable)

    def _text(self, node: Node) -> Piece:
        """Return a part that must be a string: as such, or checked when it runs."""
        found = self.piece(node)
        if found.kind.name not in {"string", "any"}:
            raise BadExpression(node.at, f"{found.kind.shown} is no string")
        if found.kind.nullable:
            return Piece(f"{self.scope.use('text')}({found.source})", STRING, safe=False)
        return found

    def _matches(self, node: Call) -> Piece:
        of, regex = node.arguments
        if not isinstance(regex, Literal) or not isinstance(regex.value, str):
            raise BadExpression(
                regex.at, "the pattern of matches() must be written out as a string"
            )
        name = self.scope.constant("pattern", python_pattern(regex.value, regex.at))
        found = self._text(of)
        text = f"{name}({found.source}) is not None"
        return Piece(text, BOOL, found.safe and not found.kind.nullable, COMPARED)

    def _unary(self, node: Unary) -> Piece:
        if node.sign == "!":
            of = self.condition(node.of)
            return Piece(f"not {of.within(NOT)}", BOOL, of.safe, NOT)
        found = self.piece(node.of)
        match found.kind.name:
            case "double":
                text = f"-{found.within(SIGNED)}"
                return Piece(text, DOUBLE, found.safe and not found.kind.nullable, SIGNED)
            case "int":
                text = f"{self.scope.use('long')}(-{found.within(SIGNED)})"
                return Piece(text, INT, safe=False)
            case "any":
                return Piece(f"{self.scope.use('minus')}({found.source})", ANY, safe=False)
        raise BadExpression(node.at, f"{found.kind.shown} has no negative")

    def _choice(self, node: Choice) -> Piece:
        condition, yes, no = (
            self.condition(node.condition),
            self.piece(node.yes),
            self.piece(node.no),
        )
        kinds = [yes.kind, no.kind]
        names = {each.name for each in kinds} - {"null"}
        if len(names) > 1 and "any" not in names:
            raise BadExpression(
                node.at, f"gives {yes.kind.shown} or {no.kind.shown}", "give one kind"
            )
        kind = next((each for each in kinds if each.name in names), NULL)
        if "any" in names:
            kind = ANY
        kind = replace(kind, nullable=any(each.nullable for each in kinds))
        text = f"{yes.within(OR)} if {condition.within(OR)} else {no.within(CHOICE)}"
        return Piece(text, kind, condition.safe and yes.safe and no.safe, CHOICE)

    def _binary(self, node: Binary) -> Piece:
        if node.sign in {"&&", "||"}:
            return self._logic(node)
        left, right = self.piece(node.left), self.piece(node.right)
        if node.sign == "in":
            return operators.membership(self.scope, node, left, right)
        known = operators.arithmetic if node.sign in {*"+-*/%"} else operators.comparison
        return known(self.scope, node, left, right)

    def _logic(self, node: Binary) -> Piece:
        left, right = self.condition(node.left), self.condition(node.right)
        word, binds = ("and", AND) if node.sign == "&&" else ("or", OR)
        if not left.safe and right.safe:
            left, right = right, left
        if not left.safe:
            call = self.scope.use("both" if node.sign == "&&" else "either")
            text = f"{call}(lambda: {left.source}, lambda: {right.source})"
            return Piece(text, BOOL, safe=False)
        text = f"{left.within(binds)} {word} {right.within(binds)}"
        return Piece(text, BOOL, right.safe, binds)
