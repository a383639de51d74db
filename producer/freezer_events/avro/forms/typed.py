"""Parsing functions built once per schema: JSON and CSV cells to typed values."""

from __future__ import annotations

import json
from dataclasses import MISSING, fields
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from freezer_events.avro.forms.cells import Cell, no_value, refuse_empty
from freezer_events.avro.forms.primitives import (
    INT_BITS,
    LOGICAL,
    PRIMITIVES,
    BadValue,
    boolean_cell,
    bytes_of,
    number_cell,
    shown,
    under,
    whole_cell,
)
from freezer_events.avro.parse.logical import logical
from freezer_events.event import twin

if TYPE_CHECKING:
    from collections.abc import Callable

    from freezer_events.event import EventType

    Parse = Callable[[Any], Any]


class Forms:
    """Builds a parsing function for every type of one schema."""

    def __init__(self, event_type: EventType) -> None:
        self._types = event_type.types
        self._named: dict[str, Parse] = {}

    def of(self, schema: Any, namespace: str = "") -> Parse:
        """Return the function for a value in JSON."""
        if isinstance(schema, list):
            return self._union(schema, namespace)
        if isinstance(schema, str):
            return PRIMITIVES.get(schema) or self._later(schema, namespace)
        kind = schema["type"]
        parse = None if kind == "fixed" else _logical(schema)
        if parse is not None:
            return parse
        if isinstance(kind, dict | list) or kind in PRIMITIVES:
            return self.of(kind, namespace)
        builders = {"record": self.record, "enum": self._enum, "array": self._array}
        builders |= {"map": self._map, "fixed": self._fixed}
        return builders[kind](schema, namespace)

    def record(self, schema: Any, namespace: str = "") -> Parse:
        """Return the function for a record given as a JSON object."""
        full, inner = _full_name(schema, namespace)
        made = self._types[full]
        own = fields(made)  # in the schema's order
        make = twin(made, [each.name for each in own])
        defaults = [each.default for each in own]
        members = {
            each["name"]: (at, self.of(each["type"], inner))
            for at, each in enumerate(schema["fields"])
        }

        def refuse(_: Any) -> Any:
            raise BadValue("", f"no such field; there are: {', '.join(members)}")

        unknown = (0, refuse)

        def parse(value: Any) -> Any:
            if not isinstance(value, dict):
                raise BadValue("", f"{shown(value)} is not an object")
            values = defaults.copy()
            name = ""
            try:
                for name, item in value.items():
                    at, convert = members.get(name) or unknown
                    values[at] = convert(item)
            except BadValue as error:
                raise error.under(name) from None
            if len(value) < len(members):
                for name, (at, _) in members.items():
                    if values[at] is MISSING:
                        raise BadValue(name, "is missing")
            found = make(*values)
            found.__class__ = made
            return found

        self._named[full] = parse
        return parse

    def cell(self, schema: Any, decimal: str, namespace: str) -> Cell:
        """Return what makes a value of a CSV cell."""
        if schema == "string":
            return Cell(str, str)  # it may be empty: there is no other way to write one down
        branches = schema if isinstance(schema, list) else [schema]
        kinds = [each for each in branches if each != "null"]
        empty = no_value if len(kinds) < len(branches) else refuse_empty
        if len(kinds) != 1:
            return Cell(self._json_cell(kinds, namespace), empty)
        schema = kinds[0]
        number = number_cell(decimal)
        written: dict[str, Parse] = {each: whole_cell(each) for each in INT_BITS}
        written |= {"float": number, "double": number, "boolean": boolean_cell, "string": str}
        plain = schema["type"] if isinstance(schema, dict) and len(schema) == 1 else schema
        if isinstance(plain, str) and plain in written:
            return Cell(written[plain], empty)
        if isinstance(schema, dict) and schema["type"] in {"record", "array", "map"}:
            return Cell(self._json_cell(schema, namespace), empty)
        return Cell(self.of(schema, namespace), empty, strip=True)

    def _json_cell(self, schema: Any, namespace: str) -> Parse:
        value = self.of(schema, namespace)
        return lambda cell: value(_json(cell))

    def _later(self, name: str, namespace: str) -> Parse:
        full = name if "." in name or not namespace else f"{namespace}.{name}"
        key = full if full in self._types or full in self._named else name

        def parse(value: Any) -> Any:  # looked up when called: the type may contain itself
            return self._named[key](value)

        return parse

    def _union(self, branches: list[Any], namespace: str) -> Parse:
        parsers = [self.of(each, namespace) for each in branches if each != "null"]
        optional = len(parsers) < len(branches)

        if optional and len(parsers) == 1:
            only = parsers[0]
            return lambda value: None if value is None else only(value)

        def parse(value: Any) -> Any:
            if value is None and optional:
                return None
            complaint: BadValue | None = None
            for each in parsers:
                try:
                    return each(value)
                except BadValue as error:
                    complaint = complaint or error
            raise complaint or BadValue("", f"{shown(value)} is not null")

        return parse

    def _enum(self, schema: Any, namespace: str) -> Parse:
        full, _ = _full_name(schema, namespace)
        made = self._types[full]
        symbols = {str(each): each for each in made} if issubclass(made, StrEnum) else {}

        def parse(value: Any) -> Any:
            if isinstance(value, str) and (found := symbols.get(value)) is not None:
                return found
            raise BadValue("", f"{shown(value)} is none of {', '.join(symbols)}")

        self._named[full] = parse
        return parse

    def _array(self, schema: Any, namespace: str) -> Parse:
        item = self.of(schema["items"], namespace)

        def parse(value: Any) -> Any:
            if not isinstance(value, list):
                raise BadValue("", f"{shown(value)} is not an array")
            return [under(f"[{number}]", item, each) for number, each in enumerate(value)]

        return parse

    def _map(self, schema: Any, namespace: str) -> Parse:
        item = self.of(schema["values"], namespace)

        def parse(value: Any) -> Any:
            if not isinstance(value, dict):
                raise BadValue("", f"{shown(value)} is not an object")
            return {key: under(f"[{key!r}]", item, each) for key, each in value.items()}

        return parse

    def _fixed(self, schema: Any, namespace: str) -> Parse:
        full, _ = _full_name(schema, namespace)
        size = schema["size"]

        def parse(value: Any) -> Any:
            found = bytes_of(value)
            if len(found) != size:
                raise BadValue("", f"{len(found)} bytes are not {size}")
            return found

        self._named[full] = _logical(schema) or parse
        return self._named[full]


def _logical(schema: Any) -> Parse | None:
    """Return the function for a logical type, None where it does not fit what it stands on."""
    found = logical(schema, str(schema["type"]), schema.get("size", 0))
    return None if found is None or found.ignored else LOGICAL.get(found.name)


def namespace_of(schema: Any) -> str:
    """Return the namespace inside a named type."""
    return _full_name(schema, "")[1]


def _full_name(schema: Any, namespace: str) -> tuple[str, str]:
    """Return a named type's full name and the namespace inside it."""
    name = schema["name"]
    space = schema.get("namespace", namespace)
    full = name if "." in name or not space else f"{space}.{name}"
    return full, full.rpartition(".")[0]


def _json(cell: str) -> Any:
    try:
        return json.loads(cell)
    except ValueError as error:
        raise BadValue("", f"{shown(cell)} is not JSON") from error
