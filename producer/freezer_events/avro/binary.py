"""Avro's bytes to raw values: what the specification's binary encoding says, checked on the way.

Whatever bytes come, these functions end: no count or length is believed beyond the bytes there are.
https://avro.apache.org/docs/1.12.0/specification/#binary-encoding
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any, Final

from freezer_events.avro.values import DEEPEST

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    Read = Callable[["Cursor"], Any]

_LONG_BITS: Final = 64
_FLOAT: Final = struct.Struct("<f")
_DOUBLE: Final = struct.Struct("<d")
# Items that take no bytes (null, an empty record) can be any number in a few bytes.
MOST_EMPTY: Final = 1 << 20


class DamagedError(ValueError):
    """Bytes that are no value of their schema."""


class Cursor:
    """A body, where in it reading has come to, and how deep."""

    __slots__ = ("at", "body", "depth")

    def __init__(self, body: bytes) -> None:
        self.body = body
        self.at = 0
        self.depth = 0

    def enter(self) -> None:
        """Go into a record, an array or a map.

        Raises:
            DamagedError: it is nested too deeply.

        """
        self.depth += 1
        if self.depth > DEEPEST:
            raise DamagedError(f"is nested too deeply: more than {DEEPEST} levels")

    def take(self, count: int) -> bytes:
        """Return so many bytes."""
        start = self.at
        end = start + count
        if count < 0 or end > len(self.body):
            raise DamagedError(f"is cut short: {count} bytes are wanted at byte {start}")
        self.at = end
        return self.body[start:end]


def read_long(cursor: Cursor) -> int:
    """Read an int or a long: zigzag, seven bits to a byte."""
    body, at = cursor.body, cursor.at
    try:
        byte = body[at]
        at += 1
        number = byte & 127
        shift = 7
        while byte > 127:  # noqa: PLR2004 - another byte follows
            byte = body[at]
            at += 1
            number |= (byte & 127) << shift
            shift += 7
    except IndexError:
        raise DamagedError(f"is cut short at byte {at}") from None
    if number >> _LONG_BITS:
        raise DamagedError(f"has a number of more than 64 bits at byte {cursor.at}")
    cursor.at = at
    return number >> 1 ^ -(number & 1)


def read_int(cursor: Cursor) -> int:
    """Read an int."""
    found = read_long(cursor)
    if not -0x80000000 <= found <= 0x7FFFFFFF:  # noqa: PLR2004 - 32 bits
        raise DamagedError(f"has a number of more than 32 bits before byte {cursor.at}")
    return found


def read_boolean(cursor: Cursor) -> bool:
    """Read a boolean."""
    found = cursor.take(1)[0]
    if found > 1:
        raise DamagedError(f"has a boolean that is neither 0 nor 1 before byte {cursor.at}")
    return found == 1


def read_float(cursor: Cursor) -> float:
    """Read four bytes."""
    found: float = _FLOAT.unpack(cursor.take(4))[0]
    return found


def read_double(cursor: Cursor) -> float:
    """Read eight bytes."""
    found: float = _DOUBLE.unpack(cursor.take(8))[0]
    return found


def read_bytes(cursor: Cursor) -> bytes:
    """Read a length and as many bytes."""
    return cursor.take(read_long(cursor))


def read_string(cursor: Cursor) -> str:
    """Read a length and as many bytes of UTF-8."""
    return cursor.take(read_long(cursor)).decode()


def read_null(_: Cursor) -> None:
    """Read nothing."""


def read_fixed(size: int) -> Read:
    """Return the function that reads a fixed."""
    return lambda cursor: cursor.take(size)


def blocks(cursor: Cursor) -> Iterator[int]:
    """Yield how many items each block of an array or map has, up to the empty one."""
    empty = 0
    while count := read_long(cursor):
        if count < 0:
            count = -count
            read_long(cursor)
        start = cursor.at
        if count > max(len(cursor.body) - start, MOST_EMPTY):
            raise DamagedError(f"has {count} items where {len(cursor.body) - start} bytes are left")
        yield count
        empty += count if cursor.at == start else 0
        if empty > MOST_EMPTY:
            raise DamagedError(f"has more than {MOST_EMPTY} items without bytes")


PRIMITIVES: Final[Mapping[str, Read]] = {
    "null": read_null,
    "boolean": read_boolean,
    "int": read_int,
    "long": read_long,
    "float": read_float,
    "double": read_double,
    "bytes": read_bytes,
    "string": read_string,
}
