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
    from freezer_events.avro.parse.document import Document
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
    return "none" if given is MISSING else _cut(json.dumps(given, ensure_ascii=False))


def quoted(each: Type, document: Document) -> str:
    """Return a type as it stands in the file, on one line; a long definition by its name only."""
    text = document.quoted(each.pointer)
    if len(text) > _LONGEST and isinstance(each, RecordType | EnumType | Fixed):
        return f'{{"type": "{each.kind}", "name": "{each.name.simple}", …}}'
    return _cut(text)


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _inner(each: Type) -> str:
    text = described(each)
    return f"({text})" if isinstance(each, UnionType) else text


def _with(logical: Logical | None, name: str) -> str:
    seen = effective(logical)
    return name if seen is None else f"{name} ({seen})"
