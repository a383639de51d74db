"""Profiles: how one kind of export becomes events; data, from a file or from options."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Final

from freezer_events.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, slots=True)
class FieldFrom:
    """Where the value of a field is found.

    Attributes:
        columns: a CSV column, a JSON key or path (`tags.sensor`); of several, the values are
            joined by a blank. A column between slashes is a regular expression for its whole name.
        constant: the value itself.
        place: where else `match` looks: "name" (the file's, without folders), "preamble" (the lines
            before the header) or "header" (the header's line).
        match: a regular expression whose group is the value, or that finds it in the column.

    """

    columns: tuple[str, ...] = ()
    constant: str | None = None
    place: str = ""
    match: str = ""

    def found_in(self, texts: Mapping[str, str]) -> str | None:
        """Return the value that is the same for all rows; None where it is not, or not found.

        Args:
            texts: the text of each place.

        """
        if self.constant is not None:
            return self.constant
        match = re.search(self.match, texts.get(self.place, ""), re.MULTILINE)
        return match[1].strip() if match else None


@dataclass(frozen=True, slots=True)
class Wide:
    """A column per sensor: the column's name is one field, its cells are another.

    Attributes:
        name: the field that the column's name is.
        value: the field that its cells hold.
        columns: which columns, as a regular expression; "" for all that no field takes.

    """

    name: str
    value: str
    columns: str = ""


@dataclass(frozen=True, slots=True)
class Sample:
    """A file in the form of a profile, and what one has to say by hand to read it.

    Attributes:
        file: its name, in the folder of the profile.
        said: the zone and values that a person would give.

    """

    file: str
    said: Profile


@dataclass(frozen=True, slots=True)
class Profile:
    """How readings are written down, and which of it is which field.

    Attributes:
        name: the profile's name; "" for options alone.
        about: what exports so, in a few words.
        form: "csv", "json", or "auto": by the file's suffix, else by its first character.
        encoding: of the text; "" for UTF-8, or what a byte order mark says.
        delimiter: between CSV cells; " " for any blanks; "" for what the header shows.
        decimal: the decimal mark in numbers; "" for a point, or what `sep=;` implies.
        skip: lines before the header.
        header: some names that tell the header from the lines before it.
        columns: the columns' names where no header has them.
        comment: what begins a line that is none.
        footer: a regular expression for the line at which the table ends.
        short_rows: rows may lack cells at their end.
        line: a regular expression for lines that are JSON in part: the group `json` is parsed,
            other groups are further keys.
        fields: Avro field to where it is found; others are found under their own names.
        left_out: columns of fields that are done without: no sensor of a wide table.
        wide: a column per sensor.
        time_format: see `times.TimeForm`.
        time_zone: the zone of times that name none: a constant, or found in a place.
        cut_times: digits of a second that a field cannot hold are cut.
        units: Avro field to the unit that the input has it in.
        none: texts that stand for no value, by field; under "" those of any field.
        yes: further words for true.
        no: further words for false.
        where: which rows are readings, as an expression.
        strict: an unknown key rejects its row.
        sample: what shows it, beside the profile.

    """

    name: str = ""
    about: str = ""
    form: str = "auto"
    encoding: str = ""
    delimiter: str = ""
    decimal: str = ""
    skip: int = 0
    header: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    comment: str = ""
    footer: str = ""
    short_rows: bool = False
    line: str = ""
    fields: Mapping[str, FieldFrom] = field(default_factory=dict)
    left_out: frozenset[str] = frozenset()
    wide: Wide | None = None
    time_format: str = ""
    time_zone: FieldFrom | None = None
    cut_times: bool = False
    units: Mapping[str, str] = field(default_factory=dict)
    none: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    yes: tuple[str, ...] = ()
    no: tuple[str, ...] = ()
    where: str = ""
    strict: bool = False
    sample: Sample | None = None

    def over(self, below: Profile) -> Profile:
        """Return this profile on top of another one: what is said here wins."""
        own = {
            each.name: getattr(self, each.name)
            for each in fields(self)
            if getattr(self, each.name) != getattr(_PLAIN, each.name)
        }
        for name in ("fields", "units", "none"):
            own[name] = {**getattr(below, name), **getattr(self, name)}
        return replace(below, **own)

    @property
    def needs(self) -> frozenset[str]:
        """The fields that it gives, and that the event must therefore have."""
        wide = (self.wide.name, self.wide.value) if self.wide else ()
        return frozenset((*self.fields, *wide, *self.units, *self.none)) - {""}

    @property
    def reads_name(self) -> bool:
        """Whether something is read from the name of an input."""
        sources = (*self.fields.values(), *filter(None, [self.time_zone]))
        return any(each.place == "name" for each in sources)

    def without(self, names: Sequence[str]) -> Profile:
        """Return the profile less some fields."""
        kept = {each: value for each, value in self.fields.items() if each not in names}
        units = {each: value for each, value in self.units.items() if each not in names}
        none = {each: value for each, value in self.none.items() if each not in names}
        gone = (self.fields[each].columns for each in names if each in self.fields)
        left_out = self.left_out.union(*gone)
        return replace(self, fields=kept, units=units, none=none, left_out=left_out)


_PLAIN: Final = Profile()


def refuse_unknown(profile: Profile, known: Sequence[str], event: str, version: int) -> None:
    """Make sure that an event has all fields that a profile or an option gives.

    Raises:
        UsageError: it lacks one, which would be lost.

    """
    lacking = sorted(profile.needs - set(known))
    if not lacking:
        return
    named = ", ".join(lacking)
    if profile.name:
        raise UsageError(
            f"--as {profile.name}",
            f"it gives {named}, which {event} lacks in version {version}, the one written",
            "write a version that has it: version in event.toml, then freezer schema generate; "
            f"or do without: {' '.join(f'--without {each}' for each in lacking)}",
        )
    raise UsageError(named, f"{event} has no such field: {', '.join(known)}")
