"""Dates and times of day."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Any, ClassVar, Final

from freezer_events.avro.bad_value import BadValue, shown
from freezer_events.avro.scalars.entry import Scalar, demand, load
from freezer_events.avro.values import MORE_THAN, cut

if TYPE_CHECKING:
    import random

    from freezer_events.avro.scalars.entry import Code, Use

_ORDINAL_OF_1970: Final = 719163
_NOON_MICROS: Final = 43_200_000_000
_DAY_MICROS: Final = 86_400_000_000
# Python's own reading of ISO 8601 cuts digits beyond these.
_BEYOND: Final = re.compile(r"[.,]\d{6}\d*[1-9]")


class DateScalar(Scalar):
    """A date: days since 1970."""

    python = "date"
    home = "datetime"
    key = True
    compiled = ("Date", ())
    examples = (20_454, 20_454)

    def problem(self, value: Any) -> str | None:
        """Return why a value does not fit; a datetime is a date to Python."""
        return None if type(value) is date else f"{shown(value)} is not a date"

    def test(self, use: Use, value: str) -> str:  # noqa: ARG002 - the base's signature
        """Return the expression that tells its values."""
        return f"type({value}) is date"

    def parts(self, use: Use, value: str, local: str) -> Code:
        """Return the Python that encodes it."""
        check = demand(use, f"type({local}) is not date", local, "a date")
        days = f"{local}.toordinal() - {_ORDINAL_OF_1970}"
        return load(local, value) + check, [f"{use('LONG')}[{days}]"]

    def typed(self, raw: Any) -> date:
        """Return the date of a day since 1970."""
        return date.fromordinal(raw + _ORDINAL_OF_1970)

    def to_json(self, value: Any) -> str:
        """Return the date in ISO 8601."""
        return str(value.isoformat())

    def from_json(self, value: Any) -> Any:
        """Take a date in ISO 8601."""
        return iso(date, value, "a date (2026-01-31)")

    def random(self, source: random.Random) -> date:  # noqa: ARG002 - the base's signature
        """Return today."""
        return datetime.now(UTC).date()


@dataclass(frozen=True)
class TimeScalar(Scalar):
    """A time of day, in milliseconds or microseconds (`unit` is how many microseconds)."""

    unit: int = 1

    python: ClassVar[str] = "time"
    home: ClassVar[str] = "datetime"

    @property
    def rank(self) -> int:
        """Microseconds first: they hold every value."""
        return 1 if self.unit == 1 else 2

    @property
    def compiled(self) -> tuple[str, tuple[Any, ...]] | None:
        """One node for both."""
        return "TimeOfDay", (self.unit,)

    @property
    def examples(self) -> tuple[Any, Any]:
        """Two raw values."""
        return _NOON_MICROS // self.unit, _NOON_MICROS // self.unit

    def problem(self, value: Any) -> str | None:
        """Return why a value does not fit."""
        if not isinstance(value, time):
            return f"{shown(value)} is not a time of day"
        if value.tzinfo is not None:
            return f"{value.isoformat()} has a time zone"
        more = value.microsecond % self.unit
        return f"{value.isoformat()} {MORE_THAN[self.unit]}" if more else None

    def test(self, use: Use, value: str) -> str:  # noqa: ARG002 - the base's signature
        """Return the expression that tells its values."""
        return f"isinstance({value}, time)"

    def parts(self, use: Use, value: str, local: str) -> Code:
        """Return the Python that encodes it."""
        unlike = f"not isinstance({local}, time) or {local}.tzinfo is not None"
        seconds = f"(({local}.hour * 60 + {local}.minute) * 60 + {local}.second)"
        check = demand(use, unlike, local, "a time of day without a zone")
        rest = f"* 1000000 + {local}.microsecond"
        if self.unit > 1:
            more = f"{local}.microsecond % {self.unit}"
            check += demand(use, more, local, "a whole number of milliseconds")
            rest = f"* 1000 + {local}.microsecond // 1000"
        return load(local, value) + check, [f"{use('LONG')}[{seconds} {rest}]"]

    def typed(self, raw: Any) -> time:
        """Return the time so many units after midnight."""
        if not 0 <= raw * self.unit < _DAY_MICROS:
            raise ValueError(f"{raw} is not a time of day")
        seconds, rest = divmod(raw * self.unit, 1_000_000)
        return time(seconds // 3600, seconds // 60 % 60, seconds % 60, rest)

    def to_json(self, value: Any) -> str:
        """Return the time in ISO 8601."""
        return str(value.isoformat())

    def from_json(self, value: Any) -> Any:
        """Take a time in ISO 8601."""
        return self.checked(iso(time, value, "a time of day (12:00:00)", self.unit))

    @property
    def per_second(self) -> int:
        """How many of its units a second has."""
        return 1_000_000 // self.unit

    def random(self, source: random.Random) -> time:  # noqa: ARG002 - the base's signature
        """Return the time of day in UTC."""
        return cut(datetime.now(UTC), self.unit).time()


def iso(kind: Any, value: Any, what: str, unit: int = 1) -> Any:
    """Return the date or time of a text in ISO 8601; `unit` is how many microseconds it keeps.

    Raises:
        BadValue: it is none, or has more digits of a second than Python's types hold.

    """
    try:
        found = kind.fromisoformat(value)
    except TypeError:
        raise BadValue("", f"{shown(value)} is not a string") from None
    except ValueError:
        raise BadValue("", f"{shown(value)} is not {what}") from None
    if _BEYOND.search(value):
        raise BadValue("", f"{value} {MORE_THAN[unit]}")
    return found
