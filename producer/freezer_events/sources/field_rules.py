"""Field by field: from a text or a JSON value of an input to the typed value, in named ways.

This is the one step where sources are lenient: numbers in strings, numeric ids, words for yes and
no, other units, other times. What comes out of it is checked as strictly as what anybody sends.
"""

from __future__ import annotations

import re
from dataclasses import MISSING, fields
from typing import TYPE_CHECKING, Any, Final

from freezer_events.avro.bad_value import BadValue, shown
from freezer_events.avro.forms import Cell, attributes, from_text, required
from freezer_events.avro.model import model_of, scalar_of
from freezer_events.avro.parse.types import UnionType
from freezer_events.avro.scalars.numeric import BooleanScalar, RealScalar, WholeScalar
from freezer_events.avro.scalars.textual import StringScalar
from freezer_events.avro.scalars.timestamp import InstantScalar, NanosScalar
from freezer_events.errors import UsageError
from freezer_events.sources.measures import column_conversion, unit_of
from freezer_events.sources.reading import BadReading, NoReading
from freezer_events.sources.times import TimeForm, time_zone

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from freezer_events.avro.parse.types import RecordField
    from freezer_events.avro.scalars import Scalar
    from freezer_events.event import EventType
    from freezer_events.sources.profile import Profile

_YES: Final = ("true", "1", "yes", "on", "open", "y", "t")
_NO: Final = ("false", "0", "no", "off", "closed", "shut", "n", "f")
_DOORS: Final = frozenset({"open", "closed", "shut"})  # say the opposite of `door_closed`
_CLOSED: Final = re.compile(r"clos|shut|lock", re.IGNORECASE)
_CONTROLS: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_WITH_UNIT: Final = re.compile(
    r"\s*([+-]?[\d.,]*\d(?:[eE][+-]?\d+)?)\s*([^\d\s.,+-]\S*(?: \S+)?)\s*"
)
_MOST_KEYS: Final = 10_000
OMITTED: Final = object()
"""In place of a JSON value that is left out."""


class FieldRules:
    """The rules of an event's fields, as a profile wants them.

    Args:
        event_type: whose fields.
        profile: what is said of units, times and words.
        places: texts in which the zone may be found: see `FieldFrom`.
        decimal: the decimal mark in numbers.

    Raises:
        UsageError: a zone or unit that is named is none.

    """

    def __init__(
        self, event_type: EventType, profile: Profile, places: Mapping[str, str], decimal: str
    ) -> None:
        zone = profile.time_zone and profile.time_zone.found_in(places)
        self.zone = time_zone(zone) if zone else None
        self.attributes = attributes(event_type)
        self._cells = from_text(event_type, decimal)
        self._rules = {
            each.name: FieldRule(event_type, each, profile, self, decimal, self._cells[each.name])
            for each in model_of(event_type).root.fields
        }

    def __getitem__(self, field: str) -> FieldRule:
        """Return the rule of one field."""
        return self._rules[field]


class Keys(dict[str, str]):
    """Keys that have been seen and are good: each is looked at once."""

    def __missing__(self, text: str) -> str:
        """Look at a key; raises BadReading for one that nobody could find again."""
        found = text.strip(" ")
        if not found.strip():
            raise BadReading("", "is blank")
        if _CONTROLS.search(found):
            raise BadReading("", f"{shown(text)} has control characters")
        if len(self) >= _MOST_KEYS:
            self.clear()
        self[text] = found
        return found


