"""An Avro schema as a tree of types, each of which knows its JSON pointer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, TypeAlias

PRIMITIVES: Final = frozenset(
    {"null", "boolean", "int", "long", "float", "double", "bytes", "string"}
)
MISSING: Final = object()
"""A default that is not there; `None` is the default null."""


@dataclass(frozen=True, slots=True)
class Logical:
    """A logical type as written.

    Attributes:
        name: what `logicalType` says.
        precision: of a decimal: how many digits.
        scale: of a decimal: how many of them after the point.
        ignored: it stands on a type that it does not fit, so that readers ignore it, as the
            specification tells them to.

    """

    name: str
    precision: int = 0
    scale: int = 0
    ignored: bool = False

    def __str__(self) -> str:
        if self.name != "decimal":
            return self.name
        return f"decimal({self.precision}, {self.scale})"


@dataclass(frozen=True, slots=True, eq=False)
class Primitive:
    """null, boolean, int, long, float, double, bytes or string."""

    pointer: str
    kind: str
    logical: Logical | None = None


@dataclass(frozen=True, slots=True, eq=False)
class ArrayType:
    """An array of one type."""

    pointer: str
    items: Type
    kind: str = "array"
    logical: Logical | None = None


@dataclass(frozen=True, slots=True, eq=False)
class MapType:
    """A map from strings to one type."""

    pointer: str
    values: Type
    kind: str = "map"
    logical: Logical | None = None


@dataclass(frozen=True, slots=True, eq=False)
class UnionType:
    """A choice of types."""

    pointer: str
    branches: tuple[Type, ...]
    kind: str = "union"
    logical: Logical | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Ref:
    """The use of a named type by its full name."""

    pointer: str
    name: str


@dataclass(frozen=True, slots=True, eq=False)
class Name:
    """What named types share.

    Attributes:
        full: the full name, with namespace.
        aliases: full names, as the specification qualifies them.
        written: the aliases as they stand in the file.

    """

    full: str
    aliases: tuple[str, ...]
    written: tuple[str, ...]

    @property
    def simple(self) -> str:
        """The name without namespace."""
        return self.full.rpartition(".")[2]


@dataclass(frozen=True, slots=True, eq=False)
class Fixed:
    """A fixed number of bytes."""

    pointer: str
    name: Name
    size: int
    logical: Logical | None = None
    kind: str = "fixed"
    doc: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class EnumType:
    """One of a list of symbols."""

    pointer: str
    name: Name
    symbols: tuple[str, ...]
    default: str | None
    kind: str = "enum"
    logical: Logical | None = None
    doc: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class RecordField:
    """A field of a record; `default` is MISSING where there is none."""

    pointer: str
    name: str
    type: Type
    default: Any
    aliases: tuple[str, ...]
    doc: str | None


@dataclass(frozen=True, slots=True, eq=False)
class RecordType:
    """A record, or an `error`, which is one by another name."""

    pointer: str
    name: Name
    fields: tuple[RecordField, ...]
    kind: str = "record"
    logical: Logical | None = None
    doc: str | None = None


Named: TypeAlias = RecordType | EnumType | Fixed
Resolved: TypeAlias = Primitive | ArrayType | MapType | UnionType | Named
Type: TypeAlias = Resolved | Ref


def child(pointer: str, *steps: str | int) -> str:
    """Return the pointer to something inside of what `pointer` points to."""
    return "/".join((pointer, *map(str, steps)))
