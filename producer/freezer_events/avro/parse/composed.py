"""A schema that uses named types of other texts, put together into one that stands alone.

Each type is written out where it is used first, as in a schema of one text; Confluent's registry
calls the other texts references. Places in them are given as places in their own files.
https://docs.confluent.io/platform/current/schema-registry/fundamentals/serdes-develop/index.html#referenced-schemas
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from freezer_events.avro.parse.document import Document
from freezer_events.avro.parse.types import PRIMITIVES, child

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freezer_events.errors import SchemaError

_NAMED: Final = frozenset({"record", "error", "enum", "fixed"})


@dataclass(frozen=True)
class Composed(Document):
    """A text and the types of other texts that it may use, by full name."""

    parts: Mapping[str, Document] = field(default_factory=dict)

    @cached_property
    def value(self) -> Any:
        """The JSON of the whole, as Python values."""
        return self._walk.whole

    def error(self, pointer: str, why: str, fix: str = "") -> SchemaError:
        """Make the error for the value at a pointer, in the text that it comes from."""
        for at, part in sorted(self._walk.origins.items(), key=lambda each: -len(each[0])):
            if pointer == at or pointer.startswith(f"{at}/"):
                return part.error(pointer.removeprefix(at), why, fix)
        return super().error(pointer, why, fix)

    @cached_property
    def _walk(self) -> _Walk:
        return _Walk(Document(self.text, self.where).value, self.parts)


def foreign_names(document: Document) -> list[str]:
    """Return the full names that a text uses and does not define, in the order of first use."""
    return list(_Walk(document.value, {}).unknown)


class _Walk:
    """Walks a schema's JSON and writes out what other texts define.

    Attributes:
        whole: the JSON of the whole.
        origins: where in it something of another text begins, and that text.
        unknown: the names that nobody has defined.

    """

    def __init__(self, value: Any, parts: Mapping[str, Document]) -> None:
        self.origins: dict[str, Document] = {}
        self.unknown: dict[str, None] = {}
        self._parts = parts
        self._defined: set[str] = set()
        self.whole = self._type(value, "", "")

    def _type(self, value: Any, at: str, space: str) -> Any:
        if isinstance(value, str):
            return self._name(value, at, space)
        if isinstance(value, list):
            return [self._type(each, child(at, n), space) for n, each in enumerate(value)]
        return self._object(value, at, space) if isinstance(value, dict) else value

    def _name(self, text: str, at: str, space: str) -> Any:
        full = text if "." in text or not space else f"{space}.{text}"
        if text in PRIMITIVES or full in self._defined:
            return text
        part = self._parts.get(full)
        if part is None:
            self.unknown[full] = None
            return text
        self.origins[at] = part
        made = part.value
        if isinstance(made, dict) and "." not in str(made.get("name", "")):
            own = made.get("namespace", "")
            rest = {key: each for key, each in made.items() if key != "namespace"}
            made = rest if own == space else {**rest, "namespace": own}
        return self._type(made, at, space)

    def _object(self, value: dict[str, Any], at: str, space: str) -> dict[str, Any]:
        kind = value.get("type")
        made = dict(value)
        if isinstance(kind, str) and kind in _NAMED:
            space = self._define(value, space)
            fields = value.get("fields")
            if isinstance(fields, list):
                where = child(at, "fields")
                made["fields"] = [
                    self._field(each, child(where, n), space) for n, each in enumerate(fields)
                ]
        elif kind in {"array", "map"}:
            key = "items" if kind == "array" else "values"
            if key in value:
                made[key] = self._type(value[key], child(at, key), space)
        elif kind is not None:
            made["type"] = self._type(kind, child(at, "type"), space)
        return made

    def _field(self, value: Any, at: str, space: str) -> Any:
        if not isinstance(value, dict) or "type" not in value:
            return value
        return {**value, "type": self._type(value["type"], child(at, "type"), space)}

    def _define(self, value: dict[str, Any], space: str) -> str:
        """Note a definition, and return the namespace of what is in it."""
        name, written = value.get("name"), value.get("namespace", space)
        if not isinstance(name, str) or not isinstance(written, str):
            return space
        own, _, simple = name.rpartition(".")
        space = own or written
        self._defined.add(f"{space}.{simple}" if space else simple)
        return space
