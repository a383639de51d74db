"""From the columns of an Arrow batch to columns as an encoder takes them, in a few layouts.

A type that is not here, and a conversion that could lose something, gives no columns at all.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from freezer_events.avro.model import model_of, scalar_of
from freezer_events.avro.parse.types import MISSING, EnumType, RecordType, UnionType
from freezer_events.avro.runtime import LONG

if TYPE_CHECKING:
    from freezer_events.avro.model import Model
    from freezer_events.avro.parse.types import RecordField, Type
    from freezer_events.avro.scalars import Scalar
    from freezer_events.event import EventType

DOUBLE, FLOAT, WHOLE, BOOLEAN, TEXT, UUID, CONSTANT, RECORD = range(8)
NOT_NULL: Final = -1

_INT, _LONG = (-(1 << 31), (1 << 31) - 1), (-(1 << 63), (1 << 63) - 1)
_DAYS: Final = (-719_162, 2_932_896)  # from 1970-01-01: the years 1 to 9999
_DAY_S: Final = 86_400
_PER_SECOND: Final = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}


class Column(NamedTuple):
    """The values of one field.

    Attributes:
        form: how a value is written: one of the numbers above.
        values: an array without nulls that count: float64, float32, int64, uint8, large_binary.
        valid: an array of uint8, 0 where there is no value; None where there is always one.
        null: the index of null in its union, 0 or 1; NOT_NULL where null does not fit.
        low: the least number, before it is scaled.
        high: the greatest one.
        multiply: what a number is multiplied with.
        divide: what it is divided by, without a rest.
        constant: the bytes of every value.
        children: the fields of a record.

    """

    form: int
    values: Any = None
    valid: Any = None
    null: int = NOT_NULL
    low: int = _LONG[0]
    high: int = _LONG[1]
    multiply: int = 1
    divide: int = 1
    constant: bytes = b""
    children: tuple[Column, ...] = ()


class _Unknown(Exception):  # noqa: N818 - it names the state
    """What the reader of single rows is to look at."""


def columns_of(event_type: EventType, batch: Any) -> tuple[Column, ...] | None:
    """Return the columns of a record's fields, in their order; None: row by row, please."""
    arrow: Any = importlib.import_module("pyarrow")
    model = model_of(event_type)
    names = batch.schema.names
    given = {name: batch.column(at) for at, name in enumerate(names)}
    if len(given) != len(names):
        return None
    try:
        return _Binding(arrow, event_type, model).fields(model.root, given)
    except (_Unknown, arrow.ArrowException, ValueError):
        return None


def text_of(batch: Any, name: str) -> Any:
    """Return a column of text as large_string, without dictionary; None where it is none."""
    arrow: Any = importlib.import_module("pyarrow")
    column = _plain(arrow, batch.column(name))
    return column.cast(arrow.large_string()) if _is_text(arrow, column.type) else None


