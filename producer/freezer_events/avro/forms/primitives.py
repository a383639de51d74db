"""Parsing of single values, strict, with a plain reason for each refusal."""

from __future__ import annotations

import base64
import keyword
from binascii import Error, unhexlify
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from math import inf, isfinite
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID, SafeUUID

if TYPE_CHECKING:
    from collections.abc import Callable

    Parse = Callable[[Any], Any]

INT_BITS: Final = {"int": 31, "long": 63}


class BadValue(ValueError):  # noqa: N818 - it names the thing
    """A value does not fit; `path` is the field's path, `why` the reason."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(path, why)
        self.path = path
        self.why = why

    def __str__(self) -> str:
        """Give path and reason as messages show them."""
        return f"{self.path}: {self.why}" if self.path else self.why

    def under(self, name: str) -> BadValue:
        """Return the same complaint, seen from one level further out."""
        joint = "" if not self.path or self.path.startswith("[") else "."
        return BadValue(f"{name}{joint}{self.path}", self.why)


def attribute(name: str) -> str:
    """Return the Python name of an Avro field: keywords get an underscore."""
    return f"{name}_" if keyword.iskeyword(name) else name


def shown(value: Any) -> str:
    """Return a value as a message quotes it: short, on one line."""
    text = repr(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def under(name: str, parse: Parse, value: Any) -> Any:
    """Parse a value inside a field, so that a complaint carries the field's name."""
    try:
        return parse(value)
    except BadValue as error:
        raise error.under(name) from None


def string(value: Any) -> str:
    """Take a string."""
    if isinstance(value, str):
        return value
    raise BadValue("", f"{shown(value)} is not a string")


def boolean(value: Any) -> bool:
    """Take a JSON boolean."""
    if isinstance(value, bool):
        return value
    raise BadValue("", f"{shown(value)} is not true or false")


def number(value: Any) -> float:
    """Take a finite JSON number."""
    if type(value) is float and isfinite(value):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadValue("", f"{shown(value)} is not a number")
    try:
        found = float(value)
    except OverflowError:
        found = inf
    return _finite(found)


def whole(kind: str) -> Parse:
    """Return the function that takes an Avro int or long."""
    limit = 1 << INT_BITS[kind]

    def parse(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise BadValue("", f"{shown(value)} is not a whole number")
        if -limit <= value < limit:
            return value
        raise BadValue("", f"{value} does not fit an Avro {kind} ({-limit} to {limit - 1})")

    return parse


def bytes_of(value: Any) -> bytes:
    """Take base64 text."""
    try:
        return base64.b64decode(string(value), validate=True)
    except (Error, ValueError) as error:
        raise BadValue("", f"{shown(value)} is not base64") from error


def number_cell(decimal: str) -> Parse:
    """Return the function that takes a number as people write it, with this decimal mark."""
    other = "," if decimal == "." else "."

    def parse(cell: str) -> float:
        if other in cell or "_" in cell:
            raise BadValue("", f"{shown(cell)} is not a number with the decimal mark {decimal!r}")
        try:
            found = float(cell.replace(decimal, "."))
        except ValueError:
            raise BadValue("", f"{shown(cell)} is not a number") from None
        return found if isfinite(found) else _finite(found)

    return parse


def whole_cell(kind: str) -> Parse:
    """Return the function that takes a whole number in a cell."""
    check = whole(kind)

    def parse(cell: str) -> Any:
        try:
            return check(int(cell if "_" not in cell else "_"))
        except ValueError as error:
            if isinstance(error, BadValue):
                raise
            raise BadValue("", f"{shown(cell)} is not a whole number") from None

    return parse


def boolean_cell(cell: str) -> bool:
    """Take true and false, as spreadsheets write them: TRUE, False, 1, 0, yes, no."""
    found = _BOOLEANS.get(cell.strip().lower())
    if found is None:
        raise BadValue("", f"{shown(cell)} is not true or false")
    return found


def timestamp(value: Any) -> datetime:
    """Take an ISO 8601 time with a zone."""
    found: datetime = _iso(datetime, value, "a time (2026-01-31T12:00:00Z)")
    if found.tzinfo is None:
        raise BadValue("", f"{value} has no time zone (2026-01-31T12:00:00Z)")
    try:
        return found.astimezone(UTC)
    except OverflowError:
        raise BadValue("", f"{value} is outside the years 1 to 9999 in UTC") from None


def local_timestamp(value: Any) -> datetime:
    """Take an ISO 8601 time without a zone."""
    found: datetime = _iso(datetime, value, "a local time (2026-01-31T12:00:00)")
    if found.tzinfo is not None:
        raise BadValue("", f"{value} has a time zone, a local time has none")
    return found


def uuid(value: Any) -> UUID:
    """Take a UUID in its usual text form."""
    text = string(value)
    try:
        bits = unhexlify(text.replace("-", ""))
    except ValueError:
        bits = b""
    if len(text) != _UUID_LETTERS or len(bits) != _UUID_BYTES or text[8:24:5] != "----":
        raise BadValue("", f"{shown(text)} is not a UUID")
    # As `UUID(bytes=bits)` ends up doing; to sort out what it was given takes it twice as long.
    found = _new(UUID)
    _set_int(found, _int_of(bits))
    _set_is_safe(found, _UNKNOWN)
    return found


def decimal_of(value: Any) -> Decimal:
    """Take a decimal number written as a string."""
    try:
        found = Decimal(string(value))
    except InvalidOperation:
        raise BadValue("", f"{shown(value)} is not a decimal number") from None
    if not found.is_finite():
        raise BadValue("", f"{value} is not a finite number")
    return found


def null(value: Any) -> None:
    """Take null."""
    if value is not None:
        raise BadValue("", f"{shown(value)} is not null")


def _finite(value: float) -> float:
    if isfinite(value):
        return value
    raise BadValue("", f"{value} is not a finite number")


def _iso(kind: Any, value: Any, what: str) -> Any:
    try:
        return kind.fromisoformat(value)
    except TypeError:
        raise BadValue("", f"{shown(value)} is not a string") from None
    except ValueError:
        raise BadValue("", f"{shown(value)} is not {what}") from None


_LONGEST: Final = 60
_UUID_LETTERS: Final = 36
_UUID_BYTES: Final = 16
_new: Final = object.__new__
_set_int: Final = vars(UUID)["int"].__set__
_set_is_safe: Final = vars(UUID)["is_safe"].__set__
_int_of: Final = int.from_bytes
_UNKNOWN: Final = SafeUUID.unknown  # to look a member up takes as long as all the rest
_BOOLEANS: Final = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}

PRIMITIVES: Final[dict[str, Parse]] = {
    "null": null,
    "boolean": boolean,
    "int": whole("int"),
    "long": whole("long"),
    "float": number,
    "double": number,
    "bytes": bytes_of,
    "string": string,
}

LOGICAL: Final[dict[str, Parse]] = {
    "uuid": uuid,
    "timestamp-millis": timestamp,
    "timestamp-micros": timestamp,
    "local-timestamp-millis": local_timestamp,
    "local-timestamp-micros": local_timestamp,
    "date": lambda value: _iso(date, value, "a date (2026-01-31)"),
    "time-millis": lambda value: _iso(time, value, "a time of day (12:00:00)"),
    "time-micros": lambda value: _iso(time, value, "a time of day (12:00:00)"),
    "decimal": decimal_of,
}
