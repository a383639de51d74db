"""Random Avro schemas and events of the classes generated from them, and modules from text."""

from __future__ import annotations

import io
import itertools
import json
import sys
import types
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Context, Decimal
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from fastavro import parse_schema, schemaless_writer
from hypothesis import strategies as st

from freezer_events.avro.parse import parse
from freezer_events.avro.rules import RULES
from freezer_events.avro.runtime import Nanos
from freezer_events.avro.values import truncate_to_ms
from freezer_events.avro.wire import decode
from freezer_events.schema.catalogue import EventSpec
from freezer_events.schema.generate import module_source

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from freezer_events.event import EventType


def module_of(schema: Any, **changes: Any) -> Any:
    """Return the module generated from a schema (a JSON value), imported."""
    options: dict[str, Any] = {
        "event": "door-event",
        "version": 1,
        "topic": "doors",
        "key": None,
        "fill": {},
        "default": False,
        "source_name": "v1.avsc",
        "schema": parse(json.dumps(schema), "v1.avsc"),
    }
    text = module_source(**(options | changes)).text
    made = types.ModuleType("generated_event")
    # A dataclass looks its module up while it is made.
    sys.modules[made.__name__] = made
    try:
        exec(compile(text, made.__name__, "exec"), made.__dict__)  # noqa: S102 - it is our own text
    finally:
        del sys.modules[made.__name__]
    return made


def record(*members: Any, name: str = "Event", **more: Any) -> Any:
    """Return a record's schema; its fields are given as (name, type) or (name, type, default)."""
    made = [dict(zip(("name", "type", "default"), each, strict=False)) for each in members]
    return {"type": "record", "name": name, "namespace": "test", "fields": made, **more}


def written(schema: Any, datum: Any) -> bytes:
    """Return what fastavro writes."""
    stream = io.BytesIO()
    schemaless_writer(stream, parse_schema(schema), datum)
    return stream.getvalue()


def read(body: bytes, writer: Any, event_type: EventType) -> Any:
    """Return the event that a body holds, as consumers read it."""
    return decode(body, json.dumps(writer), event_type)


_LOGICAL: Final = (
    {"type": "long", "logicalType": "timestamp-millis"},
    {"type": "long", "logicalType": "timestamp-micros"},
    {"type": "long", "logicalType": "local-timestamp-millis"},
    {"type": "long", "logicalType": "local-timestamp-micros"},
    {"type": "long", "logicalType": "timestamp-nanos"},
    {"type": "long", "logicalType": "local-timestamp-nanos"},
    {"type": "int", "logicalType": "date"},
    {"type": "int", "logicalType": "time-millis"},
    {"type": "long", "logicalType": "time-micros"},
    {"type": "string", "logicalType": "uuid"},
    {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2},
    {"type": "bytes", "logicalType": "decimal", "precision": 40},
    {"type": "int", "logicalType": "no-such-type"},
    {"type": "string", "logicalType": "date"},
)
_NAMED: Final[tuple[dict[str, Any], ...]] = (
    {"type": "enum", "symbols": ["UNKNOWN", "GOOD", "None", "title", "_x"]},
    {"type": "fixed", "size": 3},
    {"type": "fixed", "size": 16, "logicalType": "uuid"},
    {"type": "fixed", "size": 5, "logicalType": "decimal", "precision": 9, "scale": 3},
)
_PLAIN: Final = ("boolean", "int", "long", "float", "double", "bytes", "string", "null")
_KEYWORDS: Final = ("from", "class", "datetime", "str", "UUID", "Decimal", "list", "event", "v1")


