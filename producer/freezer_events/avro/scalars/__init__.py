"""The one table of scalar and logical types: what each is in Python, bytes, JSON, text and words.

A logical type is an entry in `_LOGICAL`. One that is not there, or stands on a type that it does
not fit, means no more than its base, as the Avro specification asks of readers.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from freezer_events.avro.scalars.decimals import DecimalScalar
from freezer_events.avro.scalars.entry import Scalar
from freezer_events.avro.scalars.numeric import (
    BooleanScalar,
    NullScalar,
    RealScalar,
    WholeScalar,
)
from freezer_events.avro.scalars.textual import BytesScalar, StringScalar, UuidScalar
from freezer_events.avro.scalars.time_of_day import DateScalar, TimeScalar
from freezer_events.avro.scalars.timestamp import InstantScalar, NanosScalar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from freezer_events.avro.parse.types import Logical

    Make = Callable[[str, str, int], Scalar]

__all__ = ["BASES", "LOGICAL_BASES", "NULL", "Scalar", "scalar"]

NULL: Final = NullScalar("null", "null")

_PLAIN: Final[Mapping[str, Make]] = {
    "null": NullScalar,
    "boolean": BooleanScalar,
    "int": WholeScalar,
    "long": WholeScalar,
    "float": RealScalar,
    "double": RealScalar,
    "bytes": BytesScalar,
    "fixed": BytesScalar,
    "string": StringScalar,
}
# By base, with the size of a fixed, and name; a decimal, which has parameters, is made in `scalar`.
_LOGICAL: Final[Mapping[tuple[str, str], Make]] = {
    ("string", "uuid"): UuidScalar,
    ("fixed16", "uuid"): UuidScalar,
    ("int", "date"): DateScalar,
    ("int", "time-millis"): partial(TimeScalar, unit=1000),
    ("long", "time-micros"): partial(TimeScalar, unit=1),
    ("long", "timestamp-millis"): partial(InstantScalar, unit=1000),
    ("long", "timestamp-micros"): partial(InstantScalar, unit=1),
    ("long", "timestamp-nanos"): NanosScalar,
    ("long", "local-timestamp-millis"): partial(InstantScalar, unit=1000, local=True),
    ("long", "local-timestamp-micros"): partial(InstantScalar, unit=1, local=True),
    ("long", "local-timestamp-nanos"): partial(NanosScalar, local=True),
}
BASES: Final[Mapping[str, tuple[str, ...]]] = {
    name: tuple(base for base, each in _LOGICAL if each == name) for _, name in _LOGICAL
} | {"decimal": ("bytes", "fixed")}
"""What each logical type stands on; `fixed16` is a fixed of 16 bytes."""
LOGICAL_BASES: Final[Mapping[str, str]] = {name: BASES[name][0] for _, name in _LOGICAL}
"""Logical types that need no parameter, and the type that each is written on."""


def scalar(base: str, logical: Logical | None = None, size: int = 0) -> Scalar:
    """Return the entry of a primitive or fixed type; `size` is a fixed's, in bytes."""
    if logical is None or logical.ignored:
        return _PLAIN[base](base, base, size)
    if logical.name == "decimal":
        return DecimalScalar(base, "decimal", size, logical.precision, logical.scale)
    make = _LOGICAL.get((f"{base}{size or ''}", logical.name))
    return make(base, logical.name, size) if make else _PLAIN[base](base, base, size)
