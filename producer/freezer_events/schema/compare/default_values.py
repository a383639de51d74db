"""Defaults of which no value can be made, although they fit the type that is written."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from freezer_events.avro.parse.defaults import unfit
from freezer_events.avro.parse.types import (
    ArrayType,
    MapType,
    RecordType,
    UnionType,
)
from freezer_events.schema.compare.phrases import effective, value

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from freezer_events.avro.parse import Schema
    from freezer_events.avro.parse.types import Logical, Type

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST: Final = datetime.min.replace(tzinfo=UTC) - _EPOCH
_LAST: Final = datetime.max.replace(tzinfo=UTC) - _EPOCH
_DAY: Final = timedelta(days=1)
_MICROSECOND: Final = timedelta(microseconds=1)
_PER_SECOND: Final = {"millis": 10**3, "micros": 10**6, "nanos": 10**9}


def unreadable(given: Any, use: Type, schema: Schema) -> str:
    """Return why no reader can make a value of a default that fits its type, or ""."""
    each = schema.resolve(use)
    match each:
        case UnionType():
            fits = (b for b in each.branches if unfit(given, b, "", schema.names) is None)
            return unreadable(given, next(fits), schema)
        case ArrayType():
            found = [unreadable(item, each.items, schema) for item in given]
        case MapType():
            found = [unreadable(item, each.values, schema) for item in given.values()]
        case RecordType():
            inner = ((field, given.get(field.name, field.default)) for field in each.fields)
            found = [unreadable(item, field.type, schema) for field, item in inner]
        case _:
            logical = effective(each.logical)
            return "" if logical is None else _unbuildable(given, logical)
    return next(filter(None, found), "")


def _unbuildable(given: Any, logical: Logical) -> str:
    check = _CHECKS.get(logical.name) or _CHECKS.get(logical.name.rpartition("-")[0])
    return "" if check is None or check(given, logical) else f"{value(given)} is no {logical}"


def _uuid(given: str, _: Logical) -> bool:
    if len(given) == _UUID_BYTES:  # a fixed
        return True
    try:
        return str(uuid.UUID(given)) == given.lower()
    except ValueError:
        return False


def _date(given: int, _: Logical) -> bool:
    return _FIRST // _DAY <= given <= _LAST // _DAY


def _time(given: int, logical: Logical) -> bool:
    return 0 <= given < 86_400 * _unit(logical)


def _timestamp(given: int, logical: Logical) -> bool:
    micros = given * 10**6 // _unit(logical)
    return _FIRST // _MICROSECOND <= micros <= _LAST // _MICROSECOND


def _decimal(given: str, _: Logical) -> bool:
    return bool(given)  # no byte is no number to Java


def _unit(logical: Logical) -> int:
    return _PER_SECOND[logical.name.rpartition("-")[2]]


_UUID_BYTES: Final = 16
_CHECKS: Final[Mapping[str, Callable[[Any, Logical], bool]]] = {
    "uuid": _uuid,
    "date": _date,
    "time": _time,
    "timestamp": _timestamp,
    "local-timestamp": _timestamp,
    "decimal": _decimal,
}
"""By a logical type's name, or by what precedes its unit."""
