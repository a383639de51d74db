"""Find what is wrong with an event: the first value that does not fit, its path and why, in words.

Slow and thorough, for explaining: the generated encoder refuses exactly the events in which this
finds a problem, and is what runs for every event.
"""

from __future__ import annotations

import json
import math
import struct
from dataclasses import fields
from datetime import date, datetime, time
from decimal import Decimal
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from freezer_events.event import Event

Problem = tuple[str, str]

# The range of int and long: https://avro.apache.org/docs/1.12.0/specification/#primitive-types
_BITS: Final = {"int": 31, "long": 63}
# The largest n for which every whole number up to n has a float of its own.
_EXACT: Final = {"double": 2**53, "float": 2**24}
_LONGEST: Final = 60
_UUID_BYTES: Final = 16
_ABSENT: Final = object()


def first_problem(event: Event) -> Problem | None:
    """Return path and reason of the first value that does not fit the event's schema, else None.

    The path names fields as the schema does: `device.battery_pct`, `readings[3]`, `labels['a']`.
    """
    event_type = event.__event__
    root, named = _schema(event_type.schema)
    try:
        problem = _Checker(named, event_type.types).record(root, event, "")
    except RecursionError:
        problem = "", "is nested too deeply"
    return (problem[0] or event_type.name, problem[1]) if problem else None


@lru_cache(maxsize=64)
def _schema(text: str) -> tuple[Any, dict[str, Any]]:
    """Return the schema with full names everywhere, and its named types."""
    named: dict[str, Any] = {}
    return _resolve(json.loads(text), "", named), named


def _resolve(schema: Any, namespace: str, named: dict[str, Any]) -> Any:
    if isinstance(schema, list):
        return [_resolve(each, namespace, named) for each in schema]
    if isinstance(schema, str):
        full = schema if "." in schema or not namespace else f"{namespace}.{schema}"
        return full if full in named else schema
    if isinstance(schema["type"], dict | list):
        return _resolve(schema["type"], namespace, named)
    made = dict(schema)
    if "name" in schema:
        space = schema.get("namespace", namespace)
        bare = schema["name"]
        full = bare if "." in bare or not space else f"{space}.{bare}"
        namespace = full.rpartition(".")[0]
        made["name"] = full
        named[full] = made
    for part in ("items", "values"):
        if part in schema:
            made[part] = _resolve(schema[part], namespace, named)
    if "fields" in schema:
        made["fields"] = [
            {"name": each["name"], "type": _resolve(each["type"], namespace, named)}
            for each in schema["fields"]
        ]
    return made


class _Checker:
    """Walks a value along its schema. Paths are built on the way out, where there is a problem."""

    def __init__(self, named: Mapping[str, Any], types: Mapping[str, type]) -> None:
        self._named = named
        self._types = types

    def value(self, schema: Any, value: Any, path: str) -> Problem | None:
        if isinstance(schema, list):
            return self._union(schema, value, path)
        if isinstance(schema, str):
            if schema in self._named:
                return self.value(self._named[schema], value, path)
            schema = {"type": schema}
        kind = schema["type"]
        walk = {"record": self.record, "array": self._array, "map": self._map}.get(kind)
        if walk is not None:
            return walk(schema, value, path)
        why = self._enum(schema, value) if kind == "enum" else _scalar_problem(schema, value)
        return (path, why) if why else None

    def record(self, schema: Any, value: Any, path: str) -> Problem | None:
        made = self._types[schema["name"]]
        if type(value) is not made:
            return path, f"{_shown(value)} is not a {made.__name__}"
        inside = f"{path}." if path else ""
        # Attributes stand in the order of the schema; their names may differ (`from_`).
        for field, attribute in zip(schema["fields"], fields(made), strict=True):
            found = getattr(value, attribute.name, _ABSENT)
            where = f"{inside}{field['name']}"
            problem = self.value(field["type"], found, where)
            if problem:
                return problem
        return None

    def _array(self, schema: Any, value: Any, path: str) -> Problem | None:
        if not isinstance(value, list):
            return path, f"{_shown(value)} is not a list"
        checks = (self.value(schema["items"], each, f"{path}[{n}]") for n, each in enumerate(value))
        return next(filter(None, checks), None)

    def _map(self, schema: Any, value: Any, path: str) -> Problem | None:
        if not isinstance(value, dict):
            return path, f"{_shown(value)} is not a dict"
        for key, each in value.items():
            why = _string(key)
            if why:
                return path, f"key {why}"
            problem = self.value(schema["values"], each, f"{path}[{key!r}]")
            if problem:
                return problem
        return None

    def _union(self, branches: list[Any], value: Any, path: str) -> Problem | None:
        problems = [self.value(each, value, path) for each in branches]
        if None in problems:
            return None
        rest = [p for each, p in zip(branches, problems, strict=True) if p and each != "null"]
        # Of several types the one is meant whose parts are looked into, or whose kind it is.
        deeper = [p for p in rest if p[0] != path] or rest
        if len(deeper) == 1:
            return deeper[0]
        reasons = "; ".join(dict.fromkeys(why for _, why in rest))
        return path, reasons or f"{_shown(value)} is not null"

    def _enum(self, schema: Any, value: Any) -> str | None:
        made = self._types[schema["name"]]
        if type(value) is made:
            return None
        return f"{_shown(value)} is not a {made.__name__} ({', '.join(schema['symbols'])})"


