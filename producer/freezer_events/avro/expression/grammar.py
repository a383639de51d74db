"""From tokens to the tree, by CEL's grammar; what CEL has beyond this subset is refused by name.

https://github.com/google/cel-spec/blob/master/doc/langdef.md#syntax
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from freezer_events.avro.expression.tokens import tokens
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
    from freezer_events.avro.expression.tokens import Token
    from freezer_events.avro.expression.tree import Node

_DEEPEST: Final = 40
"""Brackets, operators and choices inside each other: Python's own parser takes about 90."""

_LEVELS: Final = (
    ("||",),
    ("&&",),
    ("<", "<=", ">", ">=", "==", "!=", "in"),
    ("+", "-"),
    ("*", "/", "%"),
)
_CONSTANTS: Final = {"true": True, "false": False, "null": None}
_RESERVED: Final = frozenset(
    {
        *("as", "break", "const", "continue", "else", "for", "function", "if", "import", "in"),
        *("let", "loop", "namespace", "package", "return", "var", "void", "while"),
    }
)
# How many arguments, the receiver among them; and whether it may be called without a receiver.
FUNCTIONS: Final = {
    "size": (1, True),
    "matches": (2, True),
    "startsWith": (2, False),
    "endsWith": (2, False),
    "contains": (2, False),
}
_KNOWN: Final = "known are size, has, startsWith, endsWith, contains and matches"


def parse_expression(text: str) -> Node:
    """Return the tree of an expression.

    Raises:
        BadExpression: it is none, or uses a part of CEL that is not supported.

    """
    parser = _Parser(tokens(text))
    tree = parser.choice()
    parser.expect_end()
    return tree


class _Parser:
    """Reads from the left, one token ahead."""

    def __init__(self, found: list[Token]) -> None:
        self._tokens = found
        self._next = 0
        self._depth = 0

    @property
    def _token(self) -> Token:
        return self._tokens[self._next]

    def _take(self) -> Token:
        token = self._token
        self._next += token.kind != "end"
        return token

    def _sees(self, *texts: str) -> bool:
        return self._token.kind in {"sign", "name"} and self._token.text in texts

    def _expect(self, text: str) -> Token:
        if not self._sees(text):
            raise BadExpression(self._token.at, f"{text!r} is missing before {self._token.text}")
        return self._take()

    def expect_end(self) -> None:
        """Refuse what comes after a whole expression."""
        if self._token.kind != "end":
            raise BadExpression(self._token.at, f"{self._token.text!r} is one too many here")

    def _enter(self) -> None:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise BadExpression(self._token.at, f"nested more than {_DEEPEST} levels deep")

    def choice(self) -> Node:
        """Read `a ? b : c`, or anything that binds closer."""
        self._enter()
        made = self._binary(0)
        if self._sees("?"):
            at = self._take().at
            yes = self._binary(0)
            self._expect(":")
            made = Choice(at, made, yes, self.choice())
        self._depth -= 1
        return made

    def _binary(self, level: int) -> Node:
        if level == len(_LEVELS):
            return self._unary()
        made, count = self._binary(level + 1), 0
        while self._sees(*_LEVELS[level]):
            sign = self._take()
            made = Binary(sign.at, sign.text, made, self._binary(level + 1))
            count += 1
            if count > _DEEPEST:
                raise BadExpression(sign.at, f"more than {_DEEPEST} in a row of {sign.text!r}")
        return made

    def _unary(self) -> Node:
        if not self._sees("!", "-"):
            return self._member()
        sign = self._take()
        if sign.text == "-" and self._token.kind == "number":
            return self._member(negative=sign)
        if self._sees("!", "-") and not self._sees(sign.text):
            raise BadExpression(self._token.at, "! and - need brackets between them")
        self._enter()
        made = Unary(sign.at, sign.text, self._unary())
        self._depth -= 1
        return made

    def _member(self, negative: Token | None = None) -> Node:
        made = self._primary(negative)
        while self._sees(".", "[", "{"):
            sign = self._take()
            if sign.text != ".":
                what = "an index" if sign.text == "[" else "a message"
                raise BadExpression(sign.at, f"{what} ({sign.text}…) is not supported")
            name = self._name()
            made = self._call(name, made) if self._sees("(") else Select(sign.at, made, name.text)
        return made

    def _name(self) -> Token:
        if self._token.kind != "name" or self._token.text in {*_RESERVED, *_CONSTANTS}:
            raise BadExpression(self._token.at, f"{self._token.text!r} is no name")
        return self._take()

    def _primary(self, negative: Token | None) -> Node:
        token = self._token
        match token.kind:
            case "number":
                return self._number(negative)
            case "text":
                return Literal(self._take().at, token.value)
            case "name" if token.text in _CONSTANTS:
                return Literal(self._take().at, _CONSTANTS[token.text])
            case "name":
                name = self._name()
                return self._call(name, None) if self._sees("(") else Identifier(name.at, name.text)
        if self._sees("("):
            self._take()
            made = self.choice()
            self._expect(")")
            return made
        if self._sees("["):
            return ListOf(self._take().at, self._several("]"))
        if self._sees("{"):
            raise BadExpression(token.at, "a map that is written out ({…}) is not supported")
        if token.kind == "end":
            raise BadExpression(token.at, "a value is missing at the end")
        raise BadExpression(token.at, f"a value is missing before {token.text!r}")

    def _number(self, negative: Token | None) -> Literal:
        token = self._take()
        value = token.value
        assert isinstance(value, int | float)  # noqa: S101 - as the lexer makes them
        if negative is not None:
            return Literal(negative.at, -value)
        if value == 2**63 and isinstance(value, int):
            raise BadExpression(token.at, f"{token.text} is no 64-bit number")
        return Literal(token.at, value)

    def _several(self, end: str) -> tuple[Node, ...]:
        """Read expressions with commas between them, up to a bracket."""
        made: list[Node] = []
        while not self._sees(end):
            made.append(self.choice())
            if not self._sees(end):
                self._expect(",")
        self._take()
        return tuple(made)

    def _call(self, name: Token, receiver: Node | None) -> Node:
        self._take()
        given = self._several(")")
        if name.text == "has" and receiver is None:
            return self._has(name, given)
        if name.text not in FUNCTIONS:
            raise BadExpression(name.at, f"{name.text}() is not supported", _KNOWN)
        count, alone = FUNCTIONS[name.text]
        if receiver is None and not alone:
            raise BadExpression(name.at, f"is written text.{name.text}(other)")
        arguments = given if receiver is None else (receiver, *given)
        if len(arguments) != count:
            raise BadExpression(name.at, f"{name.text}() takes {count} values, the first in front")
        return Call(name.at, name.text, arguments)

    def _has(self, name: Token, given: tuple[Node, ...]) -> Has:
        if len(given) != 1 or not isinstance(given[0], Select):
            raise BadExpression(name.at, "has() takes one field: has(this.field)")
        return Has(name.at, given[0].of, given[0].field)
