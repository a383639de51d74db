"""The encoder of columns in Python: a list of bytes for each column, joined row by row."""

from __future__ import annotations

import importlib
import re
import struct
from typing import TYPE_CHECKING, Any, Final

from freezer_events.avro.arrow.layouts import (
    BOOLEAN,
    CONSTANT,
    DOUBLE,
    FLOAT,
    NOT_NULL,
    RECORD,
    TEXT,
    UUID,
    Column,
)
from freezer_events.avro.arrow.run import ELSEWHERE, LARGEST_BYTES, MOST, MOST_BYTES, packed
from freezer_events.avro.runtime import COUNT, LONG

if TYPE_CHECKING:
    from collections.abc import Sequence

_BOOLEANS: Final = (b"\0", b"\1")
_UUID_SIZE: Final = COUNT[36]
_UUID: Final = re.compile(rb"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class PythonEncoder:
    """Encodes the rows of one batch."""

    def __init__(self, columns: Sequence[Column], keys: Any, fits: Any, count: int) -> None:
        self._bodies = _record(columns, count)
        self._count = count
        self._is_elsewhere: list[bool] = []
        if keys is None:
            self._keys: list[bytes | None] = [None] * count
        else:
            self._keys = [each and each.encode() for each in keys.to_pylist()]
        if fits is not None:
            codes = fits.to_pylist()
            pairs = zip(self._bodies, codes, strict=True)
            self._bodies = [body if code else None for body, code in pairs]
            self._is_elsewhere = [code == ELSEWHERE for code in codes]

    def __call__(self, at: int) -> tuple[int, bytes, int, bytes | None]:
        """Encode rows from one on, until one does not fit or they are many; see `fast.columns`."""
        end = min(at + MOST, self._count)
        bodies = self._bodies[at:end]
        if None in bodies:
            bodies = bodies[: bodies.index(None)]
        while sum(map(len, bodies)) > MOST_BYTES:  # type: ignore[arg-type]  # none is None
            bodies = bodies[: len(bodies) // 2]
        looked, keys = len(bodies), self._keys[at : at + len(bodies)]
        if not any(self._is_elsewhere[at : at + looked]):
            return looked, packed(keys, bodies), looked, None  # type: ignore[arg-type]
        kept = [n for n in range(looked) if not self._is_elsewhere[at + n]]
        data = packed([keys[n] for n in kept], [bodies[n] for n in kept])  # type: ignore[misc]
        return len(kept), data, looked, struct.pack(f"={len(kept)}i", *kept)


def _record(columns: Sequence[Column], count: int) -> list[bytes | None]:
    cells = [_cells(each, count) for each in columns]
    rows = zip(*cells, strict=True) if cells else [()] * count
    return [None if None in row else _joined(row) for row in rows]


def _joined(row: tuple[bytes, ...]) -> bytes | None:
    found = b"".join(row)
    return found if len(found) <= LARGEST_BYTES else None


def _cells(column: Column, count: int) -> list[bytes | None]:
    """Return the bytes of each value of a column; None for one that does not fit."""
    if column.form == CONSTANT:
        return [column.constant] * count
    found = _record(column.children, count) if column.form == RECORD else _values(column)
    null = None
    if column.null != NOT_NULL:
        null, other = LONG[column.null], LONG[1 - column.null]
        found = [None if cell is None else other + cell for cell in found]
    if column.valid is None:
        return found
    valid = column.valid.to_pylist()
    return [cell if is_there else null for cell, is_there in zip(found, valid, strict=True)]


def _values(column: Column) -> list[bytes | None]:
    values = column.values
    match column.form:
        case form if form in {DOUBLE, FLOAT}:
            return _reals(values, 8 if form == DOUBLE else 4)
        case form if form == BOOLEAN:
            return [_BOOLEANS[each or 0] for each in values.to_pylist()]
        case form if form in {TEXT, UUID}:
            data = [each or b"" for each in values.to_pylist()]
            if form == TEXT:
                return [COUNT[len(each)] + each for each in data]
            return [_UUID_SIZE + each if _UUID.fullmatch(each) else None for each in data]
    return [_whole(each, column) for each in values.to_pylist()]


def _reals(values: Any, size: int) -> list[bytes | None]:
    compute: Any = importlib.import_module("pyarrow.compute")
    at, end = values.offset * size, (values.offset + len(values)) * size
    data = values.buffers()[1].to_pybytes()
    found: list[bytes | None] = [data[n : n + size] for n in range(at, end, size)]
    finite = compute.is_finite(values).fill_null(True)
    if compute.all(finite).as_py() in {True, None}:
        return found
    return [
        cell if is_finite else None
        for cell, is_finite in zip(found, finite.to_pylist(), strict=True)
    ]


def _whole(number: int | None, column: Column) -> bytes | None:
    if number is None:
        return b""
    if not column.low <= number <= column.high or number % column.divide:
        return None
    return LONG[number * column.multiply // column.divide]
