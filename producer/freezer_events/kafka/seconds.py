"""Times in seconds that a caller gives."""

from __future__ import annotations

from math import isnan
from typing import Any, Final

from freezer_events.errors import UsageError

LONGEST_S: Final = 2_000_000.0
"""What clients take: they count milliseconds in 31 bits."""


def seconds(name: str, value: Any) -> float:
    """Return a time in seconds as it was given: any that is not negative, infinite ones, too.

    Raises:
        UsageError: it is none.

    """
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or isnan(value) or value < 0:
        raise UsageError(name, f"{value!r} is no time in seconds", "give a number from 0 on")
    return float(value)
