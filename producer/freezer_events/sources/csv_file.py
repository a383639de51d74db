"""Readings as CSV, the way people have it: header, BOM, CRLF, quotes, `;`, decimal commas."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

from freezer_events.avro.forms import (
    BadValue,
    attributes,
    field_names,
    from_text,
    required,
    row_parser,
)
from freezer_events.errors import InvalidEvent, UsageError
from freezer_events.sources.reading import ReadingPlace, Rejected, Rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from freezer_events.avro.forms import Cell
    from freezer_events.event import EventType
    from freezer_events.sources.reading import Format, OnReject


class CsvFile:
    """Events from the rows of a CSV file; empty lines are passed over.

    Args:
        text: the decoded input, line ends kept.
        name: how messages name it.
        event_type: what each row is to be.
        written: delimiter, decimal mark, and which column holds which field.
        on_reject: told of each row that is no event.

    Raises:
        UsageError: the header lacks a required field, or a column that was named.

    """

    def __init__(
        self,
        text: io.TextIOWrapper,
        name: str,
        event_type: EventType,
        written: Format,
        on_reject: OnReject,
    ) -> None:
        self._text = text
        self._name = name
        self._on_reject = on_reject
        self._delimiter = delimiter = written.delimiter
        self._start_at = written.start_at
        self.rows = Rows()
        self._ahead: list[str] = []
        try:
            self._rows = csv.reader(self._lines(), delimiter=delimiter)
        except TypeError as error:
            raise UsageError("--delimiter", f"{delimiter!r} is not one character") from error
        self._line = 1
        self._row: list[str] = []
        self._header = self._read_header()
        self._cells, self.ignored = _match(self._header, event_type, written, name)
        self._parse = row_parser(event_type.record, self._cells)

    wants_to_know = False

    @property
    def last(self) -> ReadingPlace:
        """The place of the last row."""
        return ReadingPlace(self._line, self._row)

    def safe(self, place: ReadingPlace) -> None:
        """Do nothing: a file keeps its rows."""

    def written(self, place: ReadingPlace) -> str:
        """Return a row, written anew."""
        return self._written(place.raw)

    @property
    def place(self) -> str:
        """File and first line of the last row."""
        return f"{self._name}:{self._line}"

    @property
    def text(self) -> str:
        """The last row, written anew."""
        return self._written(self._row)

    @property
    def heading(self) -> str:
        """The header row: a file of rejects that begins with it can be fed in again."""
        return self._written(self._header)

    def __iter__(self) -> Iterator[Any]:
        """Yield the events."""
        parse, width, rows = self._parse, len(self._header), self.rows
        for row in self._each_row():
            if len(row) != width:
                noun = "cell" if len(row) == 1 else "cells"
                why = f"{len(row)} {noun} where the header has {width}"
                rows.rejected += 1
                self._on_reject(Rejected(self.place, why, self.text))
                continue
            try:
                event = parse(row)
            except BadValue:
                rows.rejected += 1
                self._on_reject(Rejected(self.place, self._complaint(row), self.text))
            else:
                rows.used += 1
                yield event

    def close(self) -> None:
        """Close the input."""
        self._text.close()

    def _each_row(self) -> Iterator[list[str]]:
        """Yield the rows that are not empty; `_line` and `_row` then tell of them."""
        rows, delimiter, longest = self._rows, self._delimiter, csv.field_size_limit()
        counts = self.rows
        row: list[str] | None
        ended = rows.line_num
        for line in self._text:
            self._line = ended + 1
            # Without quotes a row is a line, and to split that takes half the time.
            if '"' in line or len(line) > longest:
                before = rows.line_num
                row = self._read_row(line)
                ended += rows.line_num - before
            else:
                bare = line.rstrip("\r\n")
                row = bare.split(delimiter) if bare else []
                ended += 1
            if self._line < self._start_at:
                continue
            counts.read += 1
            if row:
                self._row = row
                yield row
            elif row is not None:
                counts.none += 1

    def _read_row(self, line: str) -> list[str] | None:
        """Have the csv module read the row that begins with this line; None if it cannot."""
        self._ahead.append(line)
        try:
            return next(self._rows)
        except csv.Error as error:
            self._row = []
            if self._line >= self._start_at:
                self.rows.rejected += 1
                self._on_reject(Rejected(self.place, str(error), ""))
            return None

    def _lines(self) -> Iterator[str]:
        """Yield the line that was looked at and then the ones that follow, for the csv module."""
        while line := self._ahead.pop() if self._ahead else next(self._text, ""):
            yield line

    def _read_header(self) -> list[str]:
        try:
            header = next((row for row in self._rows if row), None)
        except csv.Error as error:
            raise InvalidEvent(f"{self._name}:1", f"the header cannot be read: {error}") from error
        if header is None:
            raise InvalidEvent(f"{self._name}:1", "is empty: a CSV file begins with a header row")
        return [cell.strip() for cell in header]

    def _complaint(self, row: list[str]) -> str:
        """Parse once more, cell by cell, to name the one that does not fit."""
        for name, (at, cell) in self._cells.items():
            try:
                cell(row[at])
            except BadValue as error:
                return str(error.under(name))
        return "does not fit"

    def _written(self, row: list[str]) -> str:
        out = io.StringIO()
        # The writer puts quotes around a cell that holds a character of its line terminator.
        csv.writer(out, delimiter=self._delimiter, lineterminator="\r\n").writerow(row)
        return out.getvalue().removesuffix("\r\n")


def _match(
    header: list[str],
    event_type: EventType,
    written: Format,
    name: str,
) -> tuple[dict[str, tuple[int, Cell]], tuple[str, ...]]:
    """Pair attributes with columns: index and cell; and tell the columns left over."""
    columns, listed = written.columns, ", ".join(header)
    for column in columns:
        if column not in header:
            raise UsageError(f"--column {column}=…", f"{name} has no such column: {listed}")
    targets = [columns.get(column, column) for column in header]
    for field in field_names(event_type):
        if targets.count(field) > 1:
            raise UsageError(f"{name}:1", f"more than one column holds {field}: {listed}")
        if field not in targets and field in required(event_type):
            raise UsageError(
                f"{name}:1",
                f"no column holds {field}; the columns are: {listed}",
                f"name the one that does: --column COLUMN={field}",
            )
    known = from_text(event_type, written.decimal)
    names = attributes(event_type)
    cells = {
        names[field]: (targets.index(field), cell)
        for field, cell in known.items()
        if field in targets
    }
    ignored = tuple(
        column for column, field in zip(header, targets, strict=True) if field not in known
    )
    return cells, ignored
