"""Break text into lines that fit: the terminal where there is one, else 80 columns.

Only spaces are broken at: a URL, a path, a command's option can be copied whole, however long.
"""

from __future__ import annotations

import os
import sys
import textwrap
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from typing import TextIO

WIDTH: Final = 80  # where nobody says how wide it is: a pipe, a file
NARROWEST: Final = 40  # columns below which lines are left to the terminal to break
WIDEST: Final = 100  # columns beyond which lines are hard to read


def columns(stream: TextIO | None = None) -> int:
    """Return how wide lines on this stream may be, in columns; without one: standard output."""
    try:
        wide = os.get_terminal_size((stream or sys.stdout).fileno()).columns
    except (OSError, ValueError):  # no terminal, or no file at all, or a closed one
        return WIDTH
    return min(max(wide, NARROWEST), WIDEST) if wide else WIDTH  # some terminals do not know


def wrapped(text: str, first: str = "", rest: str | None = None, width: int = 0) -> list[str]:
    """Return the lines of a text; none where it is empty.

    Args:
        text: what to wrap.
        first: begins the first line.
        rest: begins the others; without it, spaces as wide as `first`.
        width: columns of a line, its beginning included; 0 for those of standard output.

    """
    return textwrap.wrap(
        text,
        width or columns(),
        initial_indent=first,
        subsequent_indent=" " * len(first) if rest is None else rest,
        break_long_words=False,
        break_on_hyphens=False,
    )
