"""Plain tables: columns as wide as their widest cell, headed, without a frame."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield the lines of a table; the last column is as wide as it likes."""
    everything = [heads, *rows]
    widths = [max(len(row[n]) for row in everything) for n in range(len(heads))]
    for row in everything:
        yield "  ".join(
            f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)
        ).rstrip()
