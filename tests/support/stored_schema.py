"""What becomes of a schema's text in Confluent's registry, which stores what it has parsed.

Recorded from Confluent Schema Registry 8.5 on 2026-11-25: gone from what it gives back are a nested
type's namespace that repeats its parent's, a full name in the same namespace (in a name, a use, an
alias), an object around a primitive type, the order "ascending", empty aliases and an empty
namespace. Docs, defaults, own properties and the attributes of decimals stay, and so does Unicode.
"""

from __future__ import annotations

import json
from typing import Any, Final

_NAMED: Final = ("record", "enum", "fixed", "error")


def stored_schema(text: str) -> str:
    """Return the text that the registry gives back."""
    return json.dumps(_stored(json.loads(text), ""), ensure_ascii=False, separators=(",", ":"))


def _stored(value: Any, space: str) -> Any:
    if isinstance(value, str):
        return _short(value, space)
    if isinstance(value, list):
        return [_stored(each, space) for each in value]
    if not isinstance(value, dict):
        return value
    kind = value.get("type")
    if isinstance(kind, str) and set(value) == {"type"}:
        return _short(kind, space)
    if isinstance(kind, dict | list):
        return _stored(kind, space) if set(value) == {"type"} else value
    return _object(value, space)


def _object(value: dict[str, Any], space: str) -> dict[str, Any]:
    made = dict(value)
    inner = space
    if value.get("type") in _NAMED:
        own, _, made["name"] = value["name"].rpartition(".")
        inner = own or value.get("namespace", space)
        made.pop("namespace", None)
        if inner and inner != space:
            made["namespace"] = inner
        _aliases(made, inner)
    for key in ("items", "values"):
        if key in made:
            made[key] = _stored(made[key], inner)
    if "fields" in made:
        made["fields"] = [_field(each, inner) for each in made["fields"]]
    return made


def _field(value: dict[str, Any], space: str) -> dict[str, Any]:
    made = {**value, "type": _stored(value["type"], space)}
    if made.get("order") == "ascending":
        del made["order"]
    _aliases(made, "")
    return made


def _aliases(made: dict[str, Any], space: str) -> None:
    if "aliases" in made:
        made["aliases"] = [_short(each, space) for each in made["aliases"]]
        if not made["aliases"]:
            del made["aliases"]


def _short(name: str, space: str) -> str:
    own, _, simple = name.rpartition(".")
    return simple if own and own == space else name
