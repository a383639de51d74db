"""From typed values to Arrow columns, as `consume --output parquet` writes them.

Each type becomes the Arrow type of the same meaning, so that what is read back is equal: times keep
unit and zone, decimals precision and scale. What not every reader of Parquet has a type for (UUIDs,
nanoseconds, durations) is the text of its JSON form. Unions of several types, records that hold
themselves and records without fields are refused: Parquet has none.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from freezer_events.avro.model import model_of, scalar_of
from freezer_events.avro.parse.types import ArrayType, EnumType, MapType, RecordType, UnionType

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from freezer_events.avro.parse.types import Type
    from freezer_events.avro.scalars import Scalar
    from freezer_events.event import EventType

_WIDEST: Final = 76  # digits of a decimal in Arrow

# By what a scalar means: the name of the function that makes the Arrow type, and its arguments.
_TYPES: Final[dict[str, tuple[str, tuple[Any, ...]]]] = {
    "null": ("null", ()),
    "boolean": ("bool_", ()),
    "int": ("int32", ()),
    "long": ("int64", ()),
    "float": ("float32", ()),
    "double": ("float64", ()),
    "bytes": ("binary", ()),
    "fixed": ("binary", ()),
    "string": ("string", ()),
    "date": ("date32", ()),
    "time-millis": ("time32", ("ms",)),
    "time-micros": ("time64", ("us",)),
    "timestamp-millis": ("timestamp", ("ms", "UTC")),
    "timestamp-micros": ("timestamp", ("us", "UTC")),
    "local-timestamp-millis": ("timestamp", ("ms",)),
    "local-timestamp-micros": ("timestamp", ("us",)),
}


class _Column(NamedTuple):
    """How the values of one type go into an Arrow array.

    Attributes:
        type: the Arrow type.
        plain: makes of a value what Arrow takes; None where it takes the value itself.
        is_nullable: whether there may be none.

    """

    type: Any
    plain: Callable[[Any], Any] | None
    is_nullable: bool = False


class NoColumn(ValueError):  # noqa: N818 - it names the state
    """Parquet has no type for a field: says which, and why."""


class ArrowForm:
    """The Arrow form of one event type.

    Args:
        event_type: the event.

    Attributes:
        schema: the Arrow schema.

    Raises:
        NoColumn: Parquet has no type for one of its fields.

    """

    def __init__(self, event_type: EventType) -> None:
        self._arrow: Any = importlib.import_module("pyarrow")
        self._model = model = model_of(event_type)
        root = model.root
        self._inside = [root.name.full]
        if not root.fields:
            raise NoColumn("the event is a record without fields")
        names = model.attributes[root.name.full]
        self._columns = [(names[each.name], self._of(each.type, each.name)) for each in root.fields]
        self.schema: Any = self._arrow.schema(
            [
                self._arrow.field(field.name, column.type, nullable=column.is_nullable)
                for field, (_, column) in zip(root.fields, self._columns, strict=True)
            ]
        )

    def batch(self, events: Sequence[Any]) -> Any:
        """Return events as a record batch."""
        arrays = []
        for attribute, (kind, plain, _) in self._columns:
            values = [getattr(each, attribute) for each in events]
            if plain is not None:
                values = [plain(each) for each in values]
            arrays.append(self._arrow.array(values, kind))
        return self._arrow.RecordBatch.from_arrays(arrays, schema=self.schema)

    def _of(self, use: Type, path: str) -> _Column:
        of = self._model.resolve(use)
        arrow = self._arrow
        match of:
            case RecordType():
                return self._record(of, path)
            case EnumType():
                return _Column(arrow.string(), str)
            case ArrayType():
                item = self._of(of.items, f"{path}[]")
                inside = arrow.field("item", item.type, nullable=item.is_nullable)
                each = item.plain
                plain = None if each is None else lambda value: [each(one) for one in value]
                return _Column(arrow.list_(inside), plain)
            case MapType():
                item = self._of(of.values, f"{path}{{}}")
                inside = arrow.field("value", item.type, nullable=item.is_nullable)
                return _Column(arrow.map_(arrow.string(), inside), _pairs(item.plain))
            case UnionType():
                return self._union(of, path)
        found = scalar_of(of)
        assert found is not None  # noqa: S101 - nothing else is left
        return self._scalar(found)

    def _scalar(self, of: Scalar) -> _Column:
        arrow = self._arrow
        if of.name == "decimal" and of.precision <= _WIDEST:  # type: ignore[attr-defined]  # its own
            return _Column(arrow.decimal256(of.precision, of.scale), None)  # type: ignore[attr-defined]
        made = _TYPES.get(of.name)
        if made is None:
            return _Column(arrow.string(), of.to_json)
        name, arguments = made
        return _Column(getattr(arrow, name)(*arguments), None, is_nullable=name == "null")

    def _record(self, of: RecordType, path: str) -> _Column:
        full = of.name.full
        if full in self._inside:
            raise NoColumn(f"{path} is a {full} within a {full}")
        if not of.fields:
            raise NoColumn(f"{path} is a record without fields")
        self._inside.append(full)
        names = self._model.attributes[full]
        members = [
            (each.name, names[each.name], self._of(each.type, f"{path}.{each.name}"))
            for each in of.fields
        ]
        self._inside.pop()
        kind = self._arrow.struct(
            [
                self._arrow.field(name, column.type, nullable=column.is_nullable)
                for name, _, column in members
            ]
        )

        def plain(value: Any) -> Any:
            return {
                name: getattr(value, at) if show is None else show(getattr(value, at))
                for name, at, (_, show, _) in members
            }

        return _Column(kind, plain)

    def _union(self, of: UnionType, path: str) -> _Column:
        nullable = self._model.optional(of)
        if nullable is None:
            kinds = ", ".join(each.kind for each in self._model.branches(of))
            raise NoColumn(f"{path} is a union of several types: {kinds}")
        inner = self._of(nullable[1], path)
        show = inner.plain
        plain = None if show is None else lambda value: None if value is None else show(value)
        return _Column(inner.type, plain, is_nullable=True)


def _pairs(show: Callable[[Any], Any] | None) -> Callable[[Any], Any]:
    if show is None:
        return lambda value: list(value.items())
    return lambda value: [(key, show(each)) for key, each in value.items()]
