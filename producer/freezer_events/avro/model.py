"""The model of an event's schema: types with their references followed, and their Python names.

Everything that deals with values reads this: encoder text, compiled nodes, decoding, explaining,
JSON and text, the simulator. The types are the parser's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from freezer_events.avro import names
from freezer_events.avro.parse import parse
from freezer_events.avro.parse.types import (
    ArrayType,
    EnumType,
    Fixed,
    MapType,
    Primitive,
    RecordType,
    Ref,
    UnionType,
)
from freezer_events.avro.scalars import scalar

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from freezer_events.avro.parse import Schema
    from freezer_events.avro.parse.types import Named, Resolved, Type
    from freezer_events.avro.scalars import Scalar
    from freezer_events.event import EventType


@dataclass(frozen=True, eq=False)
class Model:
    """The schema of one event.

    Attributes:
        schema: the schema as parsed.
        root: the event's own record.
        records: every record, outermost first.
        enums: every enum, in the order of definition.
        classes: full name to class name, of every record and enum.
        attributes: full name of a record to (field name to attribute), in the order of fields.
        members: full name of an enum to (symbol to member name).

    """

    schema: Schema
    root: RecordType
    records: tuple[RecordType, ...]
    enums: tuple[EnumType, ...]
    classes: Mapping[str, str]
    attributes: Mapping[str, Mapping[str, str]]
    members: Mapping[str, Mapping[str, str]]

    def resolve(self, use: Type) -> Resolved:
        """Return the type itself where a named type is used by its name."""
        return self.schema.resolve(use)

    def branches(self, union: UnionType) -> list[Resolved]:
        """Return the types of a union, in its order."""
        return [self.resolve(each) for each in union.branches]

    def optional(self, union: UnionType) -> tuple[int, Resolved, int] | None:
        """Return index and type of the one branch that is not null, and the index of null."""
        branches = self.branches(union)
        nulls = [at for at, each in enumerate(branches) if each.kind == "null"]
        if len(branches) == 2 and nulls:  # noqa: PLR2004 - null and another one
            return 1 - nulls[0], branches[1 - nulls[0]], nulls[0]
        return None

    def attribute(self, field: str) -> str:
        """Return the attribute of one of the event's own fields; KeyError where it has none."""
        return self.attributes[self.root.name.full][field]

    @cached_property
    def fields(self) -> Mapping[str, str]:
        """The event's own fields: attribute to the name in the schema."""
        return {value: name for name, value in self.attributes[self.root.name.full].items()}


def read_model(schema: Schema) -> Model:
    """Return the model of an event's schema.

    Raises:
        SchemaError: its top is not a record.

    """
    root = schema.root
    if not isinstance(root, RecordType):
        raise schema.error("", "the schema of an event must be a record")
    found = list(named_types(root))
    records = tuple(each for each in found if isinstance(each, RecordType))
    enums = tuple(each for each in found if isinstance(each, EnumType))
    full = [*(each.name.full for each in records), *(each.name.full for each in enums)]
    return Model(
        schema,
        root,
        records,
        enums,
        names.class_names(full),
        {each.name.full: names.attributes([f.name for f in each.fields]) for each in records},
        {each.name.full: names.members(each.symbols) for each in enums},
    )


def model_from_text(text: str) -> Model:
    """Return the model of a generated module's schema.

    Raises:
        SchemaError: it is no schema, or not of a record.

    """
    return read_model(parse(text, "the schema of a generated event"))


def model_of(event_type: EventType) -> Model:
    """Return an event's model, parsed once."""
    return cast("Model", event_type.model)


def named_types(of: Type) -> Iterator[Named]:
    """Yield the named types that are defined in a type, the outermost first."""
    match of:
        case RecordType():
            yield of
            for field in of.fields:
                yield from named_types(field.type)
        case EnumType() | Fixed():
            yield of
        case ArrayType(items=inside) | MapType(values=inside):
            yield from named_types(inside)
        case UnionType(branches=branches):
            for each in branches:
                yield from named_types(each)
        case Primitive() | Ref():
            return


def scalar_of(of: Resolved) -> Scalar | None:
    """Return the entry of a type in the table of scalars, None where it has parts or symbols."""
    match of:
        case Primitive(kind=kind, logical=logical):
            return scalar(kind, logical)
        case Fixed(size=size, logical=logical):
            return scalar("fixed", logical, size)
        case _:
            return None


def scalar_of_field(model: Model, attribute: str) -> Scalar:
    """Return the entry of one of the event's own fields that is a scalar, or null or a scalar."""
    name = model.fields[attribute]
    of = model.resolve(next(each.type for each in model.root.fields if each.name == name))
    nullable = model.optional(of) if isinstance(of, UnionType) else None
    found = scalar_of(nullable[1] if nullable else of)
    assert found is not None  # noqa: S101 - event.toml is checked
    return found


def branch_name(of: Resolved) -> str:
    """Return what Avro's JSON calls a branch of a union: a full name, or the kind of type.

    https://avro.apache.org/docs/1.12.0/specification/#json-encoding
    """
    if isinstance(of, RecordType | EnumType | Fixed):
        return of.name.full
    return of.kind


def shape(of: Type) -> Any:
    """Return what two types share whose values are written alike: a key for tables of functions."""
    match of:
        case Ref(name=name):
            return name
        case RecordType() | EnumType():
            return of.name.full
        case ArrayType(items=items):
            return "array", shape(items)
        case MapType(values=values):
            return "map", shape(values)
        case UnionType(branches=branches):
            return "union", *(shape(each) for each in branches)
        case Primitive() | Fixed():
            return scalar_of(of)


__all__ = [
    "Model",
    "branch_name",
    "model_from_text",
    "model_of",
    "named_types",
    "read_model",
    "scalar_of",
    "scalar_of_field",
    "shape",
]
