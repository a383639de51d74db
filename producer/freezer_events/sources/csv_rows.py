"""Cells of one CSV row: quotes as RFC 4180 has them, and a way out where one is never closed.

The csv module splits rows, but it cannot resume: a stray quote takes all that follows into one
cell. So where a row ends is decided here, line by line: a quoted cell may go on in further lines,
but not in many, what ends it must be its end, and lines that look like rows are rows.
"""

from __future__ import annotations

import csv
import re
from math import inf
from typing import TYPE_CHECKING, Final

from freezer_events.errors import UsageError
from freezer_events.sources.reading import (
    LONGEST_ROW_BYTES,
    MOST_LINE_BREAKS,
    BadReading,
    StandsOpen,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from freezer_events.sources.physical import PhysicalLines

_LINE: Final = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
# A cell is as long as a row may be; the csv module's own limit is an eighth of that.
csv.field_size_limit(max(csv.field_size_limit(), 2 * LONGEST_ROW_BYTES))


class RowSplitter:
    """Splits lines into cells; takes further lines where a quoted cell holds line breaks.

    Args:
        lines: where the further lines come from.
        delimiter: one character; " " for any number of blanks.
        start: the offset at which a row is known to begin: no row before goes on behind it, so
            none waits for what is behind it.

    Attributes:
        split: from a line's text to its cells, none for an empty line. Raises BadReading where
            its quotes make no row; then that line alone has been taken. Raises StandsOpen where
            its end is still to be written.

    Raises:
        UsageError: the delimiter is not one character, or is a quote or a line end.

    """

    def __init__(self, lines: PhysicalLines, delimiter: str, start: int = 0) -> None:
        if len(delimiter) != 1 or delimiter in '"\r\n':
            fix = "such as --delimiter ';' or --delimiter '\\t'"
            raise UsageError("--delimiter", f"{delimiter!r} is not one character", fix)
        self.delimiter = delimiter
        self.split: Callable[[str], list[str]] = str.split if delimiter == " " else self._split
        self._lines = lines
        self._start = start
        self._waiting: list[str] = []
        self._reader = csv.reader(iter(self._waiting.pop, None), delimiter=delimiter)
        mark = re.escape(delimiter)
        # Quoted, with what a lenient reader lets follow it; or plain, or empty. There is no way
        # back into what was matched, so that time grows with the length alone.
        cell = rf'(?:"(?:[^"]|"")*+"[^{mark}]*+|[^"{mark}][^{mark}]*+|(?={mark}|\Z))'
        self._whole = re.compile(rf"{cell}(?:{mark}{cell})*+")
        self._end_of_cell = re.compile(rf'(?:[^"]|"")*+"(?:(?={mark})|\Z)')

    def _split(self, text: str) -> list[str]:
        if '"' not in text:
            return text.split(self.delimiter) if text else []
        self._waiting.append(text)
        try:
            return next(self._reader)
        except IndexError:  # it wants a further line: a quote is open
            return self._of_several(text)
        except csv.Error as error:
            raise BadReading("", str(error)) from None

    def _of_several(self, text: str) -> list[str]:
        pieces, size, lines = [text], len(text), self._lines
        most = self._start if lines.begin < self._start else inf
        while lines.end < most and (line := lines.more()) is not None:
            pieces.append(line)
            size += len(line)
            if len(pieces) > MOST_LINE_BREAKS + 1 or size > LONGEST_ROW_BYTES:
                break
            if '"' not in line:
                continue
            ended = self._end_of_cell.match(line)
            if ended is None:
                if '"' in line.replace('""', ""):
                    break
            elif self._is_whole_behind(line, ended.end()):
                row = self._read(csv.reader(self._kept_lines(), delimiter=self.delimiter))
                if self._rows_inside(pieces, len(row)):
                    break
                return row
        else:
            if lines.left and lines.end < most:
                raise StandsOpen
        lines.back_to_first()
        why = "a quote is opened and not closed where a cell ends"
        raise BadReading("", why, 'write a quote inside of a cell twice: "12"" pipe"')

    def _is_whole_behind(self, line: str, at: int) -> bool:
        return at == len(line) or self._whole.fullmatch(line, at + 1) is not None

    def _kept_lines(self) -> list[str]:
        text = self._lines.code.decoded(self._lines.raw).removeprefix("\ufeff")
        return _LINE.findall(text)

    def _rows_inside(self, pieces: list[str], width: int) -> bool:
        """Tell whether lines inside of a quoted cell look like rows: then a quote is missing."""
        suspects = [each for each in pieces[1:-1] if '"' not in each]
        if pieces[-1].count('"') == 1 and pieces[-1].endswith('"'):
            suspects.append(pieces[-1])
        return width > 1 and any(each.count(self.delimiter) == width - 1 for each in suspects)

    def _read(self, reader: Iterator[list[str]]) -> list[str]:
        try:
            return next(reader, [])
        except csv.Error as error:
            raise BadReading("", str(error)) from None