def _scalar_problem(schema: Any, value: Any) -> str | None:
    return "has no value" if value is _ABSENT else _test(schema)(value)


def _test(schema: Any) -> Callable[[Any], str | None]:
    """Return the function that looks at a scalar of this type."""
    kind, logical = schema["type"], schema.get("logicalType", "")
    if logical == "decimal" and kind in {"bytes", "fixed"}:
        return partial(_decimal, schema["precision"], schema.get("scale", 0))
    if kind == "fixed":
        uuid = logical == "uuid" and schema["size"] == _UUID_BYTES
        return _uuid if uuid else partial(_fixed, schema["size"])
    return _LOGICAL.get((kind, logical)) or _PLAIN[kind]


def _null(value: Any) -> str | None:
    return None if value is None else f"{_shown(value)} is not null"


def _boolean(value: Any) -> str | None:
    return None if isinstance(value, bool) else f"{_shown(value)} is not True or False"


def _string(value: Any) -> str | None:
    if not isinstance(value, str):
        return f"{_shown(value)} is not a string"
    try:
        value.encode()
    except UnicodeEncodeError:
        return f"{_shown(value)} has half a surrogate pair, which UTF-8 cannot hold"
    return None


def _bytes(value: Any) -> str | None:
    return None if isinstance(value, bytes) else f"{_shown(value)} is not bytes"


def _uuid(value: Any) -> str | None:
    return None if isinstance(value, UUID) else f"{_shown(value)} is not a UUID"


def _fixed(size: int, value: Any) -> str | None:
    if isinstance(value, bytes) and len(value) != size:
        return f"{len(value)} bytes are not {size}"
    return _bytes(value)


def _whole(kind: str, value: Any) -> str | None:
    if type(value) is not int:
        return f"{_shown(value)} is not a whole number"
    limit = 1 << _BITS[kind]
    if -limit <= value < limit:
        return None
    return f"{_shown(value)} does not fit an Avro {kind} ({-limit} to {limit - 1})"


def _real(kind: str, value: Any) -> str | None:
    if type(value) is int:
        if abs(value) > _EXACT[kind]:
            return f"{_shown(value)} has too many digits for an Avro {kind}"
        return None
    if not isinstance(value, float):
        return f"{_shown(value)} is not a number"
    if not math.isfinite(value):
        return f"{value} is not a finite number"
    return None if kind == "double" or _fits_float(value) else f"{value} does not fit an Avro float"


def _fits_float(value: float) -> bool:
    try:
        struct.pack("<f", value)
    except OverflowError:
        return False
    return True


def _decimal(precision: int, scale: int, value: Any) -> str | None:
    if not isinstance(value, Decimal):
        return f"{_shown(value)} is not a Decimal"
    if not value.is_finite():
        return f"{value} is not a finite number"
    _, digits, exponent = value.as_tuple()
    if int(exponent) + scale < 0:
        return f"{value} has more than {scale} digits after the point"
    if len(digits) > precision or (value and value.adjusted() + scale >= precision):
        return f"{value} does not fit {precision} digits of which {scale} are after the point"
    return None


def _timestamp(value: Any) -> str | None:
    if not isinstance(value, datetime):
        return f"{_shown(value)} is not a datetime"
    return None if value.utcoffset() is not None else f"{value.isoformat()} has no time zone"


def _local_timestamp(value: Any) -> str | None:
    if not isinstance(value, datetime):
        return f"{_shown(value)} is not a datetime"
    if value.utcoffset() is None:
        return None
    return f"{value.isoformat()} has a time zone, a local time has none"


def _date(value: Any) -> str | None:
    return None if type(value) is date else f"{_shown(value)} is not a date"


def _time(value: Any) -> str | None:
    if not isinstance(value, time):
        return f"{_shown(value)} is not a time of day"
    return None if value.tzinfo is None else f"{value.isoformat()} has a time zone"


def _shown(value: Any) -> str:
    if isinstance(value, date | time):
        return value.isoformat()
    try:
        text = " ".join(repr(value).split())
    except Exception:  # noqa: BLE001 - a value of any class may have a broken repr
        text = f"a {type(value).__name__}"
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


_PLAIN: Final[dict[str, Callable[[Any], str | None]]] = {
    "null": _null,
    "boolean": _boolean,
    "string": _string,
    "bytes": _bytes,
    "int": partial(_whole, "int"),
    "long": partial(_whole, "long"),
    "float": partial(_real, "float"),
    "double": partial(_real, "double"),
}
_LOGICAL: Final[dict[tuple[str, str], Callable[[Any], str | None]]] = {
    ("string", "uuid"): _uuid,
    ("long", "timestamp-millis"): _timestamp,
    ("long", "timestamp-micros"): _timestamp,
    ("long", "local-timestamp-millis"): _local_timestamp,
    ("long", "local-timestamp-micros"): _local_timestamp,
    ("int", "date"): _date,
    ("int", "time-millis"): _time,
    ("long", "time-micros"): _time,
}
