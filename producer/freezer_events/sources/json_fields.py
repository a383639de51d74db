"""From a JSON object as devices send it to the object of the event's own fields.

The one lenient step before the strict reader: paths, several keys for one field refused, numbers in
strings, times in other forms; keys that no field takes are left out and named.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from freezer_events.avro.forms import BadValue, field_names
from freezer_events.errors import UsageError
from freezer_events.sources.field_rules import OMITTED
from freezer_events.sources.reading import BadReading, NoReading
from freezer_events.sources.row_values import (
    AskedValues,
    joined,
    matched,
    names_asked,
    refuse_unknown,
    refuse_unless,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from freezer_events.avro.expression.condition import Condition
    from freezer_events.event import EventType
    from freezer_events.sources.field_rules import FieldRules
    from freezer_events.sources.profile import FieldFrom, Profile

_ABSENT: Final = object()


class JsonPlan:
    """Which key or path holds which field.

    Args:
        event_type: what objects are to be.
        profile: what is said of keys, paths and constants.
        rules: how a field's value is made.
        places: see `FieldFrom`.
        keep: met by the values of an object that is a reading; None: every object is.
        on_unused: told of keys that no field takes.

    Attributes:
        is_plain: nothing is said: an object that the strict reader takes is as it should be.

    Raises:
        UsageError: a field is to be found in a place that does not have it.

    """

    def __init__(
        self,
        event_type: EventType,
        profile: Profile,
        rules: FieldRules,
        places: Mapping[str, str],
        keep: Condition | None,
        on_unused: Callable[[Iterable[str]], None],
    ) -> None:
        self._profile = profile
        self._rules = rules
        self._keep = keep
        self._asked = names_asked(keep)
        self._on_unused = on_unused
        self._own = frozenset(field_names(event_type))
        self._constants: dict[str, Any] = {}
        self._finders: list[tuple[str, FieldFrom, re.Pattern[str] | None]] = []
        for field, source in profile.fields.items():
            if source.columns:
                pattern = re.compile(source.match) if source.match else None
                self._finders.append((field, source, pattern))
            else:
                self._constants[field] = self._constant(field, source, places)
        self._tops = frozenset(
            top
            for _, source, _ in self._finders
            for each in source.columns
            for top in (each, each.partition(".")[0])
        )
        said = (profile.fields, profile.wide, profile.time_format, profile.time_zone)
        also = (profile.units, profile.none, profile.cut_times, profile.strict, keep)
        self.is_plain = not any((*said, *also))

    def objects(self, value: Any) -> list[dict[str, Any]]:
        """Return an object for each reading in a value, as the strict reader takes it.

        Raises:
            BadValue: it is none, or a field's value does not fit.
            NoReading: it holds none.

        """
        if not isinstance(value, dict):
            raise BadValue("", f"{_kind(value)} is not an object")
        if self._keep is not None:
            refuse_unless(self._keep, ObjectValues(self, value))
        found = self._said(value)
        unused = []
        for key, given in value.items():
            if key in self._tops or (key in found and key not in self._constants):
                continue
            if key in self._own and key not in found and not self._is_wide(key):
                self._put(found, key, key, given)
            else:
                unused.append(key)
        if self._profile.wide:
            left_out = self._profile.left_out
            return self._wide(found, {key: value[key] for key in unused if key not in left_out})
        if unused:
            if self._profile.strict:
                raise BadReading(unused[0], "no field takes it", "leave out --strict, or map it")
            self._on_unused(unused)
        return [found]

    def refuse_unknown(self, columns: Sequence[str]) -> None:
        """Refuse a condition that asks for neither a field nor one of these columns.

        Raises:
            UsageError: it does.

        """
        known = {*self._own, *columns}
        asked = {name if name in known else name.partition(".")[0] for name in self._asked}
        refuse_unknown(asked - known, columns)

    def _said(self, value: dict[str, Any]) -> dict[str, Any]:
        """Return the fields that the profile says where to find."""
        found = dict(self._constants)
        for field, source, pattern in self._finders:
            given, key = self._found(value, source)
            if given is _ABSENT:
                continue
            if field in value and field not in source.columns:
                raise BadReading(field, f"has two values: {key} holds it, and {field}")
            self._put(found, field, key, self._matched(field, given, pattern))
        return found

    def one(self, value: dict[str, Any], name: str) -> Any:
        """Return one value of an object by name: a field's, else that of a key; else None."""
        source = self._profile.fields.get(name)
        if source is not None and source.columns:
            given, _ = self._found(value, source)
        else:
            given = self._constants.get(name, _get(value, name))
        if given is _ABSENT:
            return None
        if name not in self._own:
            return given
        try:
            found = self._rules[name].plain(given, name)
        except NoReading:
            return None
        return None if found is OMITTED else found

    def _constant(self, field: str, source: FieldFrom, places: Mapping[str, str]) -> Any:
        text = source.found_in(places)
        if text is None:
            raise UsageError(
                field,
                f"the file's {source.place} holds nothing that matches {source.match!r}",
                f"say it: --set {field}=VALUE",
            )
        try:
            return self._rules[field].plain(text, "")
        except BadValue as error:
            raise UsageError(f"--set {field}={text}", str(error)) from error

    def _found(self, value: dict[str, Any], source: FieldFrom) -> tuple[Any, str]:
        """Return what a source finds in an object, and the key by which."""
        if len(source.columns) == 1:
            return _get(value, source.columns[0]), source.columns[0]
        parts = [_get(value, each) for each in source.columns]
        key = ", ".join(source.columns)
        if all(each is _ABSENT for each in parts):
            return _ABSENT, key
        texts = [_part(each, name) for each, name in zip(parts, source.columns, strict=True)]
        return joined(texts) or None, key

    def _matched(self, field: str, given: Any, pattern: re.Pattern[str] | None) -> Any:
        if pattern is None or not isinstance(given, str):
            return given
        return matched(pattern, given, field)

    def _put(self, found: dict[str, Any], field: str, key: str, given: Any) -> None:
        try:
            plain = self._rules[field].plain(given, key)
        except BadValue as error:
            raise error.under(field) from None
        if plain is not OMITTED:
            found[field] = plain

    def _is_wide(self, key: str) -> bool:
        wide = self._profile.wide
        return wide is not None and key in {wide.name, wide.value}

    def _wide(self, found: dict[str, Any], rest: dict[str, Any]) -> list[dict[str, Any]]:
        """Return an object for each key that is a sensor."""
        wide = self._profile.wide
        assert wide is not None  # noqa: S101 - it is called where there is one
        made = []
        for key, given in rest.items():
            if re.fullmatch(wide.columns or ".*", key):
                one = {**found, wide.name: key}
                try:
                    self._put(one, wide.value, key, given)
                except NoReading:
                    continue
                made.append(one)
        if not made:
            raise NoReading
        return made


