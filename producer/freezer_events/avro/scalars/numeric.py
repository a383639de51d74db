"""Numbers: int, long, float and double; and null and boolean."""

from __future__ import annotations

import math
import struct
from typing import TYPE_CHECKING, Any, Final

from freezer_events.avro.bad_value import BadValue, shown
from freezer_events.avro.scalars.entry import Scalar, demand, load

if TYPE_CHECKING:
    import random

    from freezer_events.avro.scalars.entry import Code, Use

LOWEST, HIGHEST = -5.0, 5.0  # what the tutorial's freezers report, in degrees Celsius
# The range of int and long: https://avro.apache.org/docs/1.12.0/specification/#primitive-types
_BITS: Final = {"int": 31, "long": 63}
# The largest n for which every whole number up to n has a float of its own.
_EXACT: Final = {"double": 2**53, "float": 2**24}
_WORDS: Final = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
_NOT_FINITE: Final = {math.inf: "Infinity", -math.inf: "-Infinity"}


class NullScalar(Scalar):
    """null."""

    python = "None"
    json_kind = "null"
    rank = 0
    compiled = ("Null", ())
    examples = (None, None)

    def problem(self, value: Any) -> str | None:
        """Return why a value does not fit."""
        return None if value is None else f"{shown(value)} is not null"

    def test(self, use: Use, value: str) -> str:  # noqa: ARG002 - the base's signature
        """Return the expression that tells its values."""
        return f"{value} is None"

    def parts(self, use: Use, value: str, local: str) -> Code:
        """Return the Python that encodes it: no bytes."""
        return load(local, value) + demand(use, f"{local} is not None", local, "null"), []

    def from_json(self, value: Any) -> None:
        """Take null."""
        self.checked(value)

    def from_text(self, text: str, decimal: str) -> Any:  # noqa: ARG002 - the base's signature
        """Take nothing: an empty cell never gets here."""
        raise BadValue("", f"{shown(text)} is not null: leave the cell empty")

    def random(self, source: random.Random) -> None:
        """Return None."""


class BooleanScalar(Scalar):
    """true or false."""

    python = "bool"
    json_kind = "boolean"
    compiled = ("Boolean", ())
    examples = (False, True)

    def problem(self, value: Any) -> str | None:
        """Return why a value does not fit."""
        return None if isinstance(value, bool) else f"{shown(value)} is not True or False"

    def test(self, use: Use, value: str) -> str:  # noqa: ARG002 - the base's signature
        """Return the expression that tells its values."""
        return f"{value} is True or {value} is False"

    def code(self, use: Use, value: str, local: str, prefix: bytes) -> Code:
        """Return the Python that encodes it."""
        unlike = f"{local} is not True and {local} is not False"
        check = demand(use, unlike, local, "true or false")
        true, false = prefix + b"\1", prefix + b"\0"
        return load(local, value) + check, [f"({true!r} if {local} else {false!r})"]

    def from_json(self, value: Any) -> Any:
        """Take a JSON boolean."""
        if isinstance(value, bool):
            return value
        raise BadValue("", f"{shown(value)} is not true or false")

    def from_text(self, text: str, decimal: str) -> bool:  # noqa: ARG002 - the base's signature
        """Take true and false, as spreadsheets write them: TRUE, False, 1, 0, yes, no."""
        found = _WORDS.get(text.strip().lower())
        if found is None:
            raise BadValue("", f"{shown(text)} is not true or false")
        return found

    def random(self, source: random.Random) -> bool:
        """Toss a coin."""
        return source.random() < 0.5  # noqa: PLR2004 - a fair one


class WholeScalar(Scalar):
    """An int or a long."""

    python = "int"
    json_kind = "whole"
    strip = False  # int() is not bothered by blanks
    key = True

    @property
    def fill(self) -> str:
        """A long can count the readings of a key."""
        return "count" if self.base == "long" else ""

    @property
    def compiled(self) -> tuple[str, tuple[Any, ...]] | None:
        """Bits, the sign among them."""
        return "Whole", (_BITS[self.base] + 1,)

    @property
    def examples(self) -> tuple[Any, Any]:
        """Two raw values."""
        return 0, (1 << _BITS[self.base]) - 1

    def problem(self, value: Any) -> str | None:
        """Return why a value does not fit."""
        if type(value) is not int:
            return f"{shown(value)} is not a whole number"
        limit = 1 << _BITS[self.base]
        if -limit <= value < limit:
            return None
        return f"{shown(value)} does not fit an Avro {self.base} ({-limit} to {limit - 1})"

    def test(self, use: Use, value: str) -> str:  # noqa: ARG002 - the base's signature
        """Return the expression that tells its values."""
        limit = 1 << _BITS[self.base]
        return f"type({value}) is int and {-limit} <= {value} <= {limit - 1}"

    def parts(self, use: Use, value: str, local: str) -> Code:
        """Return the Python that encodes it; the table of longs refuses what is none."""
        unlike = f"type({local}) is not int"
        if self.base == "int":
            unlike += f" or not -2147483648 <= {local} <= 2147483647"
        check = demand(use, unlike, local, f"an Avro {self.base}")
        return load(local, value) + check, [f"{use('LONG')}[{local}]"]

    def from_json(self, value: Any) -> Any:
        """Take a whole number."""
        return self.checked(value)

    def from_text(self, text: str, decimal: str) -> Any:  # noqa: ARG002 - no mark in it
        """Take a whole number."""
        try:
            found = int(text if "_" not in text else "_")
        except ValueError:
            raise BadValue("", f"{shown(text)} is not a whole number") from None
        return self.checked(found)

    def random(self, source: random.Random) -> int:
        """Return a small one."""
        return source.randrange(100)


