"""The schema as typed nodes, with every reference resolved: what code is generated from."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from fastavro import parse_schema

from producer.errors import SchemaError

if TYPE_CHECKING:
    from collections.abc import Iterator

# The logical types that fastavro converts (its _logical_writers), by the type they stand on. All
# others are ignored, as the Avro specification asks; a fixed uuid is converted by our own code.
_LOGICAL: Final = frozenset(
    {
        ("long", "timestamp-millis"),
        ("long", "timestamp-micros"),
        ("long", "local-timestamp-millis"),
        ("long", "local-timestamp-micros"),
        ("int", "date"),
        ("int", "time-millis"),
        ("long", "time-micros"),
        ("string", "uuid"),
    }
)
_UUID_BYTES: Final = 16
# https://avro.apache.org/docs/1.12.0/specification/#names
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Scalar:
    """A value without parts.

    Attributes:
        base: the Avro type it is written as ("long", "fixed", …).
        kind: what it means: the logical type where it has one, else the same as `base`.
        size: bytes of a fixed; 0 otherwise.
        precision: digits of a decimal; 0 otherwise.
        scale: how many of them stand after the point.

    """

    base: str
    kind: str
    size: int = 0
    precision: int = 0
    scale: int = 0


@dataclass(frozen=True, slots=True)
class Named:
    """A record or an enum, by its full name."""

    full: str


@dataclass(frozen=True, slots=True)
class Array:
    """A list of items of one type."""

    items: Node


@dataclass(frozen=True, slots=True)
class Map:
    """Values of one type under string keys."""

    values: Node


@dataclass(frozen=True, slots=True)
class Union:
    """One of several types, in the order of the schema; the index is written first."""

    branches: tuple[Node, ...]


Node: TypeAlias = Scalar | Named | Array | Map | Union
NULL: Final = Scalar("null", "null")


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a record; `default` is the JSON value, `has_default` tells it from null."""

    name: str
    node: Node
    doc: str
    has_default: bool
    default: Any


@dataclass(frozen=True, slots=True)
class Record:
    """A record and its fields."""

    full: str
    doc: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Enum:
    """An enum and its symbols."""

    full: str
    doc: str
    symbols: tuple[str, ...]


@dataclass(slots=True)
class Model:
    """A whole schema: the event's record and every record and enum in it, outermost first."""

    root: str = ""
    records: dict[str, Record] = field(default_factory=dict)
    enums: dict[str, Enum] = field(default_factory=dict)
    fixed: dict[str, Scalar] = field(default_factory=dict)


def read_model(avsc_text: str, source_name: str) -> Model:
    """Return the model of a schema.

    Raises:
        SchemaError: the text is not JSON, not an Avro schema, or its top is not a record.

    """
    try:
        schema: Any = parse_schema(json.loads(avsc_text))
        model = _Reader().model(schema)
    except RecursionError:
        raise SchemaError(source_name, "is nested too deeply") from None
    except Exception as error:
        # fastavro raises whatever it stumbles over, KeyError and AttributeError included.
        raise SchemaError(source_name, f"is not an Avro schema: {_cause(error)}") from error
    for name in _names(model):
        if not _NAME.fullmatch(name):
            raise SchemaError(source_name, f"{name!r} is no Avro name: letters, digits, _")
    for record in model.records.values():
        _refuse_twins(record, source_name)
    if model.root not in model.records:
        raise SchemaError(source_name, "the schema of an event must be a record")
    return model


def _names(model: Model) -> Iterator[str]:
    """Yield every name that may become part of the code, the parts of full names one by one."""
    for full in (*model.records, *model.enums, *model.fixed):
        yield from full.split(".")
    for record in model.records.values():
        yield from (each.name for each in record.fields)
    for enum in model.enums.values():
        yield from enum.symbols


def _refuse_twins(record: Record, source_name: str) -> None:
    names = [each.name for each in record.fields]
    for name in names:
        if names.count(name) > 1:
            raise SchemaError(source_name, f"{record.full} has two fields named {name!r}")


def _cause(error: Exception) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}"


class _Reader:
    """Walks what `fastavro.parse_schema` returns: there every name is a full name already."""

    def __init__(self) -> None:
        self._model = Model()

    def model(self, schema: Any) -> Model:
        if isinstance(schema, dict):
            self._model.root = schema.get("name", "")
        self._node(schema)
        return self._model

    def _node(self, schema: Any) -> Node:
        if isinstance(schema, list):
            return Union(tuple(self._node(each) for each in schema))
        if isinstance(schema, str):
            return self._by_name(schema)
        match schema["type"]:
            case "record":
                node: Node = self._record(schema)
            case "enum":
                node = self._enum(schema)
            case "array":
                node = Array(self._node(schema["items"]))
            case "map":
                node = Map(self._node(schema["values"]))
            case base:
                node = self._scalar(schema, base)
        return node

    def _enum(self, schema: dict[str, Any]) -> Node:
        full = schema["name"]
        self._model.enums[full] = Enum(full, _doc(schema), tuple(schema["symbols"]))
        return Named(full)

    def _by_name(self, name: str) -> Node:
        if name in self._model.fixed:
            return self._model.fixed[name]
        if name in self._model.records or name in self._model.enums:
            return Named(name)
        return Scalar(name, name)

    def _record(self, schema: dict[str, Any]) -> Node:
        full = schema["name"]
        # A field may refer to the record that it is in.
        self._model.records[full] = Record(full, "", ())
        fields = tuple(self._field(each) for each in schema["fields"])
        self._model.records[full] = Record(full, _doc(schema), fields)
        return Named(full)

    def _field(self, schema: dict[str, Any]) -> Field:
        return Field(
            name=schema["name"],
            node=self._node(schema["type"]),
            doc=_doc(schema),
            has_default="default" in schema,
            default=schema.get("default"),
        )

    def _scalar(self, schema: dict[str, Any], base: str) -> Scalar:
        size = schema["size"] if base == "fixed" else 0
        found = Scalar(base, _kind(schema, base, size), size)
        if found.kind == "decimal":
            found = Scalar(base, "decimal", size, schema["precision"], schema.get("scale", 0))
        if base == "fixed":
            self._model.fixed[schema["name"]] = found
        return found


def _kind(schema: dict[str, Any], base: str, size: int) -> str:
    logical = schema.get("logicalType", "")
    if (base, logical) in _LOGICAL:
        return str(logical)
    if base in {"bytes", "fixed"} and logical == "decimal":
        return "decimal"
    if base == "fixed" and logical == "uuid" and size == _UUID_BYTES:
        return "uuid"
    return base


def _doc(schema: dict[str, Any]) -> str:
    doc = schema.get("doc", "")
    return doc if isinstance(doc, str) else ""
