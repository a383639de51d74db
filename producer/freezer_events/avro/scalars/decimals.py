"""Decimals, on bytes or on a fixed."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, ClassVar

from freezer_events.avro.bad_value import BadValue, shown
from freezer_events.avro.scalars.entry import Scalar, load
from freezer_events.avro.scalars.numeric import pointed
from freezer_events.avro.values import fits_decimal

if TYPE_CHECKING:
    import random

    from freezer_events.avro.scalars.entry import Code, Use


@dataclass(frozen=True)
class DecimalScalar(Scalar):
    """A decimal, on bytes or on a fixed."""

    precision: int = 0
    scale: int = 0

    python: ClassVar[str] = "Decimal"
    home: ClassVar[str] = "decimal"

    @property
    def examples(self) -> tuple[Any, Any]:
        """Two raw values."""
        size = self.size or 1
        return b"\0" * size, b"\5".rjust(size, b"\0")

    def problem(self, value: Any) -> str | None:
        """Return why a value does not fit."""
        if not isinstance(value, Decimal):
            return f"{shown(value)} is not a Decimal"
        if not value.is_finite():
            return f"{value} is not a finite number"
        if int(value.as_tuple().exponent) + self.scale < 0:
            return f"{value} has more than {self.scale} digits after the point"
        if fits_decimal(value, self.precision, self.scale):
            return None
        digits = f"{self.precision} digits of which {self.scale} are after the point"
        return f"{value} does not fit {digits}"

    def test(self, use: Use, value: str) -> str:
        """Return the expression that tells its values."""
        # Of two decimals in a union, the one that holds the value takes it.
        fits = f"{use('fits_decimal')}({value}, {self.precision}, {self.scale})"
        return f"isinstance({value}, Decimal) and {fits}"

    def parts(self, use: Use, value: str, local: str) -> Code:
        """Return the Python that encodes it."""
        given = f"({local if self.base == 'bytes' else value}, {self.precision}, {self.scale})"
        if self.base == "fixed":
            units = f"{use('decimal_units')}{given}"
            return [], [f'{units}.to_bytes({self.size}, "big", signed=True)']
        line = f"{local} = {use('decimal_bytes')}{given}"
        return [*load(local, value), line], [f"{use('COUNT')}[len({local})]", local]

    def typed(self, raw: Any) -> Decimal:
        """Return the Decimal of two's complement bytes."""
        units = int.from_bytes(raw, "big", signed=True)
        return Decimal((int(units < 0), tuple(map(int, str(abs(units)))), -self.scale))

    def to_json(self, value: Any) -> str:
        """Return a string, so that nothing is rounded."""
        return str(value)

    def from_json(self, value: Any) -> Any:
        """Take a decimal number written as a string."""
        if not isinstance(value, str):
            raise BadValue("", f"{shown(value)} is not a string")
        try:
            found = Decimal(value if "_" not in value else "_")
        except InvalidOperation:
            raise BadValue("", f"{shown(value)} is not a decimal number") from None
        return self.checked(found)

    def from_text(self, text: str, decimal: str) -> Any:
        """Take a number as people write it."""
        return self.from_json(pointed(text, decimal))

    def random(self, source: random.Random) -> Decimal:
        """Return a small one that any scale holds."""
        return Decimal(source.randrange(10 ** min(2, self.precision))).scaleb(-self.scale)
