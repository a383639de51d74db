"""Options of `freezer produce` that say how an input is written: a profile by hand."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from freezer_events.avro.forms import field_names
from freezer_events.errors import UsageError
from freezer_events.sources import FieldFrom, Profile, Wide

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from freezer_events.event import EventType

F = TypeVar("F", bound="Callable[..., Any]")


def complete_profile(
    context: click.Context, _parameter: click.Parameter, begun: str
) -> list[click.shell_completion.CompletionItem]:
    """Complete the name of a profile, or of a file that holds one."""
    from freezer_events.cli.profile_files import names_in  # noqa: PLC0415 - the parser is slow

    found = [each for each in names_in(context) if each.startswith(begun)]
    return [click.shell_completion.CompletionItem(each) for each in found]


_OPTIONS: Final = (
    click.option("--as", "profile", metavar="NAME", shell_complete=complete_profile,
                 help="Profile: what exported it (freezer profiles lists them)."),
    click.option("--format", "form", type=click.Choice(["auto", "csv", "json", "jsonl"]),
                 help="Format; auto: by suffix, else by first byte.  [default: auto]"),
    click.option("--column", "columns", multiple=True, metavar="FROM=FIELD",
                 help="Column or JSON key FROM holds FIELD."),
    click.option("--path", "paths", multiple=True, metavar="A.B=FIELD",
                 help="What is at the path A.B of a JSON object is FIELD."),
    click.option("--set", "constants", multiple=True, metavar="FIELD=VALUE",
                 help="FIELD has this value in every reading."),
    click.option("--join", "joins", multiple=True, metavar="A,B=FIELD",
                 help="Columns A and B together, a blank between, are FIELD."),
    click.option("--from-name", "from_name", multiple=True, metavar="FIELD=REGEX",
                 help="FIELD is what the group of REGEX finds in the file's name."),
    click.option("--wide", metavar="FIELD=FIELD",
                 help="A column per sensor: its name is one field, its cells another."),
    click.option("--without", multiple=True, metavar="FIELD",
                 help="Do without a field that the profile gives."),
    click.option("--where", metavar="EXPRESSION",
                 help="Rows that are readings: \"temperature > -40 && sensor_id != 'x'\"."),
    click.option("--none", "none", multiple=True, metavar="[FIELD=]TEXT",
                 help="TEXT stands for no value: ---, -127, ''."),
    click.option("--true", "yes", multiple=True, metavar="WORD", help="WORD means true."),
    click.option("--false", "no", multiple=True, metavar="WORD", help="WORD means false."),
    click.option("--unit", "units", multiple=True, metavar="FIELD=UNIT",
                 help="Unit that the input has FIELD in: temperature=°F."),
    click.option("--time-format", metavar="FORMAT",
                 help="Format of times: %d.%m.%Y %H:%M, epoch-s, -ms, -us, -ns."),
    click.option("--time-zone", metavar="ZONE",
                 help="Zone of times that name none: UTC, +02:00, Europe/Paris."),
    click.option("--cut-times", is_flag=True, default=None,
                 help="Cut digits of a second that the field cannot hold."),
    click.option("--skip", type=click.IntRange(min=0), metavar="N",
                 help="Pass over N lines before the header."),
    click.option("--header", "header", metavar="A,B,…",
                 help="Columns of a table that has no header."),
    click.option("--comment", metavar="TEXT", help="Lines that begin with TEXT are none."),
    click.option("--delimiter", metavar="CHAR",
                 help="Separator of columns; ' ' for blanks.  [default: as the header shows]"),
    click.option("--decimal", type=click.Choice([".", ","]), help="Decimal mark.  [default: .]"),
    click.option("--encoding", metavar="NAME", help="Encoding of the text.  [default: utf-8]"),
    click.option("--strict", is_flag=True, default=None,
                 help="Reject a JSON object with a key that no field takes."),
)  # fmt: skip
SPELLINGS: Final = (
    "--as", "--format", "--column", "--path", "--set", "--join", "--from-name", "--wide",
    "--without", "--where", "--none", "--true", "--false", "--unit", "--time-format",
    "--time-zone", "--cut-times", "--skip", "--header", "--comment", "--delimiter", "--decimal",
    "--encoding", "--strict",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class MappingOptions:
    """The options, by the names that click gives them."""

    profile: str | None = None
    form: str | None = None
    columns: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    constants: tuple[str, ...] = ()
    joins: tuple[str, ...] = ()
    from_name: tuple[str, ...] = ()
    wide: str | None = None
    without: tuple[str, ...] = ()
    where: str | None = None
    none: tuple[str, ...] = ()
    yes: tuple[str, ...] = ()
    no: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    time_format: str | None = None
    time_zone: str | None = None
    cut_times: bool | None = None
    skip: int | None = None
    header: str | None = None
    comment: str | None = None
    delimiter: str | None = None
    decimal: str | None = None
    encoding: str | None = None
    strict: bool | None = None

    def over(self, profile: Profile, event_type: EventType) -> Profile:
        """Return a profile with what was said by hand on top: that wins.

        Raises:
            UsageError: an option is not of its form, or names a field that the event has not.

        """
        known = field_names(event_type)
        own = Profile(
            form={"jsonl": "json", None: "auto"}.get(self.form, self.form or "auto"),
            encoding=self.encoding or "",
            delimiter={"\\t": "\t", "tab": "\t"}.get(self.delimiter or "", self.delimiter or ""),
            decimal=self.decimal or "",
            skip=self.skip or 0,
            columns=tuple(self.header.split(",")) if self.header else (),
            comment=self.comment or "",
            fields=dict(self._fields(known)),
            wide=self._wide(known),
            time_format=self.time_format or "",
            time_zone=FieldFrom(constant=self.time_zone) if self.time_zone else None,
            cut_times=bool(self.cut_times),
            units=dict(_pair("--unit", each, known) for each in self.units),
            none=self._none(known),
            yes=self.yes,
            no=self.no,
            where=self.where or "",
            strict=bool(self.strict),
        )
        return own.over(profile.without(self.without))

    def _fields(self, known: list[str]) -> Iterable[tuple[str, FieldFrom]]:
        for option, pairs in (("--column", self.columns), ("--path", self.paths)):
            for pair in pairs:
                column, field = _turned(option, pair, known)
                yield field, FieldFrom((column,))
        for pair in self.joins:
            columns, field = _turned("--join", pair, known)
            yield field, FieldFrom(tuple(columns.split(",")))
        for pair in self.constants:
            field, value = _pair("--set", pair, known)
            yield field, FieldFrom(constant=value)
        for pair in self.from_name:
            field, pattern = _pair("--from-name", pair, known)
            yield field, FieldFrom((), None, "name", _regex(pair, pattern))

    def _wide(self, known: list[str]) -> Wide | None:
        if self.wide is None:
            return None
        name, value = _pair("--wide", self.wide, known)
        _refuse_field("--wide", self.wide, value, known)
        return Wide(name, value)

    def _none(self, known: list[str]) -> dict[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        for each in self.none:
            field, mark, text = each.partition("=")
            if not mark or field not in known:
                field, text = "", each
            found[field] = (*found.get(field, ()), text)
        return found


def options(function: F) -> F:
    """Add the options."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


