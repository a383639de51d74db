"""The values of a row by name, as a condition asks for them."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

from freezer_events.avro.expression.tree import Identifier
from freezer_events.avro.forms import BadValue
from freezer_events.sources.reading import BadReading, NoReading

if TYPE_CHECKING:
    import re
    from collections.abc import Iterator, Mapping

    from freezer_events.avro.forms import Cell


def names_in(node: object) -> Iterator[str]:
    """Yield the names that an expression asks for."""
    if isinstance(node, Identifier):
        yield node.name
    elif isinstance(node, tuple | list):
        for each in node:
            yield from names_in(each)
    elif is_dataclass(node):
        for each in fields(node):
            yield from names_in(getattr(node, each.name))


def matched(pattern: re.Pattern[str], text: str, field: str) -> str:
    """Return what a pattern finds in a value; raises BadReading."""
    match = pattern.search(text)
    if match is None:
        raise BadReading(field, f"{text[:60]!r} does not match {pattern.pattern!r}")
    return match[1]


class RowValues(dict[str, Any]):
    """The values of a row by name: a column's is its text, a field's is typed.

    Attributes:
        error: why a value that was asked for is none. Whoever asks takes the row for no answer.

    """

    def __init__(
        self, row: list[str], names: tuple[str, ...], cells: Mapping[str, tuple[int, Cell]]
    ) -> None:
        super().__init__()
        self.error: Exception | None = None
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