class RealScalar(Scalar):
    """A float or a double."""

    python = "float"
    json_kind = "real"
    strip = False  # float() is not bothered by blanks

    @property
    def rank(self) -> int:
        """After all others; fastavro prefers double to float as well."""
        return 2 if self.base == "double" else 3

    @property
    def compiled(self) -> tuple[str, tuple[Any, ...]] | None:
        """Bytes."""
        return "Real", (8 if self.base == "double" else 4,)

    @property
    def examples(self) -> tuple[Any, Any]:
        """Two raw values."""
        return 0.0, -18.1 if self.base == "double" else -0.5

    def problem(self, value: Any) -> str | None:
        """Return why a value does not fit."""
        if type(value) is int:
            if abs(value) > _EXACT[self.base]:
                return f"{shown(value)} has too many digits for an Avro {self.base}"
            return None
        if not isinstance(value, float):
            return f"{shown(value)} is not a number"
        if not math.isfinite(value):
            return f"{value} is not a finite number"
        fits = self.base == "double" or _fits_float(value)
        return None if fits else f"{value} does not fit an Avro float"

    def test(self, use: Use, value: str) -> str:  # noqa: ARG002 - the base's signature
        """Return the expression that tells its values."""
        return f"isinstance({value}, float)"

    def code(self, use: Use, value: str, local: str, prefix: bytes) -> Code:
        """Return the Python that encodes it; a one-byte index goes into the same call."""
        if self.base == "float" or len(prefix) != 1:
            return super().code(use, value, local, prefix)
        lines, _ = self.parts(use, value, local)
        return lines, [f"{use('index_double')}({prefix[0]}, {local})"]

    def parts(self, use: Use, value: str, local: str) -> Code:
        """Return the Python that encodes it."""
        lines = [
            *load(local, value),
            f"if type({local}) is not float:",
            f"    {local} = {use('real')}({local}, {_EXACT[self.base]})",
            # Not a number and infinity are the floats whose difference from themselves is not 0.
            *demand(use, f"{local} - {local} != 0.0", local, "a finite number"),
        ]
        return lines, [f"{use('double' if self.base == 'double' else 'float4')}({local})"]

    def to_json(self, value: Any) -> Any:
        """Return the number; JSON has none for those that are not finite: Avro writes their names.

        A foreign writer may have sent one: https://issues.apache.org/jira/browse/AVRO-2032
        """
        if math.isfinite(value):
            return value
        return _NOT_FINITE.get(value, "NaN")

    def from_json(self, value: Any) -> float:
        """Take a number that loses nothing as a float."""
        return float(self.checked(value))

    def from_text(self, text: str, decimal: str) -> float:
        """Take a number as people write it."""
        plain = pointed(text, decimal)
        try:
            found = float(plain)
        except ValueError:
            raise BadValue("", f"{shown(text)} is not a number") from None
        if abs(found) >= _EXACT[self.base]:
            self._refuse_rounded(plain, found)
        if self.base == "double" and math.isfinite(found):
            return found  # as `checked` would, which costs a hot path two calls
        return float(self.checked(found))

    def _refuse_rounded(self, text: str, found: float) -> None:
        """Refuse a whole number that is not this float: an id, it seems, that would be another."""
        try:
            whole = int(text)
        except ValueError:
            return
        exact = int(found) if self.base == "double" and math.isfinite(found) else None
        if whole != (_nearest_float(found) if self.base == "float" else exact):
            self.checked(whole)  # which refuses it: it is larger than what has a float of its own

    def random(self, source: random.Random) -> float:
        """Return a temperature."""
        # No sensor tells more digits; 0.25 steps are exact in a float as well.
        found = source.uniform(LOWEST, HIGHEST)
        return round(found, 2) if self.base == "double" else round(found * 4) / 4


def pointed(text: str, decimal: str) -> str:
    """Return a number's text with a point for its decimal mark."""
    if ("," if decimal == "." else ".") in text or "_" in text:
        raise BadValue("", f"{shown(text)} is not a number with the decimal mark {decimal!r}")
    return text.replace(decimal, ".")


def _nearest_float(value: float) -> float:
    return float(struct.unpack("<f", struct.pack("<f", value))[0]) if _fits_float(value) else value


def _fits_float(value: float) -> bool:
    try:
        struct.pack("<f", value)
    except OverflowError:
        return False
    return True
