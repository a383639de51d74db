"""Readings as tables of text, the way people have them: CSV and its kin.

A table begins with a header, or its columns are named by a profile. The header may come again, and
another one may follow: then what each column holds is settled anew, and the user is told.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from freezer_events.avro.forms import BadValue
from freezer_events.errors import UsageError
from freezer_events.sources.columns import ColumnPlanner
from freezer_events.sources.csv_rows import RowSplitter
from freezer_events.sources.field_rules import FieldRules
from freezer_events.sources.reading import BadReading, NoReading, StandsOpen, short_list
from freezer_events.sources.table_start import find_start
from freezer_events.sources.text_source import TextSource

if TYPE_CHECKING:
    from collections.abc import Iterator

    from freezer_events.sources.columns import TablePlan
    from freezer_events.sources.table_start import TableStart

_NUMBER: Final = re.compile(r"\s*[+-]?\d[\d.,:/TZ+ -]*\s*")


class CsvFile(TextSource):
    """Events from the rows of a table; empty lines are passed over.

    Raises:
        UsageError: the header lacks a field that a reading must bring, or a column that was named.
        InvalidEvent: there is no header.

    """

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._ended = False
        self._is_end = re.compile(self._profile.footer).search if self._profile.footer else None
        self._unknown = ""  # why the rows under the header in force cannot be read
        start = find_start(self._lines, self._profile, self.name, self._fits)
        self._heading = start.raw
        self._splitter = RowSplitter(self._lines, start.delimiter, self._start[1])
        self._planner = self._planner_of(start)
        self._plan = self._planner.plan(start.cells)
        self._name_columns(self._plan)

    def __iter__(self) -> Iterator[Any]:  # noqa: C901, PLR0912 - one loop: calls cost here
        """Yield the events."""
        rows, lines, split = self.rows, self._lines, self._splitter.split
        skipping = self._start != (1, 0)
        special = bool(self._profile.comment or self._is_end)
        careful = skipping or special
        plan = self._plan
        parse, width, wide = plan.parse, plan.width, plan.wide
        for text in lines:
            if careful:
                if skipping and self._is_before_start():
                    if self._passes_over(text):
                        continue
                    return
                skipping, careful = False, special
                if special and self._is_special(text):
                    rows.read += 1
                    rows.none += 1
                    continue
            rows.read += 1
            try:
                row = split(text)
            except BadReading as error:
                self._reject(error)
                continue
            except StandsOpen:
                rows.read -= 1
                self._give_back(lines.number, lines.begin)
                return
            if not row:
                rows.none += 1
                continue
            if plan is not self._plan:
                plan = self._plan
                parse, width, wide = plan.parse, plan.width, plan.wide
            looked_at = len(row) != width or plan.only_text or self._unknown
            if looked_at and not self._fits_header(row, plan):
                continue
            try:
                found = parse(row)
            except BadValue as error:
                self._misfit(row, plan, error)
            except NoReading as why:
                rows.hold_none(why)
            else:
                rows.used += 1
                if wide:
                    yield from self._each(found)
                else:
                    yield found

    def _planner_of(self, start: TableStart) -> ColumnPlanner:
        places = {**self._places, "preamble": start.preamble, "header": start.line}
        rules = FieldRules(self._event_type, self._profile, places, start.decimal)
        return ColumnPlanner(self.name, self._event_type, self._profile, rules, places, self._keep)

    def _fits(self, start: TableStart) -> bool:
        try:
            self._planner_of(start).plan(start.cells)
        except UsageError:
            return False
        return True

    def _is_special(self, text: str) -> bool:
        """Tell whether a line is a comment, or behind the end of the table."""
        if self._is_end is not None and not self._ended:
            self._ended = self._is_end(text) is not None
        comment = self._profile.comment
        return self._ended or (bool(comment) and text.startswith(comment))

    def _passes_over(self, text: str) -> bool:
        """Heed what a row before the start says of those behind it; False where it stands open."""
        try:
            row = self._splitter.split(text)
        except BadReading:
            return True
        except StandsOpen:
            self._give_back(max(self._lines.number, self._start[0]), self._lines.begin)
            return False
        if row and not self._is_special(text) and self._is_header(row, self._plan):
            self._change_header(row)
        return True

    def _fits_header(self, row: list[str], plan: TablePlan) -> bool:
        """Give a row as many cells as the header has; False where it has been dealt with."""
        if self._is_header(row, plan):
            if self._change_header(row):
                self.rows.none += 1
            else:
                self._reject(self._unknown)
            return False
        if self._unknown:
            self._reject(self._unknown)
            return False
        width = plan.width
        if len(row) > width and not any(map(str.strip, row[width:])):
            del row[width:]
        elif len(row) < width and self._profile.short_rows:
            row += [""] * (width - len(row))
        if len(row) == width:
            return True
        if any(map(str.strip, row)):
            noun = "cell" if len(row) == 1 else "cells"
            self._reject(f"{len(row)} {noun} where the header has {width}")
        else:
            self.rows.none += 1
        return False

    def _misfit(self, row: list[str], plan: TablePlan, error: BadValue) -> None:
        """Say what is wrong with a row, if it is one at all."""
        if not any(map(str.strip, row)):
            self.rows.none += 1
        elif self._is_header(row, plan):
            self._fits_header(row, plan)
        else:
            try:
                plan.complain(row)
            except BadValue as named:
                error = named
            self._reject(error)

    def _is_header(self, row: list[str], plan: TablePlan) -> bool:
        """Tell whether a row is a header: it names a column, and holds no number."""
        return plan.is_header(row) and not any(map(_NUMBER.fullmatch, row))

    def _change_header(self, row: list[str]) -> bool:
        """Settle anew what the columns hold; False where it cannot be done."""
        cells = [cell.strip() for cell in row]
        while len(cells) > 1 and not cells[-1]:
            del cells[-1]
        if tuple(cells) == self._plan.header and not self._unknown:
            return True
        try:
            plan = self._planner.plan(cells)
        except UsageError as error:
            self._unknown = f"under a header that cannot be read: {error.why}"
            return False
        if plan.header != self._plan.header:
            self._tell(f"{self.last.shown}: another header follows: {short_list(cells)}")
        self._plan, self._unknown = plan, ""
        self._name_columns(plan)
        return True

    def _name_columns(self, plan: TablePlan) -> None:
        """Tell of columns that no field takes, and of those that are sensors."""
        self._name_unused("columns", plan.unused)
        if plan.wide:
            self._tell(f"columns with the readings of a sensor each: {short_list(plan.wide)}")
