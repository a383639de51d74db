"""Logical types: which there are, what they stand on, and what a decimal must say."""

from __future__ import annotations

import math
from typing import Any, Final

from freezer_events.avro.parse.types import Logical
from freezer_events.avro.scalars import BASES

# Those that the specification knows beside the ones that the table of scalars gives a meaning.
_BASES: Final = {**BASES, "big-decimal": ("bytes",), "duration": ("fixed12",)}


class UnfitLogicalError(ValueError):
    """A logical type says something impossible; `key` is where."""

    def __init__(self, key: str, why: str) -> None:
        super().__init__(why)
        self.key = key


def logical(value: dict[str, Any], kind: str, size: int = 0) -> Logical | None:
    """Return the logical type of a type in JSON; `size` is that of a fixed, in bytes.

    One that does not fit its type is marked ignored, as readers treat it; a name that the
    specification does not know is somebody's own, and fits everywhere.

    Raises:
        UnfitLogicalError: a decimal's precision or scale is missing or impossible (fastavro,
            which others read with, refuses it where the specification would ignore it).

    """
    name = value.get("logicalType")
    if name is None:
        return None
    if not isinstance(name, str):
        raise UnfitLogicalError("logicalType", "logicalType is no string")
    bases = _BASES.get(name, (kind,))
    if kind not in bases and f"{kind}{size}" not in bases:
        return Logical(name, ignored=True)
    return _decimal(value, size) if name == "decimal" else Logical(name)


def _decimal(value: dict[str, Any], size: int) -> Logical:
    precision, scale = value.get("precision"), value.get("scale", 0)
    if type(precision) is not int or precision < 1:
        raise UnfitLogicalError("precision", "a decimal's precision is a whole number from 1")
    if type(scale) is not int or not 0 <= scale <= precision:
        raise UnfitLogicalError("scale", "a decimal's scale is a whole number from 0 to precision")
    largest = math.floor(math.log10(2) * (8 * size - 1)) if size else precision
    if precision > largest:
        raise UnfitLogicalError("precision", f"{size} bytes hold {largest} digits, not {precision}")
    return Logical("decimal", precision, scale)
