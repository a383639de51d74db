"""What every scalar type says of itself, and the small pieces of Python that its encoder is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

from freezer_events.avro.bad_value import BadValue

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    Use = Callable[[str], str]

# Lines to run, then expressions whose bytes follow one another.
Code: TypeAlias = tuple[list[str], list[str]]


@dataclass(frozen=True)
class Scalar:
    """A value without parts: one type of the specification, or a logical type on it.

    A value has four forms: typed (what events hold), raw (Avro's own, without a logical type),
    JSON, and text (a CSV cell). A subclass says how to get from each to the typed one and back.

    Attributes:
        base: the Avro type that is written ("long", "fixed", …).
        name: what it means: the logical type where it has one, else the same as `base`.
        size: bytes of a fixed; 0 otherwise.
        python: the name of the Python type.
        home: the module of that type; "" for a builtin.
        json_kind: what its JSON is: "string", "number", …
        strip: whether blanks around a cell are no part of its value.
        key: whether its text can be a message key.
        compiled: the compiled node and what it is made with, None where there is none.
        fill: how a producer can supply a value that a reading lacks: now, uuid, count; else "".
        per_second: how many of its units a second has, 0 where it is no time in units of one.

    """

    base: str
    name: str
    size: int = 0

    python: ClassVar[str]
    home: ClassVar[str] = ""
    json_kind: ClassVar[str] = "string"
    strip: ClassVar[bool] = True
    key: ClassVar[bool] = False

    @property
    def compiled(self) -> tuple[str, tuple[Any, ...]] | None:
        """No node, unless a subclass names one."""
        return None

    @property
    def fill(self) -> str:
        """No way, unless a subclass knows one."""
        return ""

    @property
    def per_second(self) -> int:
        """No time, unless a subclass is one."""
        return 0

    @property
    def rank(self) -> int:
        """Lower ones are tried first where several branches of a union could take a value."""
        return 1

    @property
    def logical(self) -> bool:
        """Tell whether it means more than its base."""
        return self.name != self.base

    @property
    def examples(self) -> tuple[Any, Any]:
        """Two raw values: the least, and another one that uses the type."""
        raise NotImplementedError

    def problem(self, value: Any) -> str | None:
        """Return why a typed value does not fit, None where it does."""
        raise NotImplementedError

    def test(self, use: Use, value: str) -> str:
        """Return the expression that tells its values from those of a union's other branches."""
        raise NotImplementedError

    def code(self, use: Use, value: str, local: str, prefix: bytes) -> Code:
        """Return the Python that encodes a value.

        Args:
            use: gives the name under which a piece of `avro.runtime` is imported.
            value: the expression that gives the typed value.
            local: a variable for the code's use.
            prefix: bytes to put before it: the index in a union, or nothing.

        """
        lines, parts = self.parts(use, value, local)
        return lines, [repr(prefix), *parts] if prefix else parts

    def parts(self, use: Use, value: str, local: str) -> Code:
        """Return the Python that encodes a value with nothing before it."""
        raise NotImplementedError

    def typed(self, raw: Any) -> Any:
        """Return the typed value of a raw one; raises some exception where there is none."""
        return raw

    def to_json(self, value: Any) -> Any:
        """Return the JSON form."""
        return value

    def from_json(self, value: Any) -> Any:
        """Return the typed value; raises BadValue."""
        raise NotImplementedError

    def from_text(self, text: str, decimal: str) -> Any:  # noqa: ARG002 - only numbers have a mark
        """Return the typed value of a cell's text; raises BadValue. `decimal` is the mark."""
        return self.from_json(text)

    def now(self) -> Any:
        """Return the time now to the type's precision: what `fill` = "now" asks for."""
        raise NotImplementedError

    def random(self, source: random.Random) -> Any:
        """Return a plausible typed value."""
        raise NotImplementedError

    def checked(self, value: Any) -> Any:
        """Return a typed value that fits; raises BadValue."""
        why = self.problem(value)
        if why:
            raise BadValue("", why)
        return value


def load(local: str, value: str) -> list[str]:
    """Return the line that puts a value into a local variable, if it is not there yet."""
    return [] if local == value else [f"{local}: Any = {value}"]


def demand(use: Use, condition: str, local: str, wanted: str) -> list[str]:
    """Return the lines that refuse a value for which a condition holds."""
    return [f"if {condition}:", f'    raise {use("wrong")}({local}, "{wanted}")']