class FieldRule:
    """How the value of one field is made."""

    def __init__(
        self,
        event_type: EventType,
        field: RecordField,
        profile: Profile,
        rules: FieldRules,
        decimal: str,
        cell: Cell,
    ) -> None:
        self.name = field.name
        self._doc = field.doc or ""
        self._decimal = decimal
        self._cell = cell
        self._said = _unit(profile, field.name)
        model = model_of(event_type)
        of = model.resolve(field.type)
        optional = model.optional(of) if isinstance(of, UnionType) else None
        self._nullable = isinstance(of, UnionType) and any(
            each.kind == "null" for each in model.branches(of)
        )
        self.required = field.name in required(event_type)
        attribute = rules.attributes[field.name]
        self._default = next(
            each.default for each in fields(event_type.record) if each.name == attribute
        )
        self.scalar: Scalar | None = scalar_of(optional[1] if optional else of)
        is_text = isinstance(self.scalar, StringScalar) and not self.scalar.logical
        self.is_number = isinstance(self.scalar, RealScalar | WholeScalar) and (
            not self.scalar.logical
        )
        self.keys = Keys() if is_text and event_type.key == rules.attributes[field.name] else None
        self.is_text = is_text
        self.time = _time_form(self.scalar, profile, rules)
        self._none(profile)
        self._words = _words(profile, field.name)

    def cell(self, column: str, *, constant: bool = False) -> Cell:
        """Return what makes the field's value of a text in a column.

        Raises:
            UsageError: the column is in another unit, which cannot be converted.

        """
        parse = self._parser("" if constant else column)
        strip = self._cell.strip and self.time is None
        empty: Callable[[], Any] = self._cell.empty
        if self.keys is not None:
            keys = self.keys
            empty = lambda: keys[""]  # noqa: E731 - refuses it
        if constant or not (self._none_texts or self._none_numbers):
            return Cell(parse, empty, strip)
        texts, numbers, no_value = self._none_texts, self._none_numbers, self._no_value

        def parse_or_none(text: str) -> Any:
            if text.strip() in texts:
                return no_value()
            if numbers and _number(text, self._decimal) in numbers:
                return no_value()
            return parse(text)

        return Cell(parse_or_none, no_value if "" in texts else empty, strip)

    def plain(self, value: Any, key: str) -> Any:
        """Return a JSON value in the form that the strict reader takes; raises BadReading."""
        if isinstance(value, str):
            return self._plain_text(value, key)
        if value is None:
            return self._no_json() if self._none_texts & {"", "null"} else None
        if isinstance(value, bool):
            return value
        if isinstance(value, int | float):
            return self._plain_number(value, key)
        return value

    def _plain_text(self, text: str, key: str) -> Any:
        if text.strip() in self._none_texts:
            return self._no_json()
        if self.is_text:
            return text
        if self._none_numbers and _number(text, ".") in self._none_numbers:
            return self._no_json()
        if self.time is not None:
            return self._as_json(self.time.parse(text))
        if self.is_number or isinstance(self.scalar, BooleanScalar):
            try:
                return self._parser(key)(text)
            except BadValue as error:
                fix = self._number_fix(text) if self.is_number else ""
                raise (
                    error if isinstance(error, BadReading) else BadReading("", error.why, fix)
                ) from None
        return text

    def _plain_number(self, value: float, key: str) -> Any:
        if value in self._none_numbers or (value != value and "NaN" in self._none_texts):  # noqa: PLR0124
            return self._no_json()
        if self.time is not None:
            return self._as_json(self.time.of_number(value))
        if self.is_text and isinstance(value, int):
            return str(value)
        if isinstance(self.scalar, BooleanScalar) and value in (0, 1):
            return bool(value)
        if self.is_number:
            convert, _ = column_conversion(key, self.name, self._doc, self._said)
            return convert(value) if convert else value
        return value

    def _as_json(self, value: Any) -> Any:
        assert self.scalar is not None  # noqa: S101 - it is a timestamp
        return self.scalar.to_json(value)

    def _no_value(self) -> Any:
        """Return what a field has that has no value; raises NoReading if it cannot be without."""
        if self._nullable:
            return None
        if self._default is MISSING:
            raise NoReading
        return self._default

    def _no_json(self) -> Any:
        """Return the same for the JSON reader: what is left out gets its default there."""
        self._no_value()
        return None if self._nullable else OMITTED

    def _none(self, profile: Profile) -> None:
        """Sort the texts that stand for no value: a number is one for a field that is needed."""
        general, own = profile.none.get("", ()), profile.none.get(self.name, ())
        numbers = {each: _number(each, ".") for each in (*general, *own)}
        self._none_texts = frozenset(
            each.strip() for each in (*general, *own) if numbers[each] is None
        )
        for_me = (*own, *(general if self.required else ()))
        wanted = {numbers[each] for each in for_me if self.is_number}
        self._none_numbers = frozenset(each for each in wanted if each is not None)

    def _parser(self, column: str) -> Callable[[str], Any]:
        """Return the function from a text that is not empty to the typed value."""
        if self.keys is not None:
            return self.keys.__getitem__
        if self.time is not None:
            return self.time.parse
        if self.is_number:
            return self._number_parser(column)
        if isinstance(self.scalar, BooleanScalar):
            return self._boolean
        return self._cell.parse

    def _boolean(self, text: str) -> Any:
        found = self._words.get(text.strip().lower())
        if found is None:
            raise BadReading(
                "", f"{shown(text)} is neither true nor false", "name the word: --true or --false"
            )
        return found

    def _number_parser(self, column: str) -> Callable[[str], Any]:
        parse = self._cell.parse
        convert, unit = (
            column_conversion(column, self.name, self._doc, self._said) if column else (None, "")
        )
        said = self._said

        def with_unit(text: str) -> Any:
            try:
                return parse(text)
            except BadValue:
                found = _WITH_UNIT.fullmatch(text)
                if found and unit_of(found[2]) == said:
                    return parse(found[1])
                raise

        if convert is not None and not isinstance(self.scalar, RealScalar):
            why = f"is in {unit}, and {self.name} holds whole numbers of another unit"
            raise UsageError(f"column {column!r}", why)
        number = with_unit if said else parse
        return (lambda text: convert(number(text))) if convert else number

    def named(self, error: BadValue, text: str) -> BadValue:
        """Return a complaint about a text as one of this field, with what to do about it."""
        found = error.under(self.name)
        if not self.is_number or isinstance(error, BadReading):
            return found
        return BadReading(found.path, found.why, self._number_fix(text))

    def _number_fix(self, text: str) -> str:
        found = _WITH_UNIT.fullmatch(text)
        if found and unit_of(found[2]):
            return f"say its unit: --unit {self.name}={found[2]}"
        other = "," if self._decimal == "." else "."
        if re.fullmatch(rf"\s*[+-]?\d+\{other}\d+\s*", text):
            return f"--decimal {other}"
        if len(text) < 20 and not re.search(r"\d", text):  # noqa: PLR2004 - a word
            return f"where it stands for no value: --none {shown(text)}"
        return ""


