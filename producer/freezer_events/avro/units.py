"""Which units of measure a text speaks of."""

from __future__ import annotations

import re
from typing import Final

_SPELLINGS: Final = {
    "degrees Celsius": ("celsius", "centigrade", "°c", "℃", "deg c", "degc"),
    "degrees Fahrenheit": ("fahrenheit", "°f", "℉", "deg f", "degf"),
    "kelvin": ("kelvin", "kelvins"),
    "nanoseconds": ("nanosecond", "nanoseconds", "nanos", "ns"),
    "microseconds": ("microsecond", "microseconds", "micros", "µs", "μs"),
    "milliseconds": ("millisecond", "milliseconds", "millis", "ms", "msec"),
    "seconds": ("second", "seconds", "secs", "sec"),
    "minutes": ("minute", "minutes"),
    "hours": ("hour", "hours"),
    "days": ("day", "days"),
    "percent": ("percent", "per cent", "percentage", "%"),
    "a fraction": ("fraction", "0 to 1", "0..1", "0-1"),
    "grams": ("gram", "grams"),
    "kilograms": ("kilogram", "kilograms", "kg"),
    "pounds": ("pound", "pounds", "lb", "lbs"),
    "millimetres": ("millimetre", "millimetres", "millimeter", "millimeters", "mm"),
    "centimetres": ("centimetre", "centimetres", "centimeter", "centimeters", "cm"),
    "metres": ("metre", "metres", "meter", "meters"),
    "kilometres": ("kilometre", "kilometres", "kilometer", "kilometers", "km"),
    "inches": ("inch", "inches"),
    "feet": ("feet", "foot", "ft"),
    "miles": ("mile", "miles"),
    "pascals": ("pascal", "pascals"),
    "hectopascals": ("hectopascal", "hectopascals", "hpa"),
    "kilopascals": ("kilopascal", "kilopascals", "kpa"),
    "bar": ("bar", "bars"),
    "millivolts": ("millivolt", "millivolts", "mv"),
    "volts": ("volt", "volts"),
    "watts": ("watt", "watts"),
    "kilowatts": ("kilowatt", "kilowatts", "kw"),
    "cents": ("cent", "cents"),
    "bytes": ("byte", "bytes"),
    "kilobytes": ("kilobyte", "kilobytes", "kb", "kib"),
    "megabytes": ("megabyte", "megabytes", "mb", "mib"),
}
_BY_SPELLING: Final = {text: unit for unit, texts in _SPELLINGS.items() for text in texts}
_ANY: Final = re.compile(
    rf"(?<!\w)({'|'.join(map(re.escape, sorted(_BY_SPELLING, key=len, reverse=True)))})(?!\w)",
    re.IGNORECASE,
)


def units(text: str) -> frozenset[str]:
    """Return the units that a text names, each by one name however it is spelt."""
    return frozenset(_BY_SPELLING[found.lower()] for found in _ANY.findall(text))