class _Schemas:
    """Draws one schema; keeps the names that are taken, and the types that can be referred to."""

    def __init__(self, draw: st.DrawFn, *, alike: bool = False) -> None:
        self._draw = draw
        self._alike = alike  # whether branches of a union may look alike in Python
        self._count = itertools.count(1)
        self._done: list[str] = []

    def record(self, depth: int) -> Any:
        name = f"Record{next(self._count)}"
        own = {"name": "again", "type": ["null", f"test.{name}"], "default": None}
        names = st.sampled_from([*_KEYWORDS, "a", "b", "c"])
        chosen: list[str] = self._draw(st.lists(names, max_size=4, unique_by=str))
        members = [{"name": each, "type": self.type(depth - 1)} for each in chosen]
        recursive: bool = self._draw(st.booleans())
        if recursive:
            members.append(own)
        self._done.append(f"test.{name}")
        return {"type": "record", "name": name, "namespace": "test", "fields": members}

    def type(self, depth: int) -> Any:
        kinds = ["plain", "logical", "named"]
        kinds += ["record", "array", "map", "union", "optional"] if depth > 0 else []
        match kind := self._draw(st.sampled_from(kinds)):
            case "record":
                return self.record(depth)
            case "array":
                return {"type": "array", "items": self.type(depth - 1)}
            case "map":
                return {"type": "map", "values": self.type(depth - 1)}
            case "union" | "optional":
                return self._union(depth, 1 if kind == "optional" else 4)
            case "named":
                return self._named()
        return self._draw(st.sampled_from(_PLAIN if kind == "plain" else _LOGICAL))

    def _union(self, depth: int, size: int) -> Any:
        found: list[Any] = ["null"]
        taken: set[str] = {"null"}
        for _ in range(self._draw(st.integers(1, size))):
            known = list(self._done)
            branch = self.type(depth - 1)
            groups = _bases if self._alike else _groups
            if isinstance(branch, list) or groups(branch) & taken:
                self._done = known
                continue
            taken |= groups(branch)
            found.append(branch)
        found.insert(self._draw(st.integers(0, len(found) - 1)), found.pop(0))
        return found

    def _named(self) -> Any:
        again: bool = self._draw(st.booleans())
        if self._done and again:
            return self._draw(st.sampled_from(self._done))
        number = next(self._count)
        made: dict[str, Any] = self._draw(st.sampled_from(_NAMED))
        name = f"{made['type'].title()}{number}"
        self._done.append(f"test.{name}")
        return {**made, "name": name, "namespace": "test"}


def _bases(branch: Any) -> set[str]:
    """Return what a union may hold only once."""
    if isinstance(branch, str):
        return {branch}
    return {f"test.{branch['name']}" if "name" in branch else branch["type"]}


def _groups(branch: Any) -> set[str]:
    """Return what two branches must not share, lest their values look alike in Python."""
    if isinstance(branch, str):
        if branch.startswith("test."):
            return {branch} | ({"bytes", "fixed", "logical"} if "Fixed" in branch else set())
        alike = {"int": "whole", "long": "whole", "float": "real", "double": "real"}
        return {alike.get(branch, branch)} | ({"fixed"} if branch == "bytes" else set())
    base = branch["type"]
    if base in {"record", "enum"}:
        return {f"test.{branch['name']}"}
    if "logicalType" in branch and base != "fixed":
        return _groups(base) | {"logical"}
    return _groups(base) | ({"bytes", "logical"} if base == "fixed" else set())


@dataclass(frozen=True)
class Sample:
    """A schema, its generated module, a valid event, and the same event as fastavro wants it."""

    schema: Any
    module: Any
    event: Any
    datum: Any

    def __repr__(self) -> str:
        return f"Sample({json.dumps(self.schema)}, {self.event!r})"


@st.composite
def schemas(draw: st.DrawFn) -> Any:
    """Draw a schema whose unions hold whatever Avro allows."""
    return _Schemas(draw, alike=True).record(2)


@st.composite
def samples(draw: st.DrawFn) -> Sample:
    """Draw a schema and an event of it."""
    schema = _Schemas(draw).record(2)
    module = module_of(schema)
    event, datum = _Values(draw, schema, module.EVENT.types).value(schema, 4)
    return Sample(schema, module, event, datum)


@st.composite
def events_of(draw: st.DrawFn, schema: Any, module: Any) -> Sample:
    """Draw an event of a schema whose names are in the namespace "test"."""
    event, datum = _Values(draw, schema, module.EVENT.types).value(schema, 4)
    return Sample(schema, module, event, datum)


def released(path: Path) -> Any:
    """Return a released version's schema as JSON, whole, in the namespace "test", without rules.

    Random values need not obey them.
    """
    number = int(path.stem.removeprefix("v"))
    return moved(without_rules(json.loads(EventSpec.read(path.parent).schema(number).whole)))


