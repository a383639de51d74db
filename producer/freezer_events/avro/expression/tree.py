"""The tree of an expression: frozen nodes, each of which knows where in the text it begins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


class BadExpression(ValueError):  # noqa: N818 - it names the thing
    """An expression cannot be read, or asks for something that its values cannot give.

    Attributes:
        at: where in the text, in characters from 0.
        why: the cause, as one sentence without a final full stop.
        fix: what to write instead; empty where that is not known.

    """

    def __init__(self, at: int, why: str, fix: str = "") -> None:
        super().__init__(at, why, fix)
        self.at = at
        self.why = why
        self.fix = fix

    def __str__(self) -> str:
        """Give column, from 1, and cause."""
        return f"column {self.at + 1}: {self.why}"


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant: null, bool, int, double, string or bytes, as Python has them."""

    at: int
    value: bool | float | str | bytes | None


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list that is written out."""

    at: int
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Identifier:
    """A name: `this` in a rule, a field in a condition."""

    at: int
    name: str


@dataclass(frozen=True, slots=True)
class Select:
    """One field of a record, or one value of a map: `of.field`."""

    at: int
    of: Node
    field: str


@dataclass(frozen=True, slots=True)
class Has:
    """`has(of.field)`: whether the field or the key is there."""

    at: int
    of: Node
    field: str


@dataclass(frozen=True, slots=True)
class Call:
    """A function: size, startsWith, endsWith, contains, matches; the receiver comes first."""

    at: int
    function: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Unary:
    """`!` or `-`."""

    at: int
    sign: str
    of: Node


@dataclass(frozen=True, slots=True)
class Binary:
    """`&&`, `||`, a comparison, `in`, or arithmetic; `at` is the operator's place."""

    at: int
    sign: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Choice:
    """`condition ? yes : no`."""

    at: int
    condition: Node
    yes: Node
    no: Node


Node: TypeAlias = Literal | ListOf | Identifier | Select | Has | Call | Unary | Binary | Choice
