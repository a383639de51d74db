"""How types, values and places are called in a sentence."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from freezer_events.avro.parse.types import (
    MISSING,
    ArrayType,
    EnumType,
    Fixed,
    MapType,
    Primitive,
    RecordType,
    Ref,
    UnionType,
)

if TYPE_CHECKING:
    from freezer_events.avro.parse.types import Logical, Type

_LONGEST: Final = 60


def described(each: Type) -> str:
    """Return what a type is called: "long", "array of string", "record Device", "null or int"."""
    match each:
        case Ref(name=name):
            return name.rpartition(".")[2]
        case RecordType() | EnumType() | Fixed():
            return _with(each.logical, each.name.simple)
        case ArrayType(items=items):
            return f"array of {_inner(items)}"
        case MapType(values=values):
            return f"map of {_inner(values)}"
        case UnionType(branches=branches):
            return " or ".join(map(described, branches))
        case Primitive(kind=kind):
            return _with(each.logical, kind)


def kinded(each: Type) -> str:
    """Return the same, with the kind of what has a name: "record Device"."""
    if isinstance(each, RecordType | EnumType | Fixed):
        return f"{each.kind} {described(each)}"
    return described(each)


def effective(logical: Logical | None) -> Logical | None:
    """Return the logical type that readers see: one that does not fit its type is ignored."""
    return None if logical is None or logical.ignored else logical


def listed(words: list[str]) -> str:
    """Return "a", "a and b", "a, b and c"."""
    return " and ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))


def value(given: Any) -> str:
    """Return a default as it stands in the file, shortened."""
    return "none" if given is MISSING else shortened(given)


def shortened(raw: Any) -> str:
    """Return JSON on one line; a long definition by its kind and name only."""
    text = json.dumps(raw, ensure_ascii=False)
    if len(text) <= _LONGEST:
        return text
    if isinstance(raw, dict) and "name" in raw:
        return f'{{"type": {json.dumps(raw.get("type"))}, "name": {json.dumps(raw["name"])}, …}}'
    if isinstance(raw, list):
        return f"[{', '.join(map(shortened, raw))}]"
    return f"{text[:_LONGEST]}…"


def _inner(each: Type) -> str:
    text = described(each)
    return f"({text})" if isinstance(each, UnionType) else text


def _with(logical: Logical | None, name: str) -> str:
    seen = effective(logical)
    return name if seen is None else f"{name} ({seen})"
