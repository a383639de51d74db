"""Read a scalar as another: the writer's bytes, the promotion, and what the reader makes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from freezer_events.avro import binary
from freezer_events.avro.default_values import MismatchError
from freezer_events.avro.promotion import PROMOTED
from freezer_events.avro.scalars import scalar

if TYPE_CHECKING:
    from freezer_events.avro.binary import Cursor, Read
    from freezer_events.avro.scalars import Scalar


def reader_of(w: Scalar, r: Scalar) -> Read:
    """Return the function from the writer's bytes to the reader's typed value.

    Raises:
        MismatchError: the reader's type takes none of the writer's.

    """
    read = binary.read_fixed(w.size) if w.base == "fixed" else binary.PRIMITIVES[w.base]
    if w == r or not w.logical or (r.base == r.name == "string"):
        return _converted(_promoted(read, w.base, r), r)
    # Both mean something: the value is taken as the writer meant it, if the reader has such.
    plain = scalar(w.base, None, w.size)
    if w.python != r.python or r == plain:
        raise MismatchError("", f"{w.name} is not {r.name}")
    means = _converted(read, w)

    def convert(cursor: Cursor) -> Any:
        return r.checked(means(cursor))

    return convert


def _promoted(read: Read, base: str, r: Scalar) -> Read:
    if base == r.base:
        return read
    promote = PROMOTED.get((base, r.base))
    if promote is None:
        raise MismatchError("", f"{base} is not {r.base}")
    return lambda cursor: promote(read(cursor))


def _converted(read: Read, r: Scalar) -> Read:
    if not r.logical:
        return read
    typed = r.typed
    return lambda cursor: typed(read(cursor))
