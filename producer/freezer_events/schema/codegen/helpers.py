"""The pieces of Python that generated functions share: each module gets those that it uses.

They are text, because a generated module imports nothing of ours but the contract: a package that
holds generated events works with no other module beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable


@dataclass(frozen=True, slots=True)
class Helper:
    """One definition at module level.

    Attributes:
        text: its source.
        needs: names of other helpers that it calls.
        imports: what it imports, as (module, name).

    """

    text: str
    needs: tuple[str, ...] = ()
    imports: tuple[tuple[str, str], ...] = ()


_STRUCT: Final = (("struct", "Struct"),)
_DATETIME: Final = (("datetime", "datetime"),)
_SPAN: Final = (("datetime", "timedelta"),)
_UTC: Final = (("datetime", "UTC"),)

# In the order in which they are written into a module.
HELPERS: Final[dict[str, Helper]] = {
    "_wrong": Helper("""\
def _wrong(value: Any, wanted: str) -> TypeError:
    return TypeError(f"{value!r} is not {wanted}")
"""),
    "_utf8": Helper("_utf8 = str.encode\n"),
    "_varint": Helper('''\
def _varint(number: int) -> bytes:
    """Write a number that is not negative, seven bits to a byte, lowest first."""
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)
'''),
    "_COUNT": Helper(
        '''\
class _Counts(dict[int, bytes]):
    """Counts and lengths as Avro writes them; the small ones ready made."""

    def __missing__(self, count: int) -> bytes:
        return _varint(count << 1)


_COUNT = _Counts({count: _varint(count << 1) for count in range(256)})
''',
        ("_varint",),
    ),
    # 14 bits in two bytes, both marked as followed by more. `_PAIR[n] & 32767` ends a number.
    "_PAIR": Helper(
        """\
