"""What generated encoders call: Avro's bytes for numbers, counts, times and decimals.

Generated modules import these names, so a name that is here stays. Pure; knows no schema.
https://avro.apache.org/docs/1.12.0/specification/#binary-encoding
"""

from __future__ import annotations

from binascii import hexlify
from datetime import datetime
from decimal import Decimal
from struct import Struct
from typing import TYPE_CHECKING, Any, Final

from freezer_events.avro.values import DEEPEST, EPOCH, LOCAL_EPOCH, Nanos, fits_decimal

if TYPE_CHECKING:
    from datetime import timedelta

    from freezer_events.avro.model import Model
    from freezer_events.event import EventType

__all__ = [
    "COUNT",
    "DEEPEST",
    "END",
    "EPOCH",
    "LOCAL_EPOCH",
    "LONG",
    "PAIR",
    "Nanos",
    "broken",
    "decimal_bytes",
    "decimal_units",
    "default_value",
    "double",
    "fits_decimal",
    "float4",
    "groups",
    "hexlify",
    "index_double",
    "index_pairs3",
    "index_pairs4",
    "micros",
    "millis",
    "moment",
    "pairs3",
    "pairs4",
    "read_model",
    "real",
    "too_deep",
    "utf8",
    "wrong",
]

# Days since 1970 of the years 1 and 10000: what lies outside makes no datetime in UTC again.
_FIRST_DAY: Final = -719_162
_END_DAY: Final = 2_932_897


def read_model(schema: str) -> Model:
    """Return the model of a generated module's schema; see `freezer_events.avro.model`."""
    from freezer_events.avro.model import model_from_text  # noqa: PLC0415 - the parser is slow

    return model_from_text(schema)


def default_value(event_type: EventType, record: str, field: str) -> Any:
    """Return a new value of a field's default; see `freezer_events.avro.default_values`."""
    from freezer_events.avro import default_values  # noqa: PLC0415 - as above

    return default_values.default_value(event_type, record, field)


def wrong(value: Any, wanted: str) -> TypeError:
    """Make the error for a value that does not fit."""
    return TypeError(f"{value!r} is not {wanted}")


def broken(rule: str) -> ValueError:
    """Make the error for a value that breaks a rule of the schema."""
    return ValueError(f"breaks the rule {rule!r}")


def too_deep() -> RecursionError:
    """Make the error for an event that is nested too deeply."""
    return RecursionError(f"more than {DEEPEST} records, arrays and maps inside each other")


utf8: Final = str.encode


def varint(number: int) -> bytes:
    """Write a number that is not negative, seven bits to a byte, lowest first."""
    out = bytearray()
    while number > 127:  # noqa: PLR2004 - seven bits
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)


class _Counts(dict[int, bytes]):
    """Counts and lengths as Avro writes them; the small ones ready made."""

    def __missing__(self, count: int) -> bytes:
        return varint(count << 1)


COUNT: Final = _Counts({count: varint(count << 1) for count in range(256)})

# 14 bits in two bytes, both marked as followed by more; in END as the last ones.
_pairs = bytearray(32768)
_pairs[0::2] = bytes(range(128, 256)) * 128
_pairs[1::2] = b"".join(bytes((high,)) * 128 for high in range(128, 256))
PAIR: Final[tuple[int, ...]] = Struct("<16384H").unpack(_pairs)
END: Final = tuple(number & 32767 for number in PAIR)

_pair, _pair_byte = Struct("<H").pack, Struct("<HB").pack
_pairs2, _pairs2_byte = Struct("<2H").pack, Struct("<2HB").pack
pairs3, pairs4 = Struct("<3H").pack, Struct("<4H").pack
index_pairs3, index_pairs4 = Struct("<B3H").pack, Struct("<B4H").pack
double, float4, index_double = Struct("<d").pack, Struct("<f").pack, Struct("<Bd").pack
groups = Struct("8s4s4s4s12s").unpack


def _number(number: int) -> bytes:
    """Do what `varint` does, two bytes at a time, for numbers from 128."""
    if number < 1 << 14:
        return _pair(PAIR[number] & 32767)
    if number < 1 << 21:
        return _pair_byte(PAIR[number & 16383], number >> 14)
    if number < 1 << 28:
        return _pairs2(PAIR[number & 16383], PAIR[number >> 14] & 32767)
    if number < 1 << 35:
        return _pairs2_byte(PAIR[number & 16383], PAIR[number >> 14 & 16383], number >> 28)
    return varint(number)


class _Longs(dict[int, bytes]):
    """Whole numbers as Avro writes them (zigzag); the small ones ready made."""

    def __missing__(self, number: int) -> bytes:
        if not -(1 << 63) <= number < 1 << 63:
            raise OverflowError(number)
        return _number(number << 1 if number >= 0 else ~(number << 1))


LONG: Final = _Longs({n: varint(n << 1 if n >= 0 else ~(n << 1)) for n in range(-128, 1024)})


def moment(value: Any) -> None:
    """Refuse what is no datetime, or one of a derived class that holds nanoseconds (pandas')."""
    if not isinstance(value, datetime) or bool(getattr(value, "nanosecond", 0)):
        raise wrong(value, "a datetime in microseconds")


def millis(since: timedelta) -> bytes:
    """Write the milliseconds of a span since 1970."""
    return varint(_zigzag(since, since.seconds * 1000 + since.microseconds // 1000, 86_400_000))


def micros(since: timedelta) -> bytes:
    """Write the microseconds of a span since 1970."""
    return varint(_zigzag(since, since.seconds * 1_000_000 + since.microseconds, 86_400_000_000))


def _zigzag(since: timedelta, units: int, per_day: int) -> int:
    if not _FIRST_DAY <= since.days < _END_DAY:
        raise OverflowError("outside the years 1 to 9999 in UTC")
    number = since.days * per_day + units << 1
    return number if number >= 0 else ~number


def real(value: Any, limit: int) -> float:
    """Return a number that is no plain float as one, if nothing gets lost."""
    if isinstance(value, float) or (type(value) is int and -limit <= value <= limit):
        return float(value)
    raise wrong(value, "a number")


def decimal_units(value: Any, precision: int, scale: int) -> int:
    """Return the number of units in the last place that the schema gives a decimal."""
    if not isinstance(value, Decimal) or not value.is_finite():
        raise wrong(value, "a finite Decimal")
    if not fits_decimal(value, precision, scale):
        raise wrong(value, f"a decimal({precision}, {scale})")
    sign, digits, exponent = value.as_tuple()
    units = int("".join(map(str, digits))) * 10 ** (int(exponent) + scale) if value else 0
    return -units if sign else units


def decimal_bytes(value: Any, precision: int, scale: int) -> bytes:
    """Return the units of a decimal as the fewest bytes that hold them and their sign."""
    units = decimal_units(value, precision, scale)
    return units.to_bytes((abs(units).bit_length() + 8) // 8, "big", signed=True)