class _Binding:
    """The columns of one batch for one schema."""

    def __init__(self, arrow: Any, event_type: EventType, model: Model) -> None:
        self._arrow = arrow
        self._compute: Any = importlib.import_module("pyarrow.compute")
        self._event_type = event_type
        self._model = model
        self._inside: list[str] = []

    def fields(self, of: RecordType, given: dict[str, Any]) -> tuple[Column, ...]:
        """Return a column for each field of a record; raises what `columns_of` catches."""
        if of.name.full in self._inside:
            raise _Unknown
        self._inside.append(of.name.full)
        found = tuple(
            self._column(each.type, given[each.name]) if each.name in given else self._default(each)
            for each in of.fields
        )
        self._inside.pop()
        return found

    def _default(self, field: RecordField) -> Column:
        """Return the column of a field that the batch has no column for."""
        if field.default is MISSING:
            raise _Unknown
        of = self._model.resolve(field.type)
        if isinstance(of, UnionType) and field.default is None:
            optional = self._model.optional(of)
            if optional is not None:
                return Column(CONSTANT, constant=LONG[optional[2]])
        if isinstance(of, EnumType):
            return Column(CONSTANT, constant=LONG[of.symbols.index(field.default)])
        raise _Unknown

    def _column(self, use: Type, array: Any) -> Column:
        of = self._model.resolve(use)
        null = NOT_NULL
        if isinstance(of, UnionType):
            optional = self._model.optional(of)
            if optional is None:
                raise _Unknown
            _, of, null = optional
        array = _plain(self._arrow, array)
        valid = array.is_valid().cast(self._arrow.uint8()) if array.null_count else None
        if isinstance(of, RecordType):
            return self._record(of, array, valid, null)
        if isinstance(of, EnumType):
            made = self._enum(of, array)
        else:
            scalar = scalar_of(of)
            if scalar is None:
                raise _Unknown
            made = self._scalar(scalar, array)
        return made._replace(valid=valid, null=null)

    def _record(self, of: RecordType, array: Any, valid: Any, null: int) -> Column:
        kind = array.type
        if not self._arrow.types.is_struct(kind):
            raise _Unknown
        names = [kind.field(at).name for at in range(kind.num_fields)]
        known = {each.name for each in of.fields}
        if len({*names}) != len(names) or {*names} - known:
            raise _Unknown  # what no field takes is refused inside of a record
        given = dict(zip(names, array.flatten(), strict=True))
        children = self.fields(of, given)
        return Column(RECORD, valid=valid, null=null, children=children)

    def _enum(self, of: EnumType, array: Any) -> Column:
        if not _is_text(self._arrow, array.type):
            raise _Unknown
        symbols = self._arrow.array(of.symbols, array.type)
        found = self._compute.index_in(array, value_set=symbols)
        return self._whole(found.fill_null(NOT_NULL), (0, len(of.symbols) - 1))

    def _scalar(self, scalar: Scalar, array: Any) -> Column:  # noqa: C901, PLR0911 - a line for each
        arrow, kind, types = self._arrow, array.type, self._arrow.types
        match scalar.name:
            case "double" if types.is_floating(kind) or types.is_integer(kind):
                if not types.is_float16(kind):
                    return Column(DOUBLE, array.cast(arrow.float64()))
            case "float" if types.is_float32(kind):
                return Column(FLOAT, array)
            case "int" | "long" if types.is_integer(kind):
                return self._whole(array, _INT if scalar.name == "int" else _LONG)
            case "boolean" if types.is_boolean(kind):
                return Column(BOOLEAN, array.cast(arrow.uint8()))
            case "string" if _is_text(arrow, kind):
                return Column(TEXT, _checked(array).cast(arrow.large_binary()))
            case "bytes" if types.is_binary(kind) or types.is_large_binary(kind):
                return Column(TEXT, array.cast(arrow.large_binary()))
            case "uuid" if scalar.base == "string" and _is_text(arrow, kind):
                return Column(UUID, _checked(array).cast(arrow.large_binary()))
            case "date" if types.is_date32(kind):
                return self._whole(array.cast(arrow.int32()), _DAYS)
        if scalar.per_second and types.is_timestamp(kind) and "timestamp" in scalar.name:
            if (kind.tz is None) is scalar.name.startswith("local-"):
                first, last = _DAYS
                return self._since(scalar, kind.unit, array, first * _DAY_S, (last + 1) * _DAY_S)
        elif scalar.per_second and types.is_time(kind) and scalar.name.startswith("time-"):
            whole = arrow.int32() if types.is_time32(kind) else arrow.int64()
            return self._since(scalar, kind.unit, array.cast(whole), 0, _DAY_S)
        raise _Unknown

    def _since(self, scalar: Scalar, unit: str, array: Any, first_s: int, end_s: int) -> Column:
        """Return a column of times from a second on, until before another one."""
        per = _PER_SECOND[unit]
        multiply = max(1, scalar.per_second // per)
        low = max(first_s * per, -(_LONG[1] // multiply))
        high = min(end_s * per - 1, _LONG[1] // multiply)
        column = self._whole(array, (low, high))
        return column._replace(multiply=multiply, divide=max(1, per // scalar.per_second))

    def _whole(self, array: Any, bounds: tuple[int, int]) -> Column:
        return Column(WHOLE, array.cast(self._arrow.int64()), low=bounds[0], high=bounds[1])


def _plain(arrow: Any, column: Any) -> Any:
    """Return an array without a dictionary; raises for a type that only its extension knows."""
    if isinstance(column.type, arrow.BaseExtensionType):
        raise _Unknown
    if arrow.types.is_string_view(column.type):
        return column.cast(arrow.string())
    return column.dictionary_decode() if arrow.types.is_dictionary(column.type) else column


def _is_text(arrow: Any, kind: Any) -> bool:
    return bool(arrow.types.is_string(kind) or arrow.types.is_large_string(kind))


def _checked(array: Any) -> Any:
    """Return an array whose text is UTF-8, as it says; raises ArrowInvalid."""
    array.validate(full=True)
    return array
