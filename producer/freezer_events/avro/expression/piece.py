"""A piece of Python that a part of an expression becomes, and what an expression may name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from freezer_events.avro.expression.kinds import BOOL, BYTES, DOUBLE, INT, NULL, STRING, ValueKind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from freezer_events.avro.expression.kinds import Member
    from freezer_events.avro.expression.tree import Literal

# How close a piece binds in Python, from the loosest.
CHOICE, OR, AND, NOT, COMPARED, SUM, PRODUCT, SIGNED, ATOM = range(9)
_LITERALS: Final = {bool: BOOL, int: INT, float: DOUBLE, str: STRING, bytes: BYTES}


@dataclass(frozen=True, slots=True)
class Piece:
    """Python for a part of an expression.

    Attributes:
        source: the Python.
        kind: what it gives.
        safe: whether it never raises, for values of the kinds that are said.
        binds: how close it binds.
        constant: whether it is written out.

    """

    source: str
    kind: ValueKind
    safe: bool = True
    binds: int = ATOM
    constant: bool = False

    def within(self, level: int) -> str:
        """Return the source as an operand of something that binds so close."""
        return self.source if self.binds >= level else f"({self.source})"


@dataclass(slots=True)
class ExpressionScope:
    """What an expression may name, and what its Python calls.

    Attributes:
        names: name to the Python that gives its value, and its kind.
        unknown: the kind of any other name; None where there are no others.
        mixed: whether an int may be compared with a double, and anything with null.
        use: gives the name under which a piece of `operations` is called.
        constant: gives the name of a constant that a piece of `operations` makes of a text.

    """

    names: Mapping[str, Member]
    use: Callable[[str], str]
    constant: Callable[[str, str], str]
    unknown: Callable[[str], Member] | None = None
    mixed: bool = False


def literal_piece(node: Literal) -> Piece:
    """Return the Python of a constant."""
    text = repr(node.value)
    if text in {"inf", "-inf"}:
        text = f"{text[:-3]}1e999"
    kind = NULL if node.value is None else _LITERALS[type(node.value)]
    return Piece(text, kind, binds=SIGNED if text.startswith("-") else ATOM, constant=True)