def taken_from(given: dict[str, Any]) -> MappingOptions:
    """Take the options out of those that were given."""
    return MappingOptions(**{each.name: given.pop(each.name) for each in fields(MappingOptions)})


def _pair(option: str, text: str, known: list[str]) -> tuple[str, str]:
    """Return the two sides of FIELD=VALUE."""
    field, mark, value = text.partition("=")
    if not mark or not field:
        raise UsageError(f"{option} {text}", "is not of the form FIELD=VALUE")
    _refuse_field(option, text, field, known)
    return field, value


def _turned(option: str, text: str, known: list[str]) -> tuple[str, str]:
    """Return the two sides of FROM=FIELD; FROM may hold a mark of its own."""
    column, _, field = text.rpartition("=")
    if not column:
        raise UsageError(f"{option} {text}", "is not of the form FROM=FIELD")
    _refuse_field(option, text, field, known)
    return column, field


def _refuse_field(option: str, text: str, field: str, known: list[str]) -> None:
    if field not in known:
        why = f"the event has no field {field!r}; it has: {', '.join(known)}"
        raise UsageError(f"{option} {text}", why)


def _regex(text: str, pattern: str) -> str:
    try:
        groups = re.compile(pattern).groups
    except re.error as error:
        raise UsageError(f"--from-name {text}", f"is no regular expression: {error}") from error
    if not groups:
        fix = "put what is the value in brackets: sensor_id='^(.+?)_'"
        raise UsageError(f"--from-name {text}", "has no group for the value", fix)
    return pattern
