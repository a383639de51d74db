"""Values and limits that all of Avro's rooms share; below the runtime and the scalar table."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal


Moment = TypeVar("Moment", datetime, time)

DEEPEST: Final = 128
"""Records, arrays and maps inside each other: more is refused on the way out and on the way in.

Only a type that contains itself can hold more, or a long chain of types that use each other by
name.
Python's own limit would come at another depth for each function that walks an event.
"""

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
LOCAL_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - a local time has no zone


class Nanos(int):
    """Nanoseconds since 1970-01-01T00:00, in UTC or local as the field's type says.

    A whole number, because no type of the standard library keeps a nanosecond; a class of its own,
    so that milliseconds given by mistake are refused.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        """Show the class, which is what tells it from a number."""
        return f"Nanos({int(self)})"


def fits_decimal(value: Decimal, precision: int, scale: int) -> bool:
    """Tell whether a decimal type holds a value without rounding."""
    if not value.is_finite():
        return False
    _, digits, exponent = value.as_tuple()
    whole = not value or value.adjusted() + scale < precision
    return int(exponent) + scale >= 0 and whole and len(digits) <= precision


MORE_THAN: Final[Mapping[int, str]] = {
    1000: "has more digits of a second than milliseconds",
    1: "has more digits of a second than microseconds",
}
"""Why a time does not fit, by the unit of its type in microseconds."""


def cut(moment: Moment, unit: int) -> Moment:
    """Return a time without what is less than a unit of so many microseconds."""
    return moment.replace(microsecond=moment.microsecond // unit * unit)


def truncate_to_ms(moment: Moment) -> Moment:
    """Return a time without the digits below a millisecond: towards the past, never rounded up.

    A field of type `timestamp-millis` or `time-millis` holds no others and refuses them, because
    what is read has to be what was sent; this says that they may go.

    Args:
        moment: a datetime, or a time of day.

    """
    return cut(moment, 1000)
