"""Profiles as TOML files, read strictly."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from freezer_events.config.toml_table import Table
from freezer_events.sources.profile import FieldFrom, Profile, Sample, Wide

if TYPE_CHECKING:
    from pathlib import Path

_PLACES: Final = ("name", "preamble", "header")
_TEXTS: Final = (
    "about", "form", "encoding", "delimiter", "decimal", "comment", "footer", "line",
    "time_format", "where",
)  # fmt: skip
_LISTS: Final = ("header", "columns", "yes", "no")
_TABLES: Final = ("sample", "fields", "wide", "time_zone", "units", "none")
_KEYS: Final = (*_TEXTS, *_LISTS, *_TABLES, "skip", "short_rows", "cut_times")


def read_profile(path: Path) -> Profile:
    """Read a profile's file; it is named as the file is.

    Raises:
        ConfigError: it is missing or wrong; names file, line and key.

    """
    toml = Table.read(path)
    toml.only(*_KEYS)
    plain: dict[str, Any] = {key: toml.get(key, str) for key in _TEXTS if key in toml.values}
    lists: dict[str, Any] = {key: _words(toml, key) for key in _LISTS if key in toml.values}
    for key in ("footer", "line"):
        _compiled(toml, key, plain.get(key, ""))
    if "form" in toml.values:
        toml.one_of("form", ("auto", "csv", "json"))
    words = toml.table("none")
    return Profile(
        name=path.stem,
        **plain,
        **lists,
        skip=toml.get("skip", int) or 0,
        short_rows=_flag(toml, "short_rows"),
        cut_times=_flag(toml, "cut_times"),
        fields={each: _field(toml.table("fields"), each) for each in toml.table("fields").values},
        wide=_wide(toml.table("wide")) if "wide" in toml.values else None,
        sample=_sample(toml.table("sample")) if "sample" in toml.values else None,
        time_zone=_field(toml, "time_zone") if "time_zone" in toml.values else None,
        units={each: toml.table("units").need(each, str) for each in toml.table("units").values},
        none={"" if each == "any" else each: _words(words, each) for each in words.values},
    )


def _words(toml: Table, key: str) -> tuple[str, ...]:
    """Return the texts of an array."""
    found: list[object] = toml.get(key, list) or []
    if not all(isinstance(each, str) for each in found):
        raise toml.error("is no list of texts", key)
    return tuple(map(str, found))


def _flag(toml: Table, key: str) -> bool:
    value = toml.values.get(key, False)
    if not isinstance(value, bool):
        raise toml.error(f"{value!r} is neither true nor false", key)
    return value


def _field(toml: Table, key: str) -> FieldFrom:
    value = toml.values[key]
    if isinstance(value, str):
        return FieldFrom(constant=value) if key == "time_zone" else FieldFrom((value,))
    if isinstance(value, list):
        return FieldFrom(_words(toml, key))
    inside = toml.table(key)
    inside.only("column", "constant", *_PLACES, "match")
    place = next((each for each in _PLACES if each in inside.values), "")
    if sum(each in inside.values for each in ("column", "constant", *_PLACES)) != 1:
        raise toml.error("needs one of column, constant, name, preamble, header", key)
    if "constant" in inside.values:
        return FieldFrom(constant=inside.need("constant", str))
    match = inside.need(place, str) if place else inside.get("match", str) or ""
    _compiled(inside, place or "match", match, groups=1 if match else 0)
    columns = (inside.need("column", str),) if "column" in inside.values else ()
    return FieldFrom(columns, None, place, match)


def _sample(toml: Table) -> Sample:
    toml.only("file", "time_zone", "set")
    values = toml.table("set")
    said = Profile(
        fields={each: FieldFrom(constant=values.need(each, str)) for each in values.values},
        time_zone=_field(toml, "time_zone") if "time_zone" in toml.values else None,
    )
    return Sample(toml.need("file", str), said)


def _wide(toml: Table) -> Wide:
    toml.only("name", "value", "columns")
    _compiled(toml, "columns", toml.get("columns", str) or "")
    return Wide(toml.need("name", str), toml.need("value", str), toml.get("columns", str) or "")


def _compiled(toml: Table, key: str, pattern: str, groups: int = 0) -> None:
    try:
        found = re.compile(pattern)
    except re.error as error:
        raise toml.error(f"{pattern!r} is no regular expression: {error}", key) from error
    if found.groups < groups:
        raise toml.error(f"{pattern!r} has no group for the value: (…)", key)
