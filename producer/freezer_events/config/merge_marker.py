"""Merge markers that git left in a file which people or programs are about to read."""

from __future__ import annotations

from typing import Final

_STARTS: Final = ("<<<<<<< ", "||||||| ", ">>>>>>> ")


def merge_marker(text: str) -> int:
    """Return the line (from 1) of the first merge marker in a text, 0 without one."""
    lines = enumerate(text.splitlines(), 1)
    return next((number for number, line in lines if line.startswith(_STARTS)), 0)
