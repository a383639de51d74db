"""Which column holds which field: what a table's header and a profile make of each row."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from freezer_events.avro.forms import BadValue, Cell, field_names, required, row_parser
from freezer_events.errors import UsageError
from freezer_events.sources.reading import NoReading, short_list, shown_name
from freezer_events.sources.row_values import (
    RowValues,
    joined,
    matched,
    names_asked,
    refuse_unknown,
    refuse_unless,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from freezer_events.avro.expression.condition import Condition
    from freezer_events.event import EventType
    from freezer_events.sources.field_rules import FieldRules
    from freezer_events.sources.profile import FieldFrom, Profile


@dataclass(frozen=True)
class TablePlan:
    """What becomes of the rows under one header.

    Attributes:
        header: the columns' names.
        width: how many there are.
        parse: from a row to its event, or to its events where `wide`; raises BadValue, NoReading.
        complain: the same with the names of fields in what it raises.
        wide: the columns that are a sensor each; where there are some, `parse` returns a list.
        unused: columns that no field takes.
        taken: columns that some field takes; a row that holds one of these is a header.
        only_text: a header could pass as a row of data.

    """

    header: tuple[str, ...]
    width: int
    parse: Callable[[list[str]], Any]
    complain: Callable[[list[str]], None]
    wide: tuple[str, ...]
    unused: tuple[str, ...]
    taken: frozenset[str]
    only_text: bool

    def is_header(self, row: list[str]) -> bool:
        """Tell whether a row is a header, this one again or another one."""
        return any(cell.strip() in self.taken for cell in row)


class ColumnPlanner:
    """Makes the plan for a header.

    Args:
        name: the input, for messages.
        event_type: what rows are to be.
        profile: which column holds which field.
        rules: how a field's value is made.
        places: see `FieldFrom`.
        keep: met by the values of a row that is a reading; None: every row is.

    """

    def __init__(
        self,
        name: str,
        event_type: EventType,
        profile: Profile,
        rules: FieldRules,
        places: Mapping[str, str],
        keep: Condition | None = None,
    ) -> None:
        self._name = shown_name(name)
        self._event_type = event_type
        self._profile = profile
        self._rules = rules
        self._places = places
        self._keep = keep
        self._fields = field_names(event_type)
        self._asked = names_asked(keep)

    def plan(self, header: Sequence[str]) -> TablePlan:
        """Return the plan.

        Raises:
            UsageError: a column that is named is not there or is there twice, or a field that a
                reading must bring has none.

        """
        found = _Found(header)
        for field, source in self._profile.fields.items():
            self._place(field, source, found)
        for at, column in enumerate(header):
            if column in self._fields and not self._is_wide(column):
                self._place_named(column, at, found)
        wide = self._wide_columns(found)
        self._refuse_missing(found, wide=bool(wide))
        refuse_unknown(self._asked - {*found.cells, *header}, header)
        return self._made(found, wide)

    def _place(self, field: str, source: FieldFrom, found: _Found) -> None:
        rule = self._rules[field]
        if not source.columns:
            text = source.found_in(self._places)
            if text is None:
                raise UsageError(
                    f"{self._name}: {field}",
                    f"its {source.place} holds nothing that matches {source.match!r}",
                    f"say it: --set {field}=VALUE",
                )
            cell = rule.cell(field, constant=True)
            try:
                value = cell(text)
            except BadValue as error:
                raise UsageError(f"--set {field}={text}", str(error)) from error
            found.constants[field] = value
            found.cells[field] = (0, Cell(lambda _: value, lambda: value))
            return
        ats = [self._at(each, found.header, field) for each in source.columns]
        found.used.update(ats)
        if len(ats) == 1 and not source.match:
            found.cells[field] = (ats[0], rule.cell(found.header[ats[0]]))
            return
        pattern = re.compile(source.match) if source.match else None
        found.extras.append(_Extra(tuple(ats), pattern, field))
        at = len(found.header) + len(found.extras) - 1
        found.cells[field] = (at, rule.cell(found.header[ats[0]] if len(ats) == 1 else ""))

    def _place_named(self, field: str, at: int, found: _Found) -> None:
        """Let a column hold the field of its name, unless an option says otherwise."""
        if field in found.constants or at in found.used:
            return
        if field in found.cells:
            listed = short_list(found.header)
            raise UsageError(
                f"{self._name}:1",
                f"more than one column holds {field}: {listed}",
                f"leave it to one of them: --column COLUMN={field}, and rename the other",
            )
        found.used.add(at)
        found.cells[field] = (at, self._rules[field].cell(found.header[at]))

    def _at(self, column: str, header: Sequence[str], field: str) -> int:
        """Return where a column is."""
        if len(column) > 2 and column[0] == column[-1] == "/":  # noqa: PLR2004 - between slashes
            ats = [at for at, each in enumerate(header) if re.fullmatch(column[1:-1], each)]
        else:
            ats = [at for at, each in enumerate(header) if each == column]
        if len(ats) == 1:
            return ats[0]
        listed = short_list(header)
        if ats:
            raise UsageError(f"column {column!r}", f"{self._name} has it more than once: {listed}")
        raise UsageError(
            f"column {column!r}",
            f"{self._name} has no such column: {listed}",
            f"name the one that holds {field}: --column COLUMN={field}",
        )

    def _is_wide(self, column: str) -> bool:
        wide = self._profile.wide
        return wide is not None and column in {wide.name, wide.value}

    def _wide_columns(self, found: _Found) -> list[tuple[str, int]]:
        """Return the columns that are a sensor each."""
        wide = self._profile.wide
        if wide is None:
            return []
        columns = [
            (column, at)
            for at, column in enumerate(found.header)
            if at not in found.used
            and column
            and column not in self._profile.left_out
            and re.fullmatch(wide.columns or ".*", column)
        ]
        if not columns:
            raise UsageError(
                f"{self._name}:1", f"no column is a sensor: {short_list(found.header)}"
            )
        found.used.update(at for _, at in columns)
        return columns

    def _refuse_missing(self, found: _Found, *, wide: bool) -> None:
        given = set(found.cells)
        if wide and self._profile.wide:
            given |= {self._profile.wide.name, self._profile.wide.value}
        for field in self._fields:
            if field in required(self._event_type) and field not in given:
                listed = short_list(found.header)
                raise UsageError(
                    f"{self._name}:1",
                    f"no column holds {field}; the columns are: {listed}",
                    f"name the one that does: --column COLUMN={field}; or one value for all: "
                    f"--set {field}=VALUE",
                )

    def _made(self, found: _Found, wide: list[tuple[str, int]]) -> TablePlan:
        names = self._rules.attributes
        cells = {names[field]: where for field, where in found.cells.items()}
        parse: Callable[[list[str]], Any]
        if wide:
            parse = self._wide_parser(cells, wide)
        else:
            parse = row_parser(self._event_type.record, cells)
        whole = _with_steps(parse, found, self._keep)
        return TablePlan(
            tuple(found.header),
            len(found.header),
            whole,
            self._complainer(dict(found.cells), tuple(found.extras)),
            tuple(column for column, _ in wide),
            tuple(each for at, each in enumerate(found.header) if at not in found.used and each),
            frozenset(found.header[at] for at in found.used if found.header[at]),
            all(self._rules[field].is_text or field in found.constants for field in found.cells),
        )

    def _complainer(
        self, cells: Mapping[str, tuple[int, Cell]], extras: tuple[_Extra, ...]
    ) -> Callable[[list[str]], None]:
        """Return what parses once more, cell by cell, to name the one that does not fit."""

        def complain(row: list[str]) -> None:
            row = row + [each(row) for each in extras]
            for field, (at, cell) in cells.items():
                try:
                    cell(row[at])
                except BadValue as error:
                    raise self._rules[field].named(error, row[at]) from None
                except NoReading:
                    continue

        return complain

    def _wide_parser(
        self, cells: dict[str, tuple[int, Cell]], wide: list[tuple[str, int]]
    ) -> Callable[[list[str]], list[Any]]:
        """Return the function that makes an event of each sensor's cell."""
        said = self._profile.wide
        assert said is not None  # noqa: S101 - there are such columns
        names = self._rules.attributes
        parsers = []
        for column, at in wide:
            try:
                name = self._rules[said.name].cell(said.name, constant=True)(column)
            except BadValue as error:
                raise UsageError(f"column {column[:60]!r}", f"as {said.name}: {error}") from error
            one = {
                **cells,
                names[said.name]: (0, Cell(lambda _, it=name: it, lambda it=name: it)),  # type: ignore[misc]
                names[said.value]: (at, self._rules[said.value].cell(column)),
            }
            parsers.append((column, row_parser(self._event_type.record, one)))

        def parse(row: list[str]) -> list[Any]:
            events = []
            for column, make in parsers:
                try:
                    events.append(make(row))
                except NoReading:
                    continue
                except BadValue as error:
                    raise error.under(column) from None
            if not events:
                raise NoReading
            return events

        return parse


