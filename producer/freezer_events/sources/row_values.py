"""The values of a row by name, as a condition asks for them."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

from freezer_events.avro.expression.grammar import parse_expression
from freezer_events.avro.expression.tree import Identifier
from freezer_events.avro.forms import BadValue
from freezer_events.errors import UsageError
from freezer_events.sources.reading import BadReading, NoReading, Unanswered, short_list

if TYPE_CHECKING:
    import re
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from freezer_events.avro.expression.condition import Condition
    from freezer_events.avro.forms import Cell


def names_asked(keep: Condition | None) -> frozenset[str]:
    """Return the names that a condition asks for."""
    return frozenset(_names_in(parse_expression(keep.text))) if keep else frozenset()


def refuse_unknown(names: Collection[str], columns: Sequence[str]) -> None:
    """Refuse what a condition asks for where there is no such value.

    Raises:
        UsageError: there are such names.

    """
    for name in sorted(names):
        why = f"there is neither such a field nor a column: {short_list(columns)}"
        raise UsageError(f"--where {name}", why)


def _names_in(node: object) -> Iterator[str]:
    """Yield the names that an expression asks for."""
    if isinstance(node, Identifier):
        yield node.name
    elif isinstance(node, tuple | list):
        for each in node:
            yield from _names_in(each)
    elif is_dataclass(node):
        for each in fields(node):
            yield from _names_in(getattr(node, each.name))


def joined(texts: Iterable[str]) -> str:
    """Return texts joined by a blank, "" where all of them are blank."""
    return " ".join(each.strip() for each in texts).strip()


def matched(pattern: re.Pattern[str], text: str, field: str) -> str:
    """Return what a pattern finds in a value; raises BadReading."""
    match = pattern.search(text)
    if match is None:
        raise BadReading(field, f"{text[:60]!r} does not match {pattern.pattern!r}")
    return match[1]


class AskedValues(dict[str, Any]):
    """Values by name, made when a condition asks for them.

    Attributes:
        error: why a value that was asked for is none. Whoever asks takes the row for no answer.

    """

    def __init__(self) -> None:
        super().__init__()
        self.error: BadValue | None = None


def refuse_unless(keep: Condition, values: AskedValues) -> None:
    """Pass over a row that does not meet a condition.

    Raises:
        BadValue: a value that the condition asks for is none.
        NoReading: it does not meet it.
        Unanswered: there is no answer.

    """
    answer = keep(values)
    if answer:
        return
    if values.error is not None:
        raise values.error
    raise NoReading if answer is not None else Unanswered


class RowValues(AskedValues):
    """The values of a row: a column's is its text, a field's is typed."""

    def __init__(
        self, row: list[str], names: tuple[str, ...], cells: Mapping[str, tuple[int, Cell]]
    ) -> None:
        super().__init__()
        self._row = row
        self._names = names
        self._cells = cells

    def __missing__(self, name: str) -> Any:
        """Look a name up."""
        if name in self._cells:
            at, cell = self._cells[name]
            try:
                return cell(self._row[at])
            except NoReading:
                return None
            except BadValue as error:
                self.error = error.under(name)
                raise
        return self._row[self._names.index(name)]