_pairs = bytearray(32768)
_pairs[0::2] = bytes(range(128, 256)) * 128
_pairs[1::2] = b"".join(bytes((high,)) * 128 for high in range(128, 256))
_PAIR = Struct("<16384H").unpack(_pairs)
""",
        imports=_STRUCT,
    ),
    "_number": Helper(
        '''\
_pair, _pair_byte, _pairs2 = Struct("<H").pack, Struct("<HB").pack, Struct("<2H").pack
_pairs2_byte = Struct("<2HB").pack


def _number(number: int) -> bytes:
    """Do what `_varint` does, two bytes at a time, for numbers from 128."""
    if number < 1 << 14:
        return _pair(_PAIR[number] & 32767)
    if number < 1 << 21:
        return _pair_byte(_PAIR[number & 16383], number >> 14)
    if number < 1 << 28:
        return _pairs2(_PAIR[number & 16383], _PAIR[number >> 14] & 32767)
    if number < 1 << 35:
        return _pairs2_byte(_PAIR[number & 16383], _PAIR[number >> 14 & 16383], number >> 28)
    return _varint(number)
''',
        ("_varint", "_PAIR"),
        _STRUCT,
    ),
    "_LONG": Helper(
        '''\
class _Longs(dict[int, bytes]):
    """Whole numbers as Avro writes them (zigzag); the small ones ready made."""

    def __missing__(self, number: int) -> bytes:
        if not -(1 << 63) <= number < 1 << 63:
            raise OverflowError(number)
        return _number(number << 1 if number >= 0 else ~(number << 1))


_LONG = _Longs({n: _varint(n << 1 if n >= 0 else ~(n << 1)) for n in range(-128, 1024)})
''',
        ("_varint", "_number"),
    ),
    "_DAYS": Helper(
        '''\
# Day since 1970 to what the times of that day share, once it was met: how far above a multiple of
# 2**28 the day begins (in half milliseconds: zigzag doubles them), the two bytes for that multiple,
# and those for the next. Days from 1970-07 to 2039 only, whose times take six bytes.
_DAYS: dict[int, tuple[int, int, int]] = {}


def _millis(since: timedelta) -> bytes:
    """Write the milliseconds since 1970, and note what the times of that day share."""
    start = since.days * 172800000
    end = start + 172799999
    if 1 << 35 <= start and end < 1 << 42:
        top, after = _PAIR[start >> 28] & 32767, _PAIR[end >> 28] & 32767
        _DAYS[since.days] = start & 268435455, top, after
    number = start + since.seconds * 2000 + since.microseconds // 1000 * 2
    return _varint(number if number >= 0 else ~number)
''',
        ("_varint", "_PAIR"),
        _SPAN,
    ),
    "_millis": Helper("", ("_DAYS",)),
    "_pairs3": Helper('_pairs3 = Struct("<3H").pack\n', imports=_STRUCT),
    "_pairs4": Helper('_pairs4 = Struct("<4H").pack\n', imports=_STRUCT),
    "_index_pairs3": Helper('_index_pairs3 = Struct("<B3H").pack\n', imports=_STRUCT),
    "_index_pairs4": Helper('_index_pairs4 = Struct("<B4H").pack\n', imports=_STRUCT),
    "_double": Helper('_double = Struct("<d").pack\n', imports=_STRUCT),
    "_index_double": Helper('_index_double = Struct("<Bd").pack\n', imports=_STRUCT),
    "_float": Helper('_float = Struct("<f").pack\n', imports=_STRUCT),
    "_real": Helper(
        '''\
def _real(value: Any, limit: int) -> float:
    """Return a number that is no plain float as one, if nothing gets lost."""
    if isinstance(value, float) or (type(value) is int and -limit <= value <= limit):
        return float(value)
    raise _wrong(value, "a number")
''',
        ("_wrong",),
    ),
    "_groups": Helper('_groups = Struct("8s4s4s4s12s").unpack\n', imports=_STRUCT),
    "hexlify": Helper("", imports=(("binascii", "hexlify"),)),
    "_EPOCH": Helper("_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)\n", imports=(*_DATETIME, *_UTC)),
    "_LOCAL_EPOCH": Helper("_LOCAL_EPOCH = datetime(1970, 1, 1)\n", imports=_DATETIME),
    "_decimal": Helper(
        '''\
def _decimal(value: Any, precision: int, scale: int) -> int:
    """Return the number of units in the last place that the schema gives a decimal."""
    if not isinstance(value, Decimal) or not value.is_finite():
        raise _wrong(value, "a finite Decimal")
    sign, digits, exponent = value.as_tuple()
    shift = int(exponent) + scale
    if shift < 0 or (value and value.adjusted() + scale >= precision) or len(digits) > precision:
        raise _wrong(value, f"a decimal({precision}, {scale})")
    units = int("".join(map(str, digits))) * 10**shift if value else 0
    return -units if sign else units
''',
        ("_wrong",),
        (("decimal", "Decimal"),),
    ),
    "_decimal_bytes": Helper(
        """\
