"""CSV cells and rows: from text to a typed value, and from a row to an object of its class."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from freezer_events.avro.bad_value import BadValue, shown
from freezer_events.avro.forms.from_json import Forms
from freezer_events.avro.model import model_of, scalar_of
from freezer_events.avro.parse.types import EnumType, UnionType
from freezer_events.event import twin

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from freezer_events.avro.parse.types import Type
    from freezer_events.event import EventType

    Parse = Callable[[Any], Any]


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
        if self.strip:
            text = text.strip()
        return self.parse(text) if text else self.empty()


def from_text(event_type: EventType, decimal: str = ".") -> dict[str, Cell]:
    """Return, per Avro field name, what makes its value of a CSV cell.

    An empty cell means that there is no value: None where the field may be without one. A value
    that has parts, or may be of several types, is written as JSON.
    """
    forms = Forms(event_type)
    root = model_of(event_type).root
    forms.of(root)  # learns the records that fields refer to
    return {each.name: _cell(event_type, forms, each.type, decimal) for each in root.fields}


def _cell(event_type: EventType, forms: Forms, use: Type, decimal: str) -> Cell:
    model = model_of(event_type)
    of = model.resolve(use)
    empty: Callable[[], Any] = _refuse_empty
    if isinstance(of, UnionType):
        branches = [each for each in model.branches(of) if each.kind != "null"]
        if len(branches) < len(of.branches):
            empty = _no_value
        if len(branches) != 1:
            return Cell(_from_json(forms.of(of)), empty)
        of = branches[0]
    found = scalar_of(of)
    if found is None:
        parse = forms.of(of)
        if isinstance(of, EnumType):
            return Cell(parse, empty, strip=True)
        return Cell(_from_json(parse), empty)
    if found.base == found.name == "string":
        # A string may be empty where it must be there: no other way to write one down.
        return Cell(str, empty if isinstance(model.resolve(use), UnionType) else str)
    if found.base == "null":
        empty = _no_value
    return Cell(partial(found.from_text, decimal=decimal), empty, found.strip)


def _from_json(parse: Parse) -> Parse:
    return lambda text: parse(_json(text))


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except RecursionError:
        raise BadValue("", "is nested too deeply") from None
    except ValueError as error:
        raise BadValue("", f"{shown(text)} is not JSON") from error


def _no_value() -> None:
    """Take an empty cell where a field may be without a value."""


def _refuse_empty() -> None:
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
    make = twin(record, list(columns))
    plan = [(at, cell.parse, cell.empty, cell.strip) for at, cell in columns.values()]

    def parse(row: list[str]) -> Any:
        values = []
        for at, convert, empty, strip in plan:
            text = row[at].strip() if strip else row[at]
            values.append(convert(text) if text else empty())
        made = make(*values)
        made.__class__ = record
        return made

    return parse