def without_rules(schema: Any) -> Any:
    """Return a schema without its rules."""
    if isinstance(schema, list):
        return [without_rules(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    return {key: without_rules(value) for key, value in schema.items() if key != RULES}


def moved(schema: Any) -> Any:
    """Return a schema with its names in the namespace "test"; the bytes are the same."""
    if isinstance(schema, list):
        return [moved(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: "test" if key == "namespace" else value if key == "default" else moved(value)
        for key, value in schema.items()
    }


class _Values:
    """Draws pairs of a typed value and fastavro's datum for it."""

    def __init__(self, draw: st.DrawFn, schema: Any, types_: Any) -> None:
        self._draw = draw
        self._types = types_
        self._named: dict[str, Any] = {}
        self._learn(schema)

    def _learn(self, schema: Any) -> None:
        for each in schema if isinstance(schema, list) else [schema]:
            if isinstance(each, dict):
                if "name" in each:
                    self._named[f"test.{each['name']}"] = each
                self._learn(each.get("items", each.get("values", [])))
                for one in each.get("fields", []):
                    self._learn(one["type"])

    def value(self, schema: Any, depth: int) -> tuple[Any, Any]:
        if isinstance(schema, list):
            return self._branch(schema, depth)
        schema = self._named.get(schema, {"type": schema}) if isinstance(schema, str) else schema
        walks = {"record": self._record, "enum": self._enum, "array": self._array, "map": self._map}
        walk = walks.get(schema["type"])
        if walk is not None:
            return walk(schema, depth)
        found = self._draw(_scalars(schema))
        # fastavro knows no uuid on a fixed.
        plain = schema["type"] == "fixed" and schema.get("logicalType") == "uuid"
        return found, found.bytes if plain else found

    def _enum(self, schema: Any, _: int) -> tuple[Any, Any]:
        member = self._draw(st.sampled_from(list(self._types[f"test.{schema['name']}"])))
        return member, str(member)

    def _array(self, schema: Any, depth: int) -> tuple[Any, Any]:
        count = self._draw(st.integers(0, 3 if depth > 0 else 0))
        pairs = [self.value(schema["items"], depth - 1) for _ in range(count)]
        return [value for value, _ in pairs], [datum for _, datum in pairs]

    def _map(self, schema: Any, depth: int) -> tuple[Any, Any]:
        size = 3 if depth > 0 else 0
        keys = self._draw(st.lists(st.text(max_size=3), max_size=size, unique=True))
        made = {key: self.value(schema["values"], depth - 1) for key in keys}
        return {k: v for k, (v, _) in made.items()}, {k: d for k, (_, d) in made.items()}

    def _record(self, schema: Any, depth: int) -> tuple[Any, Any]:
        made = self._types[f"test.{schema['name']}"]
        pairs = [self.value(each["type"], depth - 1) for each in schema["fields"]]
        attributes = [each.name for each in fields(made)]
        event = made(**dict(zip(attributes, (value for value, _ in pairs), strict=True)))
        names = [each["name"] for each in schema["fields"]]
        return event, dict(zip(names, (datum for _, datum in pairs), strict=True))

    def _branch(self, branches: list[Any], depth: int) -> tuple[Any, Any]:
        branch = "null" if depth <= 0 else self._draw(st.sampled_from(branches))
        value, datum = self.value(branch, depth)
        return value, (self._name(branch), datum)

    def _name(self, branch: Any) -> str:
        if isinstance(branch, str):
            return branch
        return f"test.{branch['name']}" if "name" in branch else str(branch["type"])


_ZONES: Final = st.integers(-23 * 60, 23 * 60).map(lambda m: timezone(timedelta(minutes=m)))
_TIMES: Final = st.datetimes(min_value=datetime(1, 1, 3), max_value=datetime(9999, 12, 29))  # noqa: DTZ001


def _scalars(schema: Any) -> st.SearchStrategy[Any]:
    base, logical = schema["type"], schema.get("logicalType", "")
    times: dict[str, Callable[[], st.SearchStrategy[Any]]] = {
        "timestamp": lambda: st.builds(_in_zone, _TIMES, _ZONES | st.just(UTC)),
        "local": lambda: _TIMES,
        "date": st.dates,
        "time": st.times,
        "uuid": st.uuids,
        "decimal": lambda: _decimals(schema["precision"], schema.get("scale", 0)),
    }
    if logical.endswith("nanos"):
        return _whole(63).map(Nanos)
    kind = logical.split("-")[0]
    if kind in times and (base, kind) != ("string", "date"):
        drawn = times[kind]()
        return drawn.map(truncate_to_ms) if logical.endswith("millis") else drawn
    makers: dict[str, Callable[[], st.SearchStrategy[Any]]] = {
        "null": st.none,
        "boolean": st.booleans,
        "int": lambda: _whole(31),
        "long": lambda: _whole(63),
        "float": lambda: st.floats(width=32, allow_nan=False, allow_infinity=False),
        "double": lambda: st.floats(allow_nan=False, allow_infinity=False),
        "bytes": lambda: st.binary(max_size=4) | st.binary(min_size=150, max_size=300),
        "string": lambda: st.text(max_size=8) | st.text(min_size=100, max_size=140),
        "fixed": lambda: st.binary(min_size=schema["size"], max_size=schema["size"]),
    }
    return makers[base]()


def _in_zone(value: datetime, zone: timezone) -> datetime:
    return value.replace(tzinfo=zone)


def _whole(bits: int) -> st.SearchStrategy[int]:
    limit = 1 << bits
    edges = st.integers(0, bits).flatmap(lambda n: st.sampled_from([1 << n, -(1 << n)]))
    near = st.builds(lambda edge, off: max(-limit, min(limit - 1, edge + off)), edges, _OFF)
    return st.integers(-limit, limit - 1) | near


_OFF: Final = st.integers(-2, 2)


def _decimals(precision: int, scale: int) -> st.SearchStrategy[Decimal]:
    limit = 10**precision - 1
    units = st.integers(-limit, limit) | st.sampled_from([-128, 127, 128, 0, -1, 255, -32768])
    return units.map(lambda n: Decimal(n).scaleb(-scale, _WIDE))


_WIDE: Final = Context(prec=60)


class PandasLike(datetime):
    """A time of a derived class that holds nanoseconds as well, as pandas' does."""

    nanosecond = 7


NAIVE: Final = datetime(2026, 1, 1)  # noqa: DTZ001
AWARE: Final = datetime(2026, 1, 1, tzinfo=UTC)
JUNK: Final[tuple[Any, ...]] = (
    *(None, True, 0, 5, -(2**31) - 1, 2**31, 2**53, 2**53 + 1, 2**63 - 1, 2**63, -(2**63) - 1),
    *(1.5, 1e39, float("nan"), float("inf"), float("-inf"), -0.0, 2**24 + 1),
    *("", "21.5", "GOOD", "\ud800", "0" * 36, b"", b"abc", b"\x00" * 16, bytearray(b"abc")),
    *(Nanos(5), datetime(9999, 12, 31, 23, tzinfo=timezone(-timedelta(hours=5)))),
    *([], [None], (), {}, {"a": None}, {1: "a"}, {"\ud800": None}, ("test.Record1", {})),
    *(NAIVE, AWARE, date(2026, 1, 1), time(12), time(12, tzinfo=UTC), timedelta(1)),
    *(each.replace(microsecond=1001) for each in (NAIVE, AWARE, time(12))),
    *(PandasLike(2026, 1, 1, tzinfo=UTC), PandasLike(2026, 1, 1)),
    datetime(2026, 1, 1, tzinfo=timezone(timedelta(microseconds=1))),
    *(Decimal("1.5"), Decimal("1.555"), Decimal("1E+8"), Decimal("1E+9"), Decimal("NaN")),
    *(Decimal("-Infinity"), Decimal("0E+99"), Decimal("0E-99"), Decimal(10) ** 12, object()),
    UUID(int=1),
)


def spoiled(draw: st.DrawFn, event: Any) -> Any:
    """Return the event with one value somewhere in it replaced by one of another kind."""
    names = [each.name for each in fields(event)]
    if not names:
        return event
    name = draw(st.sampled_from(names))
    return replace(event, **{name: _spoiled(draw, getattr(event, name))})


def _spoiled(draw: st.DrawFn, value: Any) -> Any:
    if draw(st.booleans()):
        if hasattr(type(value), "__dataclass_fields__"):
            return spoiled(draw, value)
        if isinstance(value, list) and value:
            at = draw(st.integers(0, len(value) - 1))
            return [*value[:at], _spoiled(draw, value[at]), *value[at + 1 :]]
        if isinstance(value, dict) and value:
            key = draw(st.sampled_from(sorted(value)))
            return {**value, key: _spoiled(draw, value[key])}
    return draw(st.sampled_from(JUNK))
