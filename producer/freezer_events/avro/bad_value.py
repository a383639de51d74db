"""The complaint about a value that does not fit, and how messages show values."""

from __future__ import annotations

from datetime import date, time
from typing import Any, Final, Self

_LONGEST: Final = 60


class BadValue(ValueError):  # noqa: N818 - it names the thing
    """A value does not fit; `path` is the field's path, `why` the reason."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(path, why)
        self.path = path
        self.why = why

    def __str__(self) -> str:
        """Give path and reason as messages show them."""
        return f"{self.path}: {self.why}" if self.path else self.why

    def under(self, name: str) -> Self:
        """Return the same complaint, seen from one level further out."""
        joint = "" if not self.path or self.path.startswith("[") else "."
        return type(self)(f"{name}{joint}{self.path}", self.why)


def shown(value: Any) -> str:
    """Return a value as a message quotes it: short, on one line."""
    if isinstance(value, date | time):
        return value.isoformat()
    try:
        text = " ".join(repr(value).split())
    except Exception:  # noqa: BLE001 - a value of any class may have a broken repr
        text = f"a {type(value).__name__}"
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
