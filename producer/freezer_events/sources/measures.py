"""Units of measure: which one a column's name or an option speaks of, and numbers in another."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from freezer_events.avro.units import units
from freezer_events.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

_LETTERS: Final = {
    "c": "degrees Celsius",
    "f": "degrees Fahrenheit",
    "k": "kelvin",
    "pct": "percent",
    "%": "percent",
}
# A lone letter is a unit where it stands in brackets, or ends the name of a temperature.
_BRACKETED: Final = re.compile(r"[(\[]\W{0,3}([CFK])[)\]]", re.IGNORECASE)
_TEMPERATURE: Final = re.compile(r"(?:^|[\W_])temp(?:erature)?[\W_]?([cfk])$", re.IGNORECASE)
# What a number of the unit times the factor plus the offset is in the first of its kind.
_KINDS: Final[tuple[dict[str, tuple[float, float]], ...]] = (
    {
        "degrees Celsius": (1.0, 0.0),
        "degrees Fahrenheit": (5 / 9, -160 / 9),
        "kelvin": (1.0, -273.15),
    },
    {"percent": (1.0, 0.0), "a fraction": (100.0, 0.0)},
    {
        "seconds": (1.0, 0.0),
        "milliseconds": (1e-3, 0.0),
        "microseconds": (1e-6, 0.0),
        "minutes": (60.0, 0.0),
        "hours": (3600.0, 0.0),
        "days": (86400.0, 0.0),
    },
    {
        "pascals": (1.0, 0.0),
        "hectopascals": (100.0, 0.0),
        "kilopascals": (1000.0, 0.0),
        "bar": (1e5, 0.0),
    },
    {"volts": (1.0, 0.0), "millivolts": (1e-3, 0.0)},
    {"watts": (1.0, 0.0), "kilowatts": (1000.0, 0.0)},
    {"grams": (1.0, 0.0), "kilograms": (1000.0, 0.0), "pounds": (453.59237, 0.0)},
    {
        "metres": (1.0, 0.0),
        "millimetres": (1e-3, 0.0),
        "centimetres": (1e-2, 0.0),
        "kilometres": (1e3, 0.0),
        "inches": (0.0254, 0.0),
        "feet": (0.3048, 0.0),
        "miles": (1609.344, 0.0),
    },
)
_DIGITS: Final = 12  # of a converted number: beyond them is noise of the conversion


@dataclass(frozen=True, slots=True)
class Conversion:
    """From one unit to another of the same kind."""

    factor: float
    offset: float

    def __call__(self, number: float) -> float:
        """Return a number in the other unit."""
        return float(f"{number * self.factor + self.offset:.{_DIGITS}g}")


def units_named(text: str) -> frozenset[str]:
    """Return the units that a column's name speaks of."""
    found = units(text.replace("_", " "))
    if not found:
        letter = _BRACKETED.search(text) or _TEMPERATURE.search(text)
        found = frozenset({_LETTERS[letter[1].lower()]}) if letter else found
    return found


def unit_of(text: str) -> str:
    """Return the unit that an option or a profile names; "" where there is none of that name."""
    found = units(text) or frozenset(filter(None, [_LETTERS.get(text.strip("° ").lower())]))
    return next(iter(found)) if len(found) == 1 else ""


def conversion(given: str, wanted: str) -> Callable[[float], float] | None:
    """Return what turns numbers of one unit into another; None where they are of two kinds."""
    for kind in _KINDS:
        if given in kind and wanted in kind:
            factor, offset = kind[given]
            to_factor, to_offset = kind[wanted]
            return Conversion(factor / to_factor, (offset - to_offset) / to_factor)
    return None


def column_conversion(
    column: str, field: str, doc: str, said: str
) -> tuple[Callable[[float], float] | None, str]:
    """Return how a column's numbers become those of a field, and the unit that they are in.

    Args:
        column: the name of the column.
        field: the field's name.
        doc: its documentation, which says what unit it is in.
        said: the unit that an option or a profile names, or "".

    Returns:
        A conversion, None where there is nothing to convert; the unit, "" where nobody says one.

    Raises:
        UsageError: the units differ, and one cannot be turned into the other.

    """
    wanted = units_named(doc) or units_named(field)
    given = frozenset({said}) if said else units_named(column)
    if not given or not wanted or (given == wanted and len(given) == 1):
        return None, said
    there, here = " and ".join(sorted(given)), " or ".join(sorted(wanted))
    found = (
        conversion(next(iter(given)), next(iter(wanted)))
        if len(given) == len(wanted) == 1
        else None
    )
    if found is None and not said and len(given) > 1 and wanted <= given:
        why = f"names several units ({there}), and {field} is in {here}"
        raise UsageError(f"column {column!r}", why, f"say which it is: --unit {field}=UNIT")
    if found is None:
        why = f"is in {there}, and {field} in {here}"
        raise UsageError(f"column {column!r}", why, f"say its unit: --unit {field}=UNIT")
    return found, next(iter(given))
