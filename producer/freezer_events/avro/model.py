"""The schema as typed nodes, with every reference resolved: what code is generated from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from freezer_events.avro.parse import types

if TYPE_CHECKING:
    from freezer_events.avro.parse import Schema

# The logical types that fastavro converts (its _logical_writers), by the type they stand on. All
# others are ignored, as the Avro specification asks; a fixed uuid is converted by our own code,
# and a decimal, of bytes or fixed, has digits besides.
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
        ("fixed", "uuid"),
    }
)


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
class ArrayNode:
    """A list of items of one type."""

    items: Node


@dataclass(frozen=True, slots=True)
class MapNode:
    """Values of one type under string keys."""

    values: Node


@dataclass(frozen=True, slots=True)
class UnionNode:
    """One of several types, in the order of the schema; the index is written first."""

    branches: tuple[Node, ...]


Node: TypeAlias = Scalar | Named | ArrayNode | MapNode | UnionNode
NULL: Final = Scalar("null", "null")


@dataclass(frozen=True, slots=True)
class FieldNode:
    """One field of a record; `default` is the JSON value, `has_default` tells it from null."""

    name: str
    node: Node
    doc: str
    has_default: bool
    default: Any


@dataclass(frozen=True, slots=True)
class RecordNode:
    """A record and its fields."""

    full: str
    doc: str
    fields: tuple[FieldNode, ...]


@dataclass(frozen=True, slots=True)
class EnumNode:
    """An enum and its symbols."""

    full: str
    doc: str
    symbols: tuple[str, ...]


@dataclass(slots=True)
class Model:
    """A whole schema: the event's record and every record and enum in it, outermost first."""

    root: str = ""
    records: dict[str, RecordNode] = field(default_factory=dict)
    enums: dict[str, EnumNode] = field(default_factory=dict)
    fixed: dict[str, Scalar] = field(default_factory=dict)


def read_model(schema: Schema) -> Model:
    """Return the model of an event's schema.

    Raises:
        SchemaError: its top is not a record.

    """
    if not isinstance(schema.root, types.RecordType):
        raise schema.error("", "the schema of an event must be a record")
    reader = _Reader()
    reader.node(schema.root)
    reader.model.root = schema.root.name.full
    return reader.model


class _Reader:
    """Walks the tree of types, and collects what has a name in the order of definition."""

    def __init__(self) -> None:
        self.model = Model()

    def node(self, found: types.Type) -> Node:  # noqa: PLR0911 - one return per kind
        match found:
            case types.Ref(name=name):
                return self.model.fixed.get(name, Named(name))
            case types.UnionType(branches=branches):
                return UnionNode(tuple(self.node(each) for each in branches))
            case types.ArrayType(items=items):
                return ArrayNode(self.node(items))
            case types.MapType(values=values):
                return MapNode(self.node(values))
            case types.RecordType():
                return self._record(found)
            case types.EnumType(name=name, symbols=symbols, doc=doc):
                self.model.enums[name.full] = EnumNode(name.full, doc or "", symbols)
                return Named(name.full)
            case types.Fixed(name=name, size=size):
                node = self.model.fixed[name.full] = _scalar("fixed", found.logical, size)
                return node
            case types.Primitive(kind=kind):
                return _scalar(kind, found.logical)

    def _record(self, found: types.RecordType) -> Node:
        full = found.name.full
        # Taken now, so that outer records come before those inside; a field may refer to it.
        self.model.records[full] = RecordNode(full, "", ())
        fields = tuple(self._field(each) for each in found.fields)
        self.model.records[full] = RecordNode(full, found.doc or "", fields)
        return Named(full)

    def _field(self, found: types.RecordField) -> FieldNode:
        given = found.default is not types.MISSING
        default = found.default if given else None
        return FieldNode(found.name, self.node(found.type), found.doc or "", given, default)


def _scalar(base: str, logical: types.Logical | None, size: int = 0) -> Scalar:
    if logical is None or logical.ignored:
        return Scalar(base, base, size)
    if logical.name == "decimal":
        return Scalar(base, "decimal", size, logical.precision, logical.scale)
    # One that does not fit its type is marked as ignored: a fixed uuid has its 16 bytes.
    known = (base, logical.name) in _LOGICAL
    return Scalar(base, logical.name if known else base, size)


def optional(node: Node) -> tuple[int, Node, int] | None:
    """Return index, node of the one branch that is not null, and the index of null."""
    if isinstance(node, UnionNode) and NULL in node.branches and len(node.branches) == 2:  # noqa: PLR2004
        null = node.branches.index(NULL)
        return 1 - null, node.branches[1 - null], null
    return None