class ObjectValues(AskedValues):
    """The values of an object by name, made when they are asked for."""

    def __init__(self, plan: JsonPlan, value: dict[str, Any]) -> None:
        super().__init__()
        self._plan = plan
        self._value = value

    def __missing__(self, name: str) -> Any:
        """Look a name up."""
        try:
            return self._plan.one(self._value, name)
        except BadValue as error:
            self.error = error.under(name)
            raise


def _get(value: Any, path: str) -> Any:
    """Return what is at a key, else at a path of keys and indices joined by dots."""
    if isinstance(value, dict) and path in value:
        return value[path]
    head, dot, rest = path.partition(".")
    if isinstance(value, dict) and dot and head in value:
        return _get(value[head], rest)
    if isinstance(value, list) and head.isdigit() and int(head) < len(value):
        return _get(value[int(head)], rest) if dot else value[int(head)]
    return _ABSENT


def _part(value: Any, key: str) -> str:
    """Return a value that is joined with others as text: as it would be in a cell."""
    if value is None or value is _ABSENT:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict | list):
        raise BadReading(key, f"{_kind(value)} cannot be joined with something")
    return str(value)


def _kind(value: Any) -> str:
    names = {
        dict: "an object",
        list: "an array",
        str: "a string",
        bool: "a boolean",
        type(None): "null",
    }
    return names.get(type(value), "a number")
