"""CSV cells and rows: from text to a typed value, and from a row to an object of its class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from freezer_events.avro.forms.primitives import BadValue
from freezer_events.event import twin

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True, slots=True)
class Cell:
    """How the text of a cell becomes a value: called with it, raises BadValue if it does not fit.

    Attributes:
        parse: from text that is not empty to the value; raises BadValue.
        empty: gives the value of an empty cell, or raises BadValue.
        strip: whether `parse` is spared the blanks around the text.

    """

    parse: Callable[[str], Any]
    empty: Callable[[], Any]
    strip: bool = False

    def __call__(self, text: str) -> Any:
        """Return the value."""
        if not text:
            return self.empty()
        return self.parse(text.strip() if self.strip else text)


def no_value() -> None:
    """Take an empty cell where a field may be without a value."""


def refuse_empty() -> None:
    """Refuse an empty cell where it may not."""
    raise BadValue("", "is empty")


def row_parser(
    record: type[Any], columns: Mapping[str, tuple[int, Cell]]
) -> Callable[[list[str]], Any]:
    """Return the function that makes an object of a generated class from a row.

    It raises BadValue for a cell that does not fit, without the name of the field: who wants to
    know parses cell by cell.

    Args:
        record: the class.
        columns: attribute to where its cell is in the row, and what that holds; attributes that
            are not there get their defaults.

    """
    known: dict[str, Any] = {"twin": twin(record, list(columns)), "record": record}
    values = []
    for number, (at, cell) in enumerate(columns.values()):
        known |= {f"parse{number}": cell.parse, f"empty{number}": cell.empty}
        text = "text.strip()" if cell.strip else "text"
        values.append(f"parse{number}({text}) if (text := row[{at}]) else empty{number}()")
    # Written out: with a loop over the cells, reading a file takes a fifth longer, because Python
    # makes a call fast that always goes to the same function. Only numbers go into the text.
    lines = (
        "def parse(row):",
        f"    made = twin({', '.join(values)})",
        "    made.__class__ = record",
        "    return made",
    )
    exec("\n".join(lines), known)  # noqa: S102 - it is our own text
    parse: Callable[[list[str]], Any] = known["parse"]
    return parse
