"""What compiled expressions call: CEL's operations where Python's own differ.

Each raises an exception where CEL has no value: TypeError for kinds that do not go together,
OverflowError beyond 64 bits, ZeroDivisionError, LookupError for what is not there.
https://github.com/google/cel-spec/blob/master/doc/langdef.md#list-of-standard-definitions
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

Delayed = Callable[[], Any]

NO_VALUE: Final = (TypeError, ValueError, ArithmeticError, LookupError, AttributeError)
"""What evaluation raises where an expression has no value."""

_LOWEST: Final = -(2**63)
_HIGHEST: Final = 2**63 - 1


def pattern(text: str) -> Callable[[str], object]:
    """Return the search of a pattern that `python_pattern` made."""
    return re.compile(text, re.ASCII).search


def long(number: int) -> int:
    """Return a number of 64 bits."""
    if not _LOWEST <= number <= _HIGHEST:
        raise OverflowError("no number of 64 bits")
    return number


def quotient(left: int, right: int) -> int:
    """Divide whole numbers towards zero."""
    result = abs(left) // abs(right)
    return long(result if (left < 0) == (right < 0) else -result)


def remainder(left: int, right: int) -> int:
    """Return what division leaves: it has the sign of what was divided."""
    return left - right * quotient(left, right) if right != -1 else 0


def ratio(left: float, right: float) -> float:
    """Divide doubles: by zero gives an infinity or no number."""
    left, right = float(left), float(right)
    if right:
        return left / right
    sign = math.copysign(1.0, left) * math.copysign(1.0, right)
    return math.nan if left == 0 or left != left else sign * math.inf  # noqa: PLR0124 - NaN


def truth(value: Any) -> bool:
    """Return a bool; nothing else has a truth."""
    if value is True or value is False:
        return value
    raise TypeError("not a bool")


def both(left: Delayed, right: Delayed) -> bool:
    """Tell whether two conditions hold: one that does not decides, whatever the other raises."""
    try:
        if not left():
            return False
    except NO_VALUE:
        if not right():
            return False
        raise
    return bool(right())


def either(left: Delayed, right: Delayed) -> bool:
    """Tell whether one of two conditions holds: one that does decides."""
    try:
        if left():
            return True
    except NO_VALUE:
        if right():
            return True
        raise
    return bool(right())


def present(value: Delayed) -> bool:
    """Tell whether something can be reached, and is so."""
    try:
        return bool(value())
    except NO_VALUE:
        return False


def uuid_text(value: UUID | None) -> str | None:
    """Return a UUID as CEL has it."""
    return None if value is None else str(value)


def same(left: Any, right: Any) -> bool:
    """Tell whether two values are equal: kind and value, numbers by value alone."""
    left, right = plain(left), plain(right)
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    return bool(left == right)


def less(left: Any, right: Any) -> bool:
    """Tell whether one value comes before another of its kind."""
    left, right = _ordered(left, right)
    return bool(left < right)


def at_most(left: Any, right: Any) -> bool:
    """Tell whether one value comes before another of its kind, or is equal."""
    left, right = _ordered(left, right)
    return bool(left <= right)


def among(value: Any, of: Any) -> bool:
    """Tell whether a list has a value, or a map a key."""
    if isinstance(of, Mapping):
        return plain(value) in of
    if not isinstance(of, list | tuple):
        raise TypeError("not a list")
    return any(same(value, each) for each in of)


def select(of: Any, field: str) -> Any:
    """Return a field of a record or the value of a map's key."""
    if isinstance(of, Mapping):
        return plain(of[field])
    if hasattr(type(of), "__dataclass_fields__"):
        return plain(getattr(of, field))
    raise TypeError("no record")


def add(left: Any, right: Any) -> Any:
    """Add numbers of one kind; put strings, bytes or lists together."""
    kind = _arithmetic(left, right, (str, bytes, list))
    return long(left + right) if kind is int else left + right


def subtract(left: Any, right: Any) -> Any:
    """Subtract a number from another of its kind."""
    return long(left - right) if _arithmetic(left, right) is int else left - right


def multiply(left: Any, right: Any) -> Any:
    """Multiply numbers of one kind."""
    return long(left * right) if _arithmetic(left, right) is int else left * right


def divide(left: Any, right: Any) -> Any:
    """Divide numbers of one kind."""
    return quotient(left, right) if _arithmetic(left, right) is int else ratio(left, right)


def modulo(left: Any, right: Any) -> Any:
    """Return the remainder of whole numbers."""
    if _arithmetic(left, right) is not int:
        raise TypeError("no whole numbers")
    return remainder(left, right)


def minus(value: Any) -> Any:
    """Negate a number."""
    return long(-value) if _arithmetic(value, value) is int else -value


def size(value: Any) -> int:
    """Count characters, bytes, items or keys."""
    value = plain(value)
    if isinstance(value, str | bytes | list | Mapping):
        return len(value)
    raise TypeError("nothing that has a size")


def text(value: Any) -> str:
    """Return a string; nothing else is one."""
    value = plain(value)
    if isinstance(value, str):
        return value
    raise TypeError("not a string")


def plain(value: Any) -> Any:
    """Return a value as CEL has it."""
    return str(value) if isinstance(value, UUID) else value


def _ordered(left: Any, right: Any) -> tuple[Any, Any]:
    left, right = plain(left), plain(right)
    for kinds in (bool, (int, float), str, bytes, datetime):
        if isinstance(left, kinds):
            if isinstance(right, kinds) and isinstance(left, bool) == isinstance(right, bool):
                return left, right
            break
    raise TypeError("values that have no order")


def _arithmetic(left: Any, right: Any, also: Sequence[type] = ()) -> type:
    for kind in (int, float, *also):
        if isinstance(left, kind) and isinstance(right, kind):
            if isinstance(left, bool) or isinstance(right, bool):
                break
            return kind
    raise TypeError("values that do not go together")
