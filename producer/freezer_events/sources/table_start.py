"""Where a table begins: the lines before it, its header, and the delimiter it shows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from freezer_events.errors import EventError, InvalidEvent, UsageError
from freezer_events.sources.csv_rows import RowSplitter
from freezer_events.sources.reading import BadReading, HoldsNothing, short_list, shown_name

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from freezer_events.sources.physical import PhysicalLines
    from freezer_events.sources.profile import Profile

_DELIMITERS: Final = (",", ";", "\t", "|")
_SEP: Final = re.compile(r'"?sep=(.)"?')
_MOST_LINES: Final = 1000
"""Lines among which a header is looked for by its names."""
_MOST_AHEAD: Final = 50
"""Lines in which one is looked for where the first is none, to name the option: each is tried."""


@dataclass(frozen=True, slots=True)
class TableStart:
    """What stands before the first row.

    Attributes:
        cells: the columns' names.
        line: the header's line, "" where it has none.
        preamble: the lines before it.
        raw: all of these bytes.
        delimiter: between cells.
        decimal: the decimal mark in numbers.

    """

    cells: list[str]
    line: str
    preamble: str
    raw: bytes
    delimiter: str
    decimal: str


def find_start(
    lines: PhysicalLines,
    profile: Profile,
    name: str,
    fits: Callable[[TableStart], bool],
) -> TableStart:
    """Read up to the first row.

    Args:
        lines: from the beginning.
        profile: what is said of the header.
        name: the input's.
        fits: tells whether a header has all columns that are needed.

    Raises:
        UsageError: there is no header with the names that it is known by.
        HoldsNothing: there is nothing that could be one, or it is still to come.
        InvalidEvent: there is none that can be read.

    """
    start = _Start(lines, profile)
    start.take_separator()
    for _ in range(profile.skip):
        start.take()
    if profile.columns:
        return start.found(list(profile.columns), "", start.delimiters[0])
    is_empty = True
    while (text := start.take()) is not None and len(start.before) <= _MOST_LINES:
        if not text.strip() or (profile.comment and text.startswith(profile.comment)):
            continue
        is_empty = False
        try:
            tried = start.tried(text)
        except BadReading as error:
            where = f"{shown_name(name)}:{lines.number}"
            raise InvalidEvent(where, f"the header cannot be read: {error}", error.fix) from error
        if not profile.header:
            good = next(filter(fits, tried), None)
            return good or _best(start, tried, name, fits)
        for each in tried:
            if _has_names(each.cells, profile.header):
                return each
    raise _no_header(name, profile, is_empty=text is None and (is_empty or lines.left))


def _no_header(name: str, profile: Profile, *, is_empty: bool) -> EventError:
    where = f"{shown_name(name)}:1"
    if is_empty:
        return HoldsNothing(where, "is empty: a CSV file begins with a header row")
    if profile.header:
        return UsageError(
            shown_name(name),
            f"no line is a header that names {short_list(profile.header)}",
            "freezer profiles  (lists what kinds of files are known)",
        )
    why = f"its first {_MOST_LINES:,} lines are empty or comments: none is a header"
    return InvalidEvent(where, why)


class _Start:
    """Takes the lines one by one."""

    def __init__(self, lines: PhysicalLines, profile: Profile) -> None:
        self.before: list[str] = []
        self.lines = lines
        self.decimal = profile.decimal
        self.delimiters: Sequence[str] = (profile.delimiter,) if profile.delimiter else _DELIMITERS
        self._raw = b""

    def take_separator(self) -> None:
        """Take the line by which a spreadsheet is told what separates cells."""
        first = self.lines.peek()
        said = _SEP.fullmatch(first) if first is not None else None
        if said:
            self.take()
            if len(self.delimiters) > 1:
                self.delimiters = (said[1],)
            # Only where the comma is the decimal mark do spreadsheets put another separator.
            self.decimal = self.decimal or ("," if said[1] == ";" else "")

    def take(self) -> str | None:
        """Take a line; None at the end."""
        text = next(iter(self.lines), None)
        if text is not None:
            self.before.append(text)
            self._raw += self.lines.raw
        return text

    def tried(self, text: str) -> list[TableStart]:
        """Return the header that a line is, with each delimiter that there may be."""
        found = []
        own = len(self.lines.raw)
        for delimiter in self.delimiters:
            self.lines.back_to_first()
            cells = [cell.strip() for cell in RowSplitter(self.lines, delimiter).split(text)]
            while len(cells) > 1 and not cells[-1]:
                del cells[-1]
            raw = self._raw[: len(self._raw) - own] + self.lines.raw
            before = "\n".join(self.before[:-1])
            found.append(TableStart(cells, text, before, raw, delimiter, self.decimal or "."))
        return found

    def found(self, cells: list[str], line: str, delimiter: str) -> TableStart:
        """Return the start of a table without a header."""
        before = "\n".join(self.before)
        return TableStart(cells, line, before, self._raw, delimiter, self.decimal or ".")


def _best(
    start: _Start, tried: list[TableStart], name: str, fits: Callable[[TableStart], bool]
) -> TableStart:
    """Return the header with the most cells, unless a later line is one that fits."""
    first = tried[0].line.lstrip()
    if first.startswith(("{", "[")):
        raise UsageError(shown_name(name), "holds JSON, it seems", "say so: --format json")
    for ahead in range(_MOST_AHEAD):
        text = start.lines.ready(ahead) or ""
        for delimiter in start.delimiters:
            cells = [cell.strip().strip('"') for cell in text.split(delimiter)]
            if text.strip() and fits(TableStart(cells, text, "", b"", delimiter, ".")):
                more = f" --delimiter {delimiter!r}" if delimiter != "," else ""
                number = start.lines.number + 1 + ahead
                raise UsageError(
                    f"{shown_name(name)}:{start.lines.number}",
                    f"is not the header: line {number} is, it seems",
                    f"pass over the lines before it: --skip {number - 1}{more}",
                )
    return max(tried, key=lambda each: len(each.cells))


def _has_names(cells: Sequence[str], names: Sequence[str]) -> bool:
    """Tell whether all names, or expressions between slashes, are cells of a row."""
    return all(
        any(re.fullmatch(name[1:-1], each) for each in cells)
        if len(name) > 2 and name[0] == name[-1] == "/"  # noqa: PLR2004 - between slashes
        else name in cells
        for name in names
    )
