"""Read a scalar as another: the writer's bytes, the promotion, and what the reader makes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from freezer_events.avro.default_values import MismatchError
from freezer_events.avro.promotion import PROMOTED
from freezer_events.avro.scalars import scalar

if TYPE_CHECKING:
    from freezer_events.avro.binary import Read
    from freezer_events.avro.reads import PythonReads
    from freezer_events.avro.scalars import Scalar


def reader_of(w: Scalar, r: Scalar, reads: PythonReads) -> Read:
    """Return the function from the writer's bytes to the reader's typed value.

    Raises:
        MismatchError: the reader's type takes none of the writer's.

    """
    read = reads.primitive(w.base, w.size)
    if w == r or not w.logical or (r.base == r.name == "string"):
        promoted = _promoted(read, w.base, r, reads)
        return reads.typed(promoted, r) if r.logical else promoted
    # Both mean something: the value is taken as the writer meant it, if the reader has such.
    plain = scalar(w.base, None, w.size)
    if w.python != r.python or r == plain:
        raise MismatchError("", f"{w.name} is not {r.name}")
    return reads.promoted(reads.typed(read, w), r.checked)


def _promoted(read: Read, base: str, r: Scalar, reads: PythonReads) -> Read:
    if base == r.base:
        return read
    promote = PROMOTED.get((base, r.base))
    if promote is None:
        raise MismatchError("", f"{base} is not {r.base}")
    return reads.promoted(read, promote)
