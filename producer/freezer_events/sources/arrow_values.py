"""From the values of an Arrow column to the JSON form that the strict reader takes.

Nothing is rounded here: times keep all the digits of their column, decimals become text. What does
not fit its field is refused by the field's own rule, in the words of every other source.
"""

from __future__ import annotations

import base64
import importlib
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    Show = Callable[[Any], Any]

_PER_SECOND: Final = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
_EPOCH: Final = date(1970, 1, 1)
_UUID_BYTES: Final = 16
_DAY_MS: Final = 86_400_000


def column_values(
    column: Any, *, is_text: bool = False, is_uuid: bool = False, is_real: bool = False
) -> list[Any]:
    """Return the values of one Arrow array in their JSON form.

    Args:
        column: the array.
        is_text: a field of text takes it: bytes in it are UTF-8.
        is_uuid: a field of UUIDs takes it: 16 bytes in it are one.
        is_real: a field of floats takes it: a decimal of more digits than a float has is none.

    """
    arrow: Any = importlib.import_module("pyarrow")
    plain = _plain(arrow, column)
    kind = plain.type
    if is_uuid and arrow.types.is_fixed_size_binary(kind) and kind.byte_width == _UUID_BYTES:
        return [None if each is None else _uuid(each) for each in plain.to_pylist()]
    if is_text and _is_bytes(arrow, kind):
        return [None if each is None else _text(each) for each in plain.to_pylist()]
    if is_real and arrow.types.is_decimal(kind):
        return _shown(plain, _real)
    return _values(arrow, plain)


def _values(arrow: Any, column: Any) -> list[Any]:  # noqa: C901, PLR0911 - one return per kind
    """Return the values of an array and of all that it holds."""
    column = _plain(arrow, column)
    kind, types = column.type, arrow.types
    if types.is_struct(kind):
        return _records(arrow, column)
    if types.is_map(kind):
        return [_map(arrow, each) for each in column]
    if hasattr(kind, "value_type"):  # lists of all kinds
        return [None if not each.is_valid else _values(arrow, each.values) for each in column]
    if types.is_timestamp(kind):
        zone = "" if kind.tz is None else "Z"
        return _shown(column.cast(arrow.int64()), lambda n: _instant(n, kind.unit) + zone)
    if types.is_time(kind):
        whole = arrow.int32() if types.is_time32(kind) else arrow.int64()
        return _shown(column.cast(whole), lambda n: _clock(n, kind.unit))
    if types.is_date(kind):
        if types.is_date64(kind):
            return _shown(column.cast(arrow.int64()), _day_of_ms)
        return _shown(column.cast(arrow.int32()), _day)
    if types.is_decimal(kind):
        return _shown(column, lambda number: format(number, "f"))
    if _is_bytes(arrow, kind):
        return _shown(column, lambda data: base64.b64encode(data).decode("ascii"))
    if types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind):
        return _texts(arrow, column)
    if (types.is_primitive(kind) or types.is_null(kind)) and not types.is_temporal(kind):
        return list(column.to_pylist())
    # Of a kind that no field can hold (a duration, a union): its field refuses the object.
    return _shown(column, lambda value: {str(kind): str(value)})


def _records(arrow: Any, column: Any) -> list[Any]:
    """Return objects of the members of a struct; what is null is none."""
    names = [column.type.field(at).name for at in range(column.type.num_fields)]
    parts = [_values(arrow, each) for each in column.flatten()]
    valid = column.is_valid().to_pylist()
    rows = zip(*parts, strict=True) if parts else [()] * len(column)
    return [
        dict(zip(names, row, strict=True)) if here else None
        for here, row in zip(valid, rows, strict=True)
    ]


def _plain(arrow: Any, column: Any) -> Any:
    """Return an array without dictionary and extension type."""
    while True:
        if isinstance(column.type, arrow.BaseExtensionType):
            if column.type.extension_name == "arrow.uuid":
                values = column.storage.to_pylist()
                return arrow.array([None if each is None else _uuid(each) for each in values])
            column = column.storage
        elif arrow.types.is_dictionary(column.type):
            column = column.dictionary_decode()
        elif arrow.types.is_run_end_encoded(column.type):
            compute: Any = importlib.import_module("pyarrow.compute")
            column = compute.run_end_decode(column)
        else:
            return column


def _is_bytes(arrow: Any, kind: Any) -> bool:
    types = arrow.types
    return bool(
        types.is_binary(kind)
        or types.is_large_binary(kind)
        or types.is_fixed_size_binary(kind)
        or types.is_binary_view(kind)
    )


def _shown(column: Any, show: Show) -> list[Any]:
    return [None if each is None else show(each) for each in column.to_pylist()]


def _texts(arrow: Any, column: Any) -> list[Any]:
    try:
        return list(column.to_pylist())
    except UnicodeDecodeError:
        return _shown(column.cast(arrow.large_binary()), _text)


def _real(number: Decimal) -> Any:
    """Return a decimal as text; one that a float rounds becomes an object, which is no number."""
    text = format(number, "f")
    return text if Decimal(repr(float(number))) == number else {"too many digits": text}


def _text(data: bytes) -> Any:
    """Return a text; what is not UTF-8 becomes an object, which no field of text takes."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return {"not UTF-8": base64.b64encode(data).decode("ascii")}


def _map(arrow: Any, scalar: Any) -> Any:
    """Return a map; one with a key twice stays a list, which no map takes."""
    if not scalar.is_valid:
        return None
    entries = scalar.values
    keys = _values(arrow, entries.field(0))
    pairs = list(zip(keys, _values(arrow, entries.field(1)), strict=True))
    found = dict(pairs) if all(isinstance(each, str) for each in keys) else {}
    return found if len(found) == len(pairs) else [list(each) for each in pairs]


def _uuid(data: bytes) -> str:
    text = data.hex()
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def _day(number: int) -> Any:
    try:
        return (_EPOCH + timedelta(days=number)).isoformat()
    except OverflowError:
        return {"days since 1970": number}


def _day_of_ms(number: int) -> Any:
    """Return the day of a date64, which is to be the first millisecond of one."""
    day, rest = divmod(number, _DAY_MS)
    return {"ms since 1970, within a day": number} if rest else _day(day)


def _instant(number: int, unit: str) -> str:
    days, rest = divmod(number, 86_400 * _PER_SECOND[unit])
    day = _day(days)
    return f"{day}T{_clock(rest, unit)}" if isinstance(day, str) else f"{number} {unit} since 1970"


def _clock(number: int, unit: str) -> str:
    """Return a time of day with the digits that it needs: six where they are enough."""
    seconds, rest = divmod(number, _PER_SECOND[unit])
    text = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    digits = f"{rest * (_PER_SECOND['ns'] // _PER_SECOND[unit]):09d}"
    shorter = digits[:3] if digits.endswith("000000") else digits.removesuffix("000")
    return text if not rest else f"{text}.{shorter}"
