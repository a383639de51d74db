"""Where a logical type changes: values that mean something else, and types that nobody heeds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from freezer_events.avro.model import scalar_of
from freezer_events.avro.parse.types import child
from freezer_events.avro.scalars.decimals import DecimalScalar
from freezer_events.schema.compare.decode import Draft
from freezer_events.schema.compare.findings import Code, Kind
from freezer_events.schema.compare.phrases import effective
from freezer_events.schema.levels import Direction

if TYPE_CHECKING:
    from collections.abc import Iterator

    from freezer_events.avro.parse.types import Logical, Resolved
    from freezer_events.avro.scalars import Scalar
    from freezer_events.schema.compare.resolution import TypesMet


def changed(met: TypesMet, direction: Direction) -> Iterator[Draft]:
    """Yield a break in meaning: the bytes are read, as something else."""
    w, r = effective(met.writer.logical), effective(met.reader.logical)
    if w == r:
        return
    writer, reader = ("old", "new") if direction is Direction.NEW_READS_OLD else ("new", "old")
    names = [_called(each.kind, logical) for each, logical in ((met.writer, w), (met.reader, r))]
    why = f"{writer} data holds {names[0]}, and {reader} readers take it for {names[1]}"
    old, new = names if writer == "old" else names[::-1]
    yield Draft(
        Kind.MEANING,
        _code(w, r),
        met.path,
        child(met.writer.pointer, _key(w, r)),
        child(met.reader.pointer, _key(w, r)),
        why + _factor(met.writer, met.reader),
        f"keep {old}, and for {new} add another field beside it, nullable with default null",
    )


def ignored(met: TypesMet) -> Iterator[Draft]:
    """Yield a warning of a logical type that no reader heeds."""
    w, r = met.writer.logical, met.reader.logical
    if r is not None and r.ignored and w != r:
        yield Draft(
            Kind.WARNING,
            Code.LOGICAL_TYPE_IGNORED,
            met.path,
            child(met.writer.pointer, "logicalType"),
            child(met.reader.pointer, "logicalType"),
            f"{r.name} does not stand on {met.reader.kind}, so that every reader ignores it",
            f"take the logicalType away, or put it on a type that {r.name} stands on",
        )


def _called(kind: str, logical: Logical | None) -> str:
    return f"plain {kind}" if logical is None else str(logical)


def _code(w: Logical | None, r: Logical | None) -> Code:
    same = w is not None and r is not None and w.name == r.name
    return Code.DECIMAL_CHANGED if same else Code.LOGICAL_TYPE_CHANGED


def _key(w: Logical | None, r: Logical | None) -> str:
    if _code(w, r) is Code.LOGICAL_TYPE_CHANGED or w is None or r is None:
        return "logicalType"
    return "precision" if w.scale == r.scale else "scale"


def _factor(writer: Resolved, reader: Resolved) -> str:
    """Say how far off every value is, where that is a factor."""
    w, r = scalar_of(writer), scalar_of(reader)
    if w is None or r is None:
        return ""
    if isinstance(w, DecimalScalar) and isinstance(r, DecimalScalar):
        factor, up = 10 ** abs(w.scale - r.scale), w.scale > r.scale
        much = "a value may have more digits than it allows"
    else:
        rates = w.per_second, r.per_second
        if not all(rates) or _kind_of_time(w) != _kind_of_time(r):
            return ""
        factor, up = max(rates) // min(rates), rates[0] > rates[1]
        much = ""
    if factor > 1:
        much = f"every value is {factor} times too {'large' if up else 'small'}"
    return f": {much}"


def _kind_of_time(found: Scalar) -> str:
    """Return its name without the unit: timestamp, local-timestamp, time."""
    return found.name.rpartition("-")[0]
