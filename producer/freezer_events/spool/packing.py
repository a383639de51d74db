"""One row of the spool: messages packed into bytes with a checksum, and taken out again. Pure.

A row holds the columns of its messages one after the other: fixed numbers first, then all keys, all
bodies, and at the end what only few messages have. To pack column by column takes a fraction of a
microsecond a message; to pack message by message takes several.
"""

from __future__ import annotations

import json
import struct
import zlib
from base64 import b64decode, b64encode
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    Headers = list[tuple[str, str | bytes | None]]
    # What few messages have: headers, and a timestamp in ms (0: the client's own).
    Extra = tuple[Headers | None, int]


class Columns(NamedTuple):
    """Messages, column by column, in order.

    Attributes:
        kinds: as Spooled has them; the others, too.
        keys: see there.
        bodies: see there.
        extras: see there.

    """

    kinds: Sequence[int]
    keys: Sequence[bytes | None]
    bodies: Sequence[bytes]
    extras: Sequence[Extra | None]

    def one(self, number: int) -> Spooled:
        """Return one message by its index."""
        return Spooled(
            self.kinds[number], self.keys[number], self.bodies[number], self.extras[number]
        )


class Outline(NamedTuple):
    """What the messages of a row are, together.

    Attributes:
        kinds: the numbers of their kinds.
        is_plain: none has headers or a timestamp.

    """

    kinds: frozenset[int]
    is_plain: bool


M = TypeVar("M", bound="tuple[Any, ...]")

_NO_KEY: Final = -1
_NO_KEY_UNSIGNED: Final = _NO_KEY % 2**32
_SEED: Final = struct.Struct("<QI")
_COLUMNS: Final = 3  # kind, length of the key, length of the body


class Spooled(NamedTuple):
    """One message as the spool keeps it.

    Attributes:
        kind: number of its BodyKind.
        key: the message key, or None.
        body: the event's Avro body, without framing.
        extra: headers and timestamp in ms, where it has any.

    """

    kind: int
    key: bytes | None
    body: bytes
    extra: Extra | None = None


ROW: Final = 512  # messages in a row at most
_ROW_BYTES: Final = 1 << 20  # likewise, unless one alone is larger


class Damaged(ValueError):  # noqa: N818 - it names the state
    """What was read back is not what was written."""


def batched(messages: Sequence[M]) -> Iterator[Sequence[M]]:
    """Cut messages into rows."""
    for begin in range(0, len(messages), ROW):
        row = messages[begin : begin + ROW]
        if sum(len(each[2]) for each in row) <= _ROW_BYTES:
            yield row
        else:
            yield from _small_rows(row)


def _small_rows(messages: Sequence[M]) -> Iterator[Sequence[M]]:
    begin = size = 0
    for number, each in enumerate(messages):
        if number > begin and size + len(each[2]) > _ROW_BYTES:
            yield messages[begin:number]
            begin, size = number, 0
        size += len(each[2])
    yield messages[begin:]


def columns(messages: Sequence[tuple[Any, ...]]) -> Columns:
    """Return the columns of messages: of each the first four fields are those of Spooled."""
    kinds, keys, bodies, extras, *_ = zip(*messages, strict=True)
    return Columns(kinds, keys, bodies, extras)


def pack(of: Columns) -> bytes:
    """Return messages as the bytes of one row."""
    lengths = [_NO_KEY if key is None else len(key) for key in of.keys]
    numbers = struct.pack(f"<{_COLUMNS * len(lengths)}i", *of.kinds, *lengths, *map(len, of.bodies))
    rest = b""
    if any(of.extras):
        rest = json.dumps({n: _plain(x) for n, x in enumerate(of.extras) if x is not None}).encode()
    return b"".join((numbers, *filter(None, of.keys), *of.bodies, rest))


def of_one_kind(kind: int, count: int, rest: bytes) -> bytes:
    """Return the bytes of a row whose messages are of one kind; `rest` follows their kinds."""
    return struct.pack("<i", kind) * count + rest


def unpack(data: bytes, count: int) -> Columns:
    """Return the messages of a row.

    Raises:
        Damaged: the bytes do not hold so many.

    """
    try:
        numbers = struct.unpack_from(f"<{_COLUMNS * count}i", data)
        kinds, keys, bodies = numbers[:count], numbers[count : 2 * count], numbers[2 * count :]
        lengths = [*(max(length, 0) for length in keys), *bodies]
        ends = list(accumulate(lengths, initial=_COLUMNS * 4 * count))
        parts = [data[at:end] for at, end in pairwise(ends)]
        extras = {} if ends[-1] == len(data) else json.loads(data[ends[-1] :])
    except (struct.error, ValueError) as error:
        raise Damaged(str(error)) from error
    if ends[-1] > len(data):
        raise Damaged("cut short")
    return Columns(
        kinds,
        tuple(None if keys[n] == _NO_KEY else parts[n] for n in range(count)),
        tuple(parts[count:]),
        tuple(_extra(extras.get(str(n))) for n in range(count)),
    )


def outline(data: bytes, count: int) -> Outline:
    """Look at the fixed numbers of a row.

    Raises:
        Damaged: the bytes do not hold so many messages.

    """
    try:  # as unsigned numbers: a length below 0 that is no sign of a missing key is far too large
        numbers = struct.unpack_from(f"<{_COLUMNS * count}I", data)
    except struct.error as error:
        raise Damaged(str(error)) from error
    missing = numbers[count : 2 * count].count(_NO_KEY_UNSIGNED)
    end = _COLUMNS * 4 * count + sum(numbers[count:]) - missing * _NO_KEY_UNSIGNED
    if end > len(data):
        raise Damaged("cut short")
    return Outline(frozenset(numbers[:count]), end == len(data))


def checksum(position: int, count: int, data: bytes) -> int:
    """Return the CRC-32 of a row, of its place and length too."""
    return zlib.crc32(data, zlib.crc32(_SEED.pack(position, count)))


def _plain(extra: Extra) -> list[Any]:
    headers, timestamp_ms = extra
    if headers is None:
        return [timestamp_ms, None]
    return [timestamp_ms, [[name, _text(value)] for name, value in headers]]


def _text(value: str | bytes | None) -> str | None:
    raw = value.encode() if isinstance(value, str) else value
    return None if raw is None else b64encode(raw).decode()


def _extra(plain: list[Any] | None) -> Extra | None:
    if plain is None:
        return None
    timestamp_ms, headers = plain
    if headers is None:
        return None, timestamp_ms
    return [(name, v if v is None else b64decode(v)) for name, v in headers], timestamp_ms
