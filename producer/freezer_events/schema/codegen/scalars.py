"""Python that encodes one scalar: lines that check and convert it, and its bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from freezer_events.avro.model import Scalar
    from freezer_events.schema.codegen.scope import Scope

# Lines to run, then expressions whose bytes follow one another.
Code = tuple[list[str], list[str]]

# Beyond these a whole number given for a float loses digits.
_DOUBLE_LIMIT: Final = 2**53
_FLOAT_LIMIT: Final = 2**24
_ORDINAL_OF_1970: Final = 719163
# Between these a zigzag number takes eight bytes.
_EIGHT_BYTES: Final = (1 << 49, 1 << 56)


def scalar(scope: Scope, node: Scalar, value: str, local: str, prefix: bytes) -> Code:
    """Return the code for a scalar.

    Args:
        scope: the module's names.
        node: its type.
        value: the expression that gives it.
        local: a variable for the code's use.
        prefix: bytes to put before it: the index in a union, or nothing.

    """
    makers: dict[str, Callable[[Scope, Scalar, str, str], Code]] = {
        "null": _null,
        "int": _int,
        "long": _long,
        "float": _real,
        "double": _real,
        "bytes": _bytes,
        "fixed": _fixed,
        "string": _string,
        "decimal": _decimal,
        "date": _date,
        "time-millis": _time,
        "time-micros": _time,
    }
    if node.kind == "boolean":
        return _boolean(scope, value, local, prefix)
    if node.kind == "double" and len(prefix) == 1:
        lines, _ = _real(scope, node, value, local)
        return lines, [f"{scope.use('_index_double')}({prefix[0]}, {local})"]
    if node.kind == "uuid" and node.base == "string":
        return _uuid(scope, value, local, prefix)
    if "timestamp" in node.kind:
        return _timestamp(scope, node, value, local, prefix)
    lines, parts = (makers.get(node.kind) or _fixed_uuid)(scope, node, value, local)
    return lines, [repr(prefix), *parts] if prefix else parts


def load(local: str, value: str) -> list[str]:
    """Return the line that puts a value into a local variable, if it is not there yet."""
    return [] if local == value else [f"{local}: Any = {value}"]


def demand(scope: Scope, condition: str, local: str, wanted: str) -> list[str]:
    """Return the lines that refuse a value for which a condition does not hold."""
    return [f"if {condition}:", f'    raise {scope.use("_wrong")}({local}, "{wanted}")']


def _null(scope: Scope, _: Scalar, value: str, local: str) -> Code:
    return load(local, value) + demand(scope, f"{local} is not None", local, "null"), []


def _boolean(scope: Scope, value: str, local: str, prefix: bytes) -> Code:
    unlike = f"{local} is not True and {local} is not False"
    check = demand(scope, unlike, local, "true or false")
    true, false = prefix + b"\1", prefix + b"\0"
    return load(local, value) + check, [f"({true!r} if {local} else {false!r})"]


def _int(scope: Scope, _: Scalar, value: str, local: str) -> Code:
    unlike = f"type({local}) is not int or not -2147483648 <= {local} <= 2147483647"
    check = demand(scope, unlike, local, "an Avro int")
    return load(local, value) + check, [f"{scope.use('_LONG')}[{local}]"]


def _long(scope: Scope, _: Scalar, value: str, local: str) -> Code:
    check = demand(scope, f"type({local}) is not int", local, "an Avro long")
    return load(local, value) + check, [f"{scope.use('_LONG')}[{local}]"]


def _real(scope: Scope, node: Scalar, value: str, local: str) -> Code:
    limit = _DOUBLE_LIMIT if node.kind == "double" else _FLOAT_LIMIT
    lines = [
        *load(local, value),
        f"if type({local}) is not float:",
        f"    {local} = {scope.use('_real')}({local}, {limit})",
        # Not a number and infinity are the floats whose difference from themselves is not zero.
        *demand(scope, f"{local} - {local} != 0.0", local, "a finite number"),
    ]
    return lines, [f"{scope.use(f'_{node.kind}')}({local})"]


def _bytes(scope: Scope, _: Scalar, value: str, local: str) -> Code:
    check = demand(scope, f"not isinstance({local}, bytes)", local, "bytes")
    return load(local, value) + check, [f"{scope.use('_COUNT')}[len({local})]", local]


def _fixed(scope: Scope, node: Scalar, value: str, local: str) -> Code:
    unlike = f"not isinstance({local}, bytes) or len({local}) != {node.size}"
    return load(local, value) + demand(scope, unlike, local, f"{node.size} bytes"), [local]


def _fixed_uuid(scope: Scope, _: Scalar, value: str, local: str) -> Code:
    check = demand(scope, f"not isinstance({local}, UUID)", local, "a UUID")
    return load(local, value) + check, [f"{local}.bytes"]


def _string(scope: Scope, _: Scalar, value: str, local: str) -> Code:
    text = f"{scope.use('_utf8')}({value})"
    return [f"{local} = {text}"], [f"{scope.use('_COUNT')}[len({local})]", local]


def _uuid(scope: Scope, value: str, local: str, prefix: bytes) -> Code:
    check = demand(scope, f"not isinstance({local}, UUID)", local, "a UUID")
    scope.use("hexlify")
    # Twice as quick as str(): a UUID is always 36 characters, the hex digits in five groups.
    groups = f"{scope.use('_groups')}(hexlify({local}.int.to_bytes(16, 'big')))"
    return load(local, value) + check, [repr(prefix + b"\x48"), f"b'-'.join({groups})"]


def _decimal(scope: Scope, node: Scalar, value: str, local: str) -> Code:
    given = f"({local if node.base == 'bytes' else value}, {node.precision}, {node.scale})"
    if node.base == "fixed":
        units = f"{scope.use('_decimal')}{given}"
        return [], [f'{units}.to_bytes({node.size}, "big", signed=True)']
    line = f"{local} = {scope.use('_decimal_bytes')}{given}"
    return [*load(local, value), line], [f"{scope.use('_COUNT')}[len({local})]", local]


def _date(scope: Scope, _: Scalar, value: str, local: str) -> Code:
    check = demand(scope, f"type({local}) is not date", local, "a date")
    days = f"{local}.toordinal() - {_ORDINAL_OF_1970}"
    return load(local, value) + check, [f"{scope.use('_LONG')}[{days}]"]


def _time(scope: Scope, node: Scalar, value: str, local: str) -> Code:
    unlike = f"not isinstance({local}, time) or {local}.tzinfo is not None"
    seconds = f"(({local}.hour * 60 + {local}.minute) * 60 + {local}.second)"
    rest = f"* 1000000 + {local}.microsecond"
    if node.kind == "time-millis":
        rest = f"* 1000 + {local}.microsecond // 1000"
    check = demand(scope, unlike, local, "a time of day without a zone")
    return load(local, value) + check, [f"{scope.use('_LONG')}[{seconds} {rest}]"]


def _timestamp(scope: Scope, node: Scalar, value: str, local: str, prefix: bytes) -> Code:
    local_time = node.kind.startswith("local")
    epoch = scope.use("_LOCAL_EPOCH" if local_time else "_EPOCH")
    other = "a time that has a zone" if local_time else "a naive time"
    unlike = f"not isinstance({local}, datetime)"
    packing = _millis if node.kind.endswith("millis") else _micros
    return [
        *load(local, value),
        *demand(scope, unlike, local, "a datetime"),
        f"{local} = {local} - {epoch}  # {other} does not subtract",
        *packing(scope, local, prefix),
    ], [local]


def _millis(scope: Scope, local: str, prefix: bytes) -> list[str]:
    """Return the lines that turn a timedelta into the bytes of its milliseconds.

    A day's own times differ in 28 bits only, and Python is quick with numbers below 2**30.
    """
    pair = scope.use("_PAIR")
    packed = _packed(scope, [f"{pair}[low & 16383]", f"{pair}[low >> 14]", "top"], prefix)
    return [
        f"if {local}.days in {scope.use('_DAYS')}:",
        f"    low, top, after = _DAYS[{local}.days]",
        f"    low += {local}.seconds * 2000 + {local}.microseconds // 1000 * 2",
        "    if low > 268435455:",
        "        low -= 268435456",
        "        top = after",
        f"    {local} = {packed}",
        "else:",
        f"    {local} = {_led(prefix)}{scope.use('_millis')}({local})",
    ]


def _micros(scope: Scope, local: str, prefix: bytes) -> list[str]:
    """Return the lines that turn a timedelta into the bytes of its microseconds."""
    pair, lowest, end = scope.use("_PAIR"), *_EIGHT_BYTES
    seconds = f"({local}.days * 86400 + {local}.seconds)"
    items = [f"{pair}[{local} & 16383]", f"{pair}[{local} >> 14 & 16383]"]
    items += [f"{pair}[{local} >> 28 & 16383]", f"{pair}[{local} >> 42] & 32767"]
    slow = f"{scope.use('_varint')}({local} if {local} >= 0 else ~{local})"
    return [
        f"{local} = ({seconds} * 1000000 + {local}.microseconds) << 1",
        f"if {lowest} <= {local} < {end}:",
        f"    {local} = {_packed(scope, items, prefix)}",
        "else:",
        f"    {local} = {_led(prefix)}{slow}",
    ]


def _packed(scope: Scope, pairs: list[str], prefix: bytes) -> str:
    items = ", ".join(pairs)
    if len(prefix) == 1:
        return f"{scope.use(f'_index_pairs{len(pairs)}')}({prefix[0]}, {items})"
    return f"{_led(prefix)}{scope.use(f'_pairs{len(pairs)}')}({items})"


def _led(prefix: bytes) -> str:
    return f"{prefix!r} + " if prefix else ""
