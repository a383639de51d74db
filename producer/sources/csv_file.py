"""Readings as CSV, the way people have it: header, BOM, CRLF, quotes, `;`, decimal commas."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

from producer.errors import BadReading, UsageError
from producer.sources.reading import Rejected
from producer.values import BadValue, attribute, field_names, from_text, required

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from producer.event import EventType
    from producer.sources.reading import Format, OnReject


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
        self._record = event_type.record
        self._on_reject = on_reject
        self._delimiter = delimiter = written.delimiter
        try:
            self._rows = csv.reader(text, delimiter=delimiter)
        except TypeError as error:
            raise UsageError("--delimiter", f"{delimiter!r} is not one character") from error
        self._line = 1
        self._row: list[str] = []
        self._header = self._read_header()
        self._cells, self.ignored = _match(self._header, event_type, written, name)

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
        rows, cells, record, width = self._rows, self._cells, self._record, len(self._header)
        while True:
            self._line = rows.line_num + 1
            try:
                self._row = row = next(rows)
            except StopIteration:
                return
            except csv.Error as error:
                self._row = []
                self._on_reject(Rejected(self.place, str(error), ""))
                continue
            if len(row) != width:
                if row:
                    noun = "cell" if len(row) == 1 else "cells"
                    why = f"{len(row)} {noun} where the header has {width}"
                    self._on_reject(Rejected(self.place, why, self.text))
                continue
            try:
                event = record(**{name: parse(row[at]) for name, at, parse in cells})
            except BadValue:
                self._on_reject(Rejected(self.place, self._complaint(row), self.text))
            else:
                yield event

    def close(self) -> None:
        """Close the input."""
        self._text.close()

    def _read_header(self) -> list[str]:
        try:
            header = next((row for row in self._rows if row), None)
        except csv.Error as error:
            raise BadReading(f"{self._name}:1", f"the header cannot be read: {error}") from error
        if header is None:
            raise BadReading(f"{self._name}:1", "is empty: a CSV file begins with a header row")
        return [cell.strip() for cell in header]

    def _complaint(self, row: list[str]) -> str:
        """Parse once more, cell by cell, to name the one that does not fit."""
        for name, at, parse in self._cells:
            try:
                parse(row[at])
            except BadValue as error:
                return str(error.under(name))
        return "does not fit"

    def _written(self, row: list[str]) -> str:
        out = io.StringIO()
        csv.writer(out, delimiter=self._delimiter, lineterminator="").writerow(row)
        return out.getvalue()


def _match(
    header: list[str],
    event_type: EventType,
    written: Format,
    name: str,
) -> tuple[list[tuple[str, int, Callable[[str], Any]]], tuple[str, ...]]:
    """Pair fields with columns: (attribute, column index, parse), and the columns left over."""
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
    parsers = from_text(event_type, written.decimal)
    cells = [
        (attribute(field), targets.index(field), parse)
        for field, parse in parsers.items()
        if field in targets
    ]
    ignored = tuple(
        column for column, field in zip(header, targets, strict=True) if field not in parsers
    )
    return cells, ignored