def _decimal_bytes(value: Any, precision: int, scale: int) -> bytes:
    units = _decimal(value, precision, scale)
    return units.to_bytes((abs(units).bit_length() + 8) // 8, "big", signed=True)
""",
        ("_decimal",),
    ),
    "_decimal_of": Helper(
        """\
def _decimal_of(value: Any, scale: int) -> Decimal:
    value = _bare(value)
    if isinstance(value, Decimal):
        return value
    units = int.from_bytes(_bytes_of(value), "big", signed=True)
    sign, digits = int(units < 0), tuple(map(int, str(abs(units))))
    return Decimal((sign, digits, -scale))
""",
        ("_bare", "_bytes_of"),
        (("decimal", "Decimal"),),
    ),
    "_bytes_of": Helper(
        '''\
def _bytes_of(value: Any) -> bytes:
    """Take bytes, or the text that JSON has for them where they are a default."""
    value = _bare(value)
    return value if isinstance(value, bytes) else str.encode(value, "latin-1")
''',
        ("_bare",),
    ),
    "_str_of": Helper(
        """\
def _str_of(value: Any) -> str:
    if isinstance(value, (str, UUID)):
        return str(value)
    raise _wrong(value, "a string")
""",
        ("_wrong",),
        (("uuid", "UUID"),),
    ),
    "_int_of": Helper(
        """\
def _int_of(value: Any) -> int:
    if type(value) is int:
        return value
    raise _wrong(value, "a whole number")
""",
        ("_wrong",),
    ),
    "_float_of": Helper(
        """\
def _float_of(value: Any) -> float:
    if type(value) is float or type(value) is int:
        return float(value)
    raise _wrong(value, "a number")
""",
        ("_wrong",),
    ),
    "_bool_of": Helper(
        """\
def _bool_of(value: Any) -> bool:
    if value is True or value is False:
        return value
    raise _wrong(value, "true or false")
""",
        ("_wrong",),
    ),
    "_uuid_of": Helper(
        """\
def _uuid_of(value: Any) -> UUID:
    value = _bare(value)
    if isinstance(value, bytes):
        return UUID(bytes=value)
    return value if isinstance(value, UUID) else UUID(value)
""",
        ("_bare",),
        (("uuid", "UUID"),),
    ),
    "_uuid_of_bytes": Helper(
        """\
def _uuid_of_bytes(value: Any) -> UUID:
    return UUID(bytes=_bytes_of(value))
""",
        ("_bytes_of",),
        (("uuid", "UUID"),),
    ),
    "_instant": Helper(
        '''\
def _instant(value: Any, micros: int) -> datetime:
    """Take a time with a zone, or the number it is written as: a default comes as that."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value
    return _EPOCH + timedelta(microseconds=_int_of(value) * micros)
''',
        ("_EPOCH", "_int_of"),
        (*_DATETIME, *_SPAN),
    ),
    "_local_instant": Helper(
        '''\
def _local_instant(value: Any, micros: int) -> datetime:
    """Take a time without a zone, or the number it is written as."""
    if isinstance(value, datetime) and value.tzinfo is None:
        return value
    return _LOCAL_EPOCH + timedelta(microseconds=_int_of(value) * micros)
''',
        ("_LOCAL_EPOCH", "_int_of"),
        (*_DATETIME, *_SPAN),
    ),
    "_date_of": Helper(
        """\
def _date_of(value: Any) -> date:
    return value if type(value) is date else date.fromordinal(_int_of(value) + 719163)
""",
        ("_int_of",),
        (("datetime", "date"),),
    ),
    "_time_of": Helper(
        """\
def _time_of(value: Any, micros: int) -> time:
    if isinstance(value, time):
        return value
    seconds, rest = divmod(_int_of(value) * micros, 1000000)
    return time(seconds // 3600, seconds // 60 % 60, seconds % 60, rest)
""",
        ("_int_of",),
        (("datetime", "time"),),
    ),
    # The reader gives the value of a named type in a union with the type's name, if asked to.
    "_bare": Helper("""\
def _bare(value: Any) -> Any:
    return value[1] if type(value) is tuple else value
"""),
    "_named": Helper("""\
def _named(value: Any, name: str) -> bool:
    return type(value) is tuple and value[0] == name
"""),
}

HELPER_NAMES: Final = frozenset(
    {*HELPERS, "_Counts", "_Longs", "_pairs", "_pair", "_pair_byte", "_pairs2", "_pairs2_byte"}
)


def closure(used: Iterable[str]) -> list[str]:
    """Return these helpers and all that they need, in the order of writing."""
    found: set[str] = set()
    waiting = list(used)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(HELPERS[name].needs)
    return [name for name in HELPERS if name in found]


def imports(names: Collection[str]) -> set[tuple[str, str]]:
    """Return what these helpers import."""
    return {each for name in names for each in HELPERS[name].imports}
