"""From JSON to a tree of Avro types; whatever is no valid schema is refused at its place.

fastavro accepts much that other implementations and registries refuse (repeated fields, bad names,
unions in unions, defaults of nested types), so the rules of the Avro 1.12 specification are
checked here. Where fastavro is the stricter one, that is refused too: others read with it.
"""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, Any, Final

from freezer_events.avro.parse.defaults import unfinished, unfit
from freezer_events.avro.parse.logical import UnfitLogicalError, logical
from freezer_events.avro.parse.types import (
    MISSING,
    PRIMITIVES,
    ArrayType,
    EnumType,
    Fixed,
    Logical,
    MapType,
    Name,
    Named,
    Primitive,
    RecordField,
    RecordType,
    Ref,
    Type,
    UnionType,
    child,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from freezer_events.avro.parse.document import Document
    from freezer_events.errors import SchemaError

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NAME_RULE: Final = "letters, digits and _, and no digit first"
_LARGEST_FIXED: Final = 2**31 - 9  # the longest array that Java's Avro makes
_ORDERS: Final = ("ascending", "descending", "ignore")


class Builder:
    """Builds the types of one document, and the table of its named types."""

    def __init__(self, document: Document) -> None:
        self.names: dict[str, Named] = {}
        self._document = document
        self._begun: set[str] = set()
        self._makers: Mapping[str, Callable[[dict[str, Any], str, str], Type]] = {
            "record": self._record,
            "error": self._record,
            "enum": self._enum,
            "fixed": self._fixed,
            "array": self._array,
            "map": self._map,
        }

    def build(self) -> Type:
        """Return the root.

        Raises:
            SchemaError: names file, line and column, says why, and what to write if that is known.

        """
        root = self._type(self._document.value, "", "")
        for record in [each for each in self.names.values() if isinstance(each, RecordType)]:
            for field in record.fields:
                self._check_default(field)
        return root

    def _error(self, pointer: str, why: str, fix: str = "") -> SchemaError:
        return self._document.error(pointer, why, fix)

    def _type(self, value: Any, at: str, space: str) -> Type:
        match value:
            case str():
                return self._named(value, at, space)
            case list():
                return self._union(value, at, space)
            case dict():
                return self._object(value, at, space)
            case _:
                raise self._error(at, f"{_shown(value)} is no Avro schema", _HOW)

    def _named(self, text: str, at: str, space: str) -> Type:
        if text in PRIMITIVES:
            return Primitive(at, text)
        full = text if "." in text or not space else f"{space}.{text}"
        if full not in self._begun:
            raise self._error(at, f"unknown type {full!r}", self._meant(text, full))
        return Ref(at, full)

    def _meant(self, text: str, full: str) -> str:
        simple = full.rpartition(".")[2]
        for known in self._begun:
            if known.rpartition(".")[2] == simple:
                return f"write {known!r}"
        close = difflib.get_close_matches(text, [*PRIMITIVES, *self._begun], n=1)
        meant = f"did you mean {close[0]!r}? " if close else ""
        return f"{meant}A named type must be defined above its first use, or be named by `uses`"

    def _union(self, branches: list[Any], at: str, space: str) -> Type:
        if not branches:
            raise self._error(at, "an empty union has no value")
        made = tuple(self._type(each, child(at, n), space) for n, each in enumerate(branches))
        seen: set[str] = set()
        for each in made:
            if isinstance(each, UnionType):
                raise self._error(each.pointer, "a union directly inside a union", "merge the two")
            key = _key(each)
            if key in seen:
                raise self._error(each.pointer, f"the union holds {key!r} twice")
            seen.add(key)
        return UnionType(at, made)

    def _object(self, value: dict[str, Any], at: str, space: str) -> Type:
        kind = value.get("type", MISSING)
        if kind is MISSING:
            raise self._error(at, "no Avro schema: the key 'type' is missing", _HOW)
        self._text(value, at, "doc")
        if isinstance(kind, str) and kind in self._makers:
            return self._makers[kind](value, at, space)
        if isinstance(kind, str) and kind in PRIMITIVES:
            return Primitive(at, kind, self._logical(value, at, kind))
        raise self._no_kind(kind, at, space)

    def _no_kind(self, kind: Any, at: str, space: str) -> SchemaError:
        where = child(at, "type")
        if isinstance(kind, str):
            self._named(kind, where, space)
            fix = f'write "{kind}" instead of the object around it'
            return self._error(where, f"fastavro takes no object around the name {kind!r}", fix)
        fix = "write the inner type in place of the object around it"
        return self._error(where, "a type inside the 'type' of a type", fix)

    def _array(self, value: dict[str, Any], at: str, space: str) -> ArrayType:
        items = self._type(self._need(value, at, "items"), child(at, "items"), space)
        return ArrayType(at, items, logical=self._logical(value, at, "array"))

    def _map(self, value: dict[str, Any], at: str, space: str) -> MapType:
        values = self._type(self._need(value, at, "values"), child(at, "values"), space)
        return MapType(at, values, logical=self._logical(value, at, "map"))

    def _record(self, value: dict[str, Any], at: str, space: str) -> Named:
        name, space = self._name(value, at, space)
        listed = self._list(value, at, "fields")
        fields: list[RecordField] = []
        for number, each in enumerate(listed):
            where = child(at, "fields", number)
            field = self._field(each, where, space)
            if any(field.name == other.name for other in fields):
                raise self._error(child(where, "name"), f"the field {field.name!r} is there twice")
            fields.append(field)
        logical = self._logical(value, at, "record")
        return self._define(
            RecordType(at, name, tuple(fields), logical=logical, doc=value.get("doc"))
        )

    def _field(self, value: Any, at: str, space: str) -> RecordField:
        if not isinstance(value, dict):
            raise self._error(at, f"{_shown(value)} is no field", 'write {"name": …, "type": …}')
        name = self._identifier(self._need(value, at, "name"), child(at, "name"))
        made = self._type(self._need(value, at, "type"), child(at, "type"), space)
        self._text(value, at, "doc")
        if value.get("order", "ascending") not in _ORDERS:
            raise self._error(child(at, "order"), f"order is one of {', '.join(_ORDERS)}")
        aliases = self._aliases(value, at)
        return RecordField(at, name, made, value.get("default", MISSING), aliases, value.get("doc"))

    def _enum(self, value: dict[str, Any], at: str, space: str) -> Named:
        name, _ = self._name(value, at, space)
        symbols: list[str] = []
        for number, each in enumerate(self._list(value, at, "symbols")):
            where = child(at, "symbols", number)
            symbol = self._identifier(each, where)
            if symbol in symbols:
                raise self._error(where, f"the symbol {symbol!r} is there twice")
            symbols.append(symbol)
        if not symbols:
            raise self._error(child(at, "symbols"), "an enum without symbols has no value")
        default = value.get("default")
        if default is not None and default not in symbols:
            fix = f"write one of {', '.join(symbols)}"
            raise self._error(child(at, "default"), f"{_shown(default)} is no symbol of it", fix)
        logical = self._logical(value, at, "enum")
        return self._define(
            EnumType(at, name, tuple(symbols), default, logical=logical, doc=value.get("doc"))
        )

    def _fixed(self, value: dict[str, Any], at: str, space: str) -> Named:
        name, _ = self._name(value, at, space)
        size = self._need(value, at, "size")
        if type(size) is not int or not 0 <= size <= _LARGEST_FIXED:
            raise self._error(child(at, "size"), f"{_shown(size)} is no number of bytes")
        logical = self._logical(value, at, "fixed", size)
        return self._define(Fixed(at, name, size, logical, doc=value.get("doc")))

    def _define(self, named: Named) -> Named:
        self.names[named.name.full] = named
        return named

    def _name(self, value: dict[str, Any], at: str, space: str) -> tuple[Name, str]:
        """Return a type's name and the namespace that its parts stand in."""
        text = self._need(value, at, "name")
        written = value.get("namespace", space)
        for key, each in (("name", text), ("namespace", written)):
            if each != "" or key == "name":
                self._dotted(each, child(at, key))
        own, _, simple = text.rpartition(".")
        space = own or written
        if simple in PRIMITIVES:
            raise self._error(child(at, "name"), f"{simple!r} is the name of a primitive type")
        full = f"{space}.{simple}" if space else simple
        if full in self._begun:
            raise self._error(child(at, "name"), f"the type {full!r} is defined twice")
        self._begun.add(full)
        aliases = self._aliases(value, at, dotted=True)
        qualified = tuple(f"{space}.{a}" if space and "." not in a else a for a in aliases)
        return Name(full, qualified, aliases), space

    def _aliases(self, value: dict[str, Any], at: str, *, dotted: bool = False) -> tuple[str, ...]:
        aliases = value.get("aliases", [])
        where = child(at, "aliases")
        if not isinstance(aliases, list):
            raise self._error(where, "aliases is no list", 'write ["old_name"]')
        check = self._dotted if dotted else self._identifier
        return tuple(check(each, child(where, n)) for n, each in enumerate(aliases))

    def _identifier(self, value: Any, at: str) -> str:
        if isinstance(value, str) and _NAME.fullmatch(value):
            return value
        raise self._error(at, f"{_shown(value)} is no name: {_NAME_RULE}")

    def _dotted(self, value: Any, at: str) -> str:
        if isinstance(value, str) and all(map(_NAME.fullmatch, value.split("."))):
            return value
        raise self._error(at, f"{_shown(value)} is no name: {_NAME_RULE}, in each part")

    def _need(self, value: dict[str, Any], at: str, key: str) -> Any:
        if key not in value:
            raise self._error(at, f"the key {key!r} is missing")
        return value[key]

    def _list(self, value: dict[str, Any], at: str, key: str) -> list[Any]:
        found = self._need(value, at, key)
        if not isinstance(found, list):
            raise self._error(child(at, key), f"{key} is no list")
        return found

    def _text(self, value: dict[str, Any], at: str, key: str) -> None:
        if not isinstance(value.get(key, ""), str):
            raise self._error(child(at, key), f"{key} is no string")

    def _logical(self, value: dict[str, Any], at: str, kind: str, size: int = 0) -> Logical | None:
        try:
            return logical(value, kind, size)
        except UnfitLogicalError as error:
            where = child(at, error.key) if error.key in value else at
            raise self._error(where, str(error)) from None

    def _check_default(self, field: RecordField) -> None:
        if field.default is MISSING:
            return
        at = child(field.pointer, "default")
        problem = unfit(field.default, field.type, at, self.names)
        if problem is not None:
            pointer, why, fix = problem
            raise self._error(pointer, f"the default of {field.name!r} does not fit: {why}", fix)
        record = unfinished(field.default, field.type, field.pointer, self.names)
        if record:
            why = f"the default of {field.name!r} is a {record!r} inside of {record!r} itself"
            fix = "Java cannot parse that: put null first in a union, and default null"
            raise self._error(at, why, fix)


_HOW: Final = 'write a type ("string"), a union ([…]) or an object ({"type": …})'


def _key(each: Type) -> str:
    """Return what may be in a union only once."""
    if isinstance(each, Ref):
        return each.name
    return each.name.full if isinstance(each, RecordType | EnumType | Fixed) else each.kind


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}…"  # noqa: PLR2004 - fits a line
