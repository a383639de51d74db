"""What kind of value an expression's names stand for, as CEL sees the types of a schema.

What a date, a time, a decimal or a union of several types is to a rule differs between Confluent's
clients, so that nothing but null can be asked of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from freezer_events.avro.model import scalar_of
from freezer_events.avro.parse.types import ArrayType, EnumType, MapType, RecordType, UnionType

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from freezer_events.avro.model import Model
    from freezer_events.avro.parse.types import Resolved, Type

    Member = tuple[str, "ValueKind"]
    """How a field is reached from its record (".attribute" or "['key']"), and its kind."""


@dataclass(frozen=True, slots=True)
class ValueKind:
    """The kind of a value.

    Attributes:
        name: "bool", "int", "double", "string", "bytes", "timestamp", "local timestamp", "null",
            "list", "map", "record", "any" where nothing is known, or what it is that no operator
            takes ("a decimal").
        nullable: whether it may be null.
        inside: of a list its items, of a map its values.
        members: of a record: what each field is.
        uuid: a string that Python has as a UUID.

    """

    name: str
    nullable: bool = False
    inside: ValueKind | None = None
    members: Callable[[], Mapping[str, Member]] | None = field(default=None, compare=False)
    uuid: bool = False

    @property
    def shown(self) -> str:
        """What messages call it."""
        article = "an" if self.name[0] in "aeiou" else "a"
        name = self.name if self.name.startswith("a ") else f"{article} {self.name}"
        return "null" if self.name == "null" else name


ANY: Final = ValueKind("any", nullable=True)
BOOL: Final = ValueKind("bool")
INT: Final = ValueKind("int")
DOUBLE: Final = ValueKind("double")
STRING: Final = ValueKind("string")
BYTES: Final = ValueKind("bytes")
NULL: Final = ValueKind("null", nullable=True)
ORDERED: Final = frozenset(
    {"bool", "int", "double", "string", "bytes", "timestamp", "local timestamp"}
)
NUMBERS: Final = frozenset({"int", "double"})

_SCALARS: Final = {
    "boolean": BOOL,
    "int": INT,
    "long": INT,
    "float": DOUBLE,
    "double": DOUBLE,
    "string": STRING,
    "bytes": BYTES,
    "fixed": BYTES,
    "uuid": ValueKind("string", uuid=True),
    "null": NULL,
    "timestamp-millis": ValueKind("timestamp"),
    "timestamp-micros": ValueKind("timestamp"),
    "local-timestamp-millis": ValueKind("local timestamp"),
    "local-timestamp-micros": ValueKind("local timestamp"),
}


def kind_of(model: Model, use: Type) -> ValueKind:
    """Return the kind of a schema's type, whose values are those that events hold."""
    of = model.resolve(use)
    match of:
        case EnumType():
            return STRING
        case ArrayType():
            return _holder(model, "list", of.items)
        case MapType():
            return _holder(model, "map", of.values)
        case RecordType():
            return ValueKind("record", members=lambda: members(model, of))
        case UnionType():
            return _union(model, of)
    found = scalar_of(of)
    return _SCALARS.get(found.name, ValueKind(f"a {found.name}")) if found else ANY


def members(model: Model, record: RecordType) -> Mapping[str, Member]:
    """Return how each field of a record is reached, and its kind."""
    attributes = model.attributes[record.name.full]
    return {
        each.name: (f".{attributes[each.name]}", kind_of(model, each.type))
        for each in record.fields
    }


def _holder(model: Model, name: str, use: Type) -> ValueKind:
    inside = kind_of(model, use)
    return ValueKind(f"a {name} of UUIDs") if inside.uuid else ValueKind(name, inside=inside)


def _union(model: Model, of: UnionType) -> ValueKind:
    nullable = model.optional(of)
    if nullable is not None:
        return replace(kind_of(model, nullable[1]), nullable=True)
    branches: list[Resolved] = model.branches(of)
    if len(branches) == 1:
        return kind_of(model, branches[0])
    return ValueKind("a union of several types", nullable=any(b.kind == "null" for b in branches))