def _unit(profile: Profile, field: str) -> str:
    said = profile.units.get(field, "")
    found = unit_of(said)
    if said and not found:
        raise UsageError(f"--unit {field}={said}", "is no unit that is known here", "such as °F, %")
    return found


def _time_form(scalar: Scalar | None, profile: Profile, rules: FieldRules) -> TimeForm | None:
    said = profile.time_format, rules.zone, profile.cut_times
    if isinstance(scalar, InstantScalar):
        return TimeForm(6 if scalar.unit == 1 else 3, scalar.local, *said)
    if isinstance(scalar, NanosScalar):
        return TimeForm(9, scalar.local, *said)
    return None


def _words(profile: Profile, field: str) -> Mapping[str, bool]:
    """Return the words for yes and no; `open` says the opposite of a field that is "closed"."""
    usual = {**dict.fromkeys(_YES, True), **dict.fromkeys(_NO, False)}
    if _CLOSED.search(field):
        usual = {word: value for word, value in usual.items() if word not in _DOORS}
    said = dict.fromkeys(map(str.lower, profile.yes), True)
    return {**usual, **said, **dict.fromkeys(map(str.lower, profile.no), False)}


def _number(text: str, decimal: str) -> float | None:
    try:
        found = float(text.replace(decimal, "."))
    except ValueError:
        return None
    return found if found == found else None  # noqa: PLR0124 - nan is a word
