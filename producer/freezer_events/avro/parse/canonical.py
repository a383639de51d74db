"""One text for all ways of writing a schema: registries store a schema as they have parsed it.

Names are written in full, and what says nothing is left out: a namespace that is inherited, the
order "ascending", an object around a primitive type. Everything else counts: docs, defaults,
aliases, logical types and attributes of somebody's own. (Avro's parsing canonical form leaves those
out; two schemas with one parsing form can read differently.)
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from freezer_events.avro.parse.defaults import unfit
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
    from collections.abc import Mapping

    from freezer_events.avro.parse.document import Document
    from freezer_events.avro.parse.types import Logical, Named, RecordField, Resolved, Type

# What the model says of a node; other keys are attributes of somebody's own.
_NAMED: Final = frozenset({"type", "name", "namespace", "aliases"})
_PARTS: Final = frozenset({"fields", "symbols", "size", "items", "values"})
_DECIMAL: Final = frozenset({"logicalType", "precision", "scale"})
_FIELD: Final = frozenset({"name", "type", "aliases", "default", "order"})


def canonical(root: Type, names: Mapping[str, Named], document: Document) -> str:
    """Return the schema's one text; two schemas that say the same have the same."""
    made = _Writer(names, document).of(root)
    return json.dumps(made, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


class _Writer:
    def __init__(self, names: Mapping[str, Named], document: Document) -> None:
        self._names = names
        self._document = document

    def of(self, use: Type) -> Any:
        match use:
            case Ref(name=name):
                return name
            case UnionType(branches=branches):
                return [self.of(each) for each in branches]
            case Primitive(kind=kind):
                made = {"type": kind, **self._extras(use)}
                return made if len(made) > 1 else kind
            case ArrayType(items=items):
                return {"type": "array", "items": self.of(items), **self._extras(use)}
            case MapType(values=values):
                return {"type": "map", "values": self.of(values), **self._extras(use)}
            case RecordType() | EnumType() | Fixed():
                return self._named(use)

    def _named(self, use: Named) -> dict[str, Any]:
        written = self._document.at(use.pointer)
        made = {"type": written["type"], "name": use.name.full, **self._extras(use)}
        if use.name.aliases:
            made["aliases"] = sorted(set(use.name.aliases))
        match use:
            case RecordType(fields=fields):
                made["fields"] = [self._field(each) for each in fields]
            case EnumType(symbols=symbols):
                made["symbols"] = list(symbols)
            case Fixed(size=size):
                made["size"] = size
        return made

    def _field(self, field: RecordField) -> dict[str, Any]:
        written = self._document.at(field.pointer)
        made = {key: value for key, value in written.items() if key not in _FIELD}
        made |= {"name": field.name, "type": self.of(field.type)}
        if field.aliases:
            made["aliases"] = sorted(set(field.aliases))
        if field.default is not MISSING:
            made["default"] = self._default(field.default, field.type)
        if written.get("order", "ascending") != "ascending":
            made["order"] = written["order"]
        return made

    def _extras(self, use: Resolved) -> dict[str, Any]:
        """Return a type's logical type, doc, default and attributes of somebody's own."""
        written = self._document.at(use.pointer)
        if not isinstance(written, dict):
            return {}
        known = _NAMED | _PARTS
        logical: Logical | None = use.logical
        if logical is None or logical.ignored or logical.name != "decimal":
            return {key: value for key, value in written.items() if key not in known}
        # A scale of 0 may be left out.
        made = {key: value for key, value in written.items() if key not in known | _DECIMAL}
        return {**made, "logicalType": str(logical)}

    def _default(self, value: Any, use: Type) -> Any:
        """Return a default as its type has it: 0 for a double is 0.0."""
        of = self._names[use.name] if isinstance(use, Ref) else use
        match of:
            case UnionType(branches=branches):
                fits = (each for each in branches if unfit(value, each, "", self._names) is None)
                branch = next(fits, None)
                return value if branch is None else self._default(value, branch)
            case ArrayType(items=items) if isinstance(value, list):
                return [self._default(each, items) for each in value]
            case MapType(values=values) if isinstance(value, dict):
                return {key: self._default(each, values) for key, each in value.items()}
            case RecordType(fields=fields) if isinstance(value, dict):
                types = {each.name: each.type for each in fields}
                return {
                    k: self._default(v, types[k]) if k in types else v for k, v in value.items()
                }
            case Primitive(kind="float" | "double") if type(value) is int:
                return float(value)
            case _:
                return value
