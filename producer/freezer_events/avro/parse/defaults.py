"""Whether a field's default fits its type, all the way down."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from freezer_events.avro.parse.types import (
    MISSING,
    ArrayType,
    EnumType,
    Fixed,
    MapType,
    Primitive,
    RecordType,
    Ref,
    Type,
    UnionType,
    child,
)
from freezer_events.avro.scalars import scalar

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from freezer_events.avro.parse.types import Logical, Named

Problem: TypeAlias = tuple[str, str, str]
"""Pointer into the default, why it does not fit, what to write (or "")."""

_BITS: Final = {"int": 31, "long": 63}


def unfit(  # noqa: PLR0911 - one line per type
    value: Any, wanted: Type, at: str, names: Mapping[str, Named]
) -> Problem | None:
    """Return what is wrong with a default, or None.

    A union's default may fit any branch, as Avro 1.12 has it (1.11: the first one only). A record
    in a default may leave out fields that have a default themselves.
    """
    match wanted:
        case Ref(name=name):
            return unfit(value, names[name], at, names)
        case UnionType(branches=branches):
            return _unfit_union(value, branches, at, names)
        case ArrayType(items=items) if isinstance(value, list):
            return _first(unfit(v, items, child(at, n), names) for n, v in enumerate(value))
        case MapType(values=values) if isinstance(value, dict):
            return _first(unfit(v, values, _member(at, k), names) for k, v in value.items())
        case RecordType() if isinstance(value, dict):
            return _unfit_record(value, wanted, at, names)
        case EnumType(symbols=symbols):
            wrong = None if value in symbols else f"it is none of {', '.join(symbols)}"
        case Fixed(size=size, logical=logical):
            wrong = _wrong_bytes(value, size) or _meaningless(value, "fixed", logical, size)
        case Primitive():
            return _unfit_primitive(value, wanted, at)
        case _:
            wrong = f"{_shown(value)} is no {wanted.kind}"
    return (at, wrong, "") if wrong else None


def unfinished(value: Any, wanted: Type, inside: str, names: Mapping[str, Named]) -> str:
    """Return the record that a default is a value of and that the field stands in, or "".

    Java checks a default when it has read the field, before it knows all fields of the records
    around it (`Schema.isValidDefault`, 1.12): it refuses such a schema. `inside` is the pointer to
    the field.
    """
    match wanted:
        case Ref(name=name):
            return unfinished(value, names[name], inside, names)
        case UnionType(branches=branches):
            for branch in branches:
                found = unfinished(value, branch, inside, names)
                if found or unfit(value, branch, "", names) is None:
                    return found
            return ""
        case ArrayType(items=items) if isinstance(value, list):
            inner = [unfinished(each, items, inside, names) for each in value]
        case MapType(values=values) if isinstance(value, dict):
            inner = [unfinished(each, values, inside, names) for each in value.values()]
        case RecordType(fields=fields) if isinstance(value, dict):
            if inside.startswith(f"{wanted.pointer}/"):
                return wanted.name.full
            given = [field for field in fields if field.name in value]
            inner = [unfinished(value[each.name], each.type, inside, names) for each in given]
        case _:
            return ""
    return next(filter(None, inner), "")


def _unfit_union(
    value: Any, branches: tuple[Type, ...], at: str, names: Mapping[str, Named]
) -> Problem | None:
    problems = [unfit(value, branch, at, names) for branch in branches]
    if None in problems:
        return None
    # What went wrong deepest inside is about the branch that was meant.
    deepest = max(filter(None, problems), key=lambda problem: problem[0].count("/"))
    if deepest[0] != at:
        return deepest
    kinds = " or ".join(each.name if isinstance(each, Ref) else each.kind for each in branches)
    return at, f"{_shown(value)} is no {kinds}", ""


def _unfit_record(
    value: dict[str, Any], record: RecordType, at: str, names: Mapping[str, Named]
) -> Problem | None:
    known = {field.name: field for field in record.fields}
    for name in value:
        if name not in known:
            return _member(at, name), f"{record.name.full} has no field {name!r}", ""
    for name, field in known.items():
        if name in value:
            problem = unfit(value[name], field.type, child(at, name), names)
            if problem:
                return problem
        elif field.default is MISSING:
            return at, f"the field {name!r} of {record.name.full} is missing", ""
    return None


def _unfit_primitive(value: Any, wanted: Primitive, at: str) -> Problem | None:
    wrong = _wrong(value, wanted.kind) or _meaningless(value, wanted.kind, wanted.logical)
    return (at, wrong, "") if wrong else None


def _meaningless(value: Any, kind: str, logical: Logical | None, size: int = 0) -> str:
    """Return why a default is no value of its logical type: a reader could not make one of it."""
    found = scalar(kind, logical, size)
    if not found.logical:
        return ""
    try:
        found.typed(value.encode("latin-1") if kind in {"bytes", "fixed"} else value)
    except (ValueError, OverflowError) as error:
        return f"no reader can make a {found.name} of {_shown(value)}: {error}"
    return ""


def _wrong(value: Any, kind: str) -> str:  # noqa: PLR0911 - one line per kind
    no = f"{_shown(value)} is no {kind}"
    match kind:
        case "null":
            return "" if value is None else no
        case "boolean":
            return "" if isinstance(value, bool) else no
        case "string":
            return "" if isinstance(value, str) else no
        case "bytes":
            return _wrong_bytes(value, None)
        case "int" | "long":
            if type(value) is not int:
                return no
            limit = 1 << _BITS[kind]
            return "" if -limit <= value < limit else f"{no}: it takes more than {kind}'s bits"
        case _:
            return "" if _finite(value) else no


def _finite(value: Any) -> bool:
    try:
        return not isinstance(value, bool | str) and math.isfinite(value)
    except (OverflowError, TypeError):  # more digits than a double has, or no number
        return False


def _wrong_bytes(value: Any, size: int | None) -> str:
    if not isinstance(value, str):
        return f"{_shown(value)} is no string of bytes"
    if any(ord(each) > 255 for each in value):  # noqa: PLR2004 - a byte
        return f"{_shown(value)} has characters above \\u00ff, which are no bytes"
    if size is not None and len(value) != size:
        return f"it has {len(value)} bytes instead of {size}"
    return ""


def _first(problems: Iterable[Problem | None]) -> Problem | None:
    return next(filter(None, problems), None)


def _member(at: str, key: str) -> str:
    return f"{at}/{key.replace('~', '~0').replace('/', '~1')}"


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 40 else f"{text[:37]}…"  # noqa: PLR2004 - fits a line