class _Found:
    """What has been found out about a header so far."""

    def __init__(self, header: Sequence[str]) -> None:
        self.header = header
        self.cells: dict[str, tuple[int, Cell]] = {}
        self.constants: dict[str, Any] = {}
        self.extras: list[_Extra] = []
        self.used: set[int] = set()


@dataclass(frozen=True)
class _Extra:
    """A further cell, made of others: joined by a blank, or what a pattern finds in one."""

    ats: tuple[int, ...]
    pattern: re.Pattern[str] | None
    field: str

    def __call__(self, row: list[str]) -> str:
        text = joined(row[at] for at in self.ats)
        return matched(self.pattern, text, self.field) if self.pattern and text else text


def _with_steps(
    parse: Callable[[list[str]], Any], found: _Found, keep: Condition | None
) -> Callable[[list[str]], Any]:
    """Put the steps that a profile asks for before the parsing; none costs where it is not."""
    extras = tuple(found.extras)
    if keep is None:
        return (lambda row: parse(row + [each(row) for each in extras])) if extras else parse
    names, cells = tuple(found.header), dict(found.cells)

    def steps(row: list[str]) -> Any:
        row = row + [each(row) for each in extras] if extras else row
        values = RowValues(row, names, cells)
        refuse_unless(keep, values)
        return parse(row)

    return steps
