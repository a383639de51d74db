"""Fields as a person types them: `humidity_pct: double?`, `state: string = "ok"  # A doc.`."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from freezer_events.avro.parse.types import MISSING, PRIMITIVES
from freezer_events.avro.scalars import LOGICAL_BASES
from freezer_events.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Collection

_DECIMAL: Final = re.compile(r"decimal\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\)")
_SPEC: Final = re.compile(
    r"""\s*(?P<name>[^:\s]+)\s*:
        \s*(?P<type>[A-Za-z_][\w.-]*(?:\([\d\s,]*\))?(?:\[\]|\{\})*)(?P<null>\??)
        (?:\s*=\s*(?P<default>"(?:[^"\\]|\\.)*"|[^#]*?))?
        (?:\s*\#\s*(?P<doc>.*?))?\s*""",
    re.VERBOSE | re.DOTALL,
)
HOW: Final = (
    "write it as NAME: TYPE? for a field that may be null, or NAME: TYPE = DEFAULT; "
    "a text after # is its doc"
)


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One field; `default` is MISSING where none is given."""

    written: str
    name: str
    type: str
    nullable: bool
    default: Any
    doc: str

    @classmethod
    def parse(cls, text: str) -> FieldSpec:
        """Read what a person typed.

        Raises:
            UsageError: it is no field.

        """
        match = _SPEC.fullmatch(text)
        if match is None:
            raise UsageError(f"--field {text!r}", "is no field", HOW)
        given = match["default"]
        try:
            default = MISSING if given is None else json.loads(given)
        except ValueError as error:
            why = f"the default {given!r} is not JSON"
            raise UsageError(f"--field {text!r}", why, 'write a text in quotes: "ok"') from error
        nullable = bool(match["null"])
        if nullable and default is not MISSING and default is not None:
            why = "a field that may be null has the default null, and no other"
            fix = f"drop the ? to have the default {given}, or the default"
            raise UsageError(f"--field {text!r}", why, fix)
        return cls(text, match["name"], match["type"], nullable, default, match["doc"] or "")

    def need_default(self) -> None:
        """Refuse a field that readings written before it existed could not be read with.

        Raises:
            UsageError: it has no default.

        """
        if not self.nullable and self.default is MISSING:
            raise UsageError(
                f"--field {self.written!r}",
                "events of older versions have no value for it, so it needs a default",
                f"write '{self.name}: {self.type}?' for null where there is no value, "
                f"or '{self.name}: {self.type} = …'",
            )

    def as_json(self, known: Collection[str] = ()) -> dict[str, Any]:
        """Return the field as a schema has it; `known` are the names of types defined before it.

        Raises:
            UsageError: there is no such type.

        """
        made = self._type(self.type, known)
        field: dict[str, Any] = {
            "name": self.name,
            "type": ["null", made] if self.nullable else made,
        }
        if self.nullable:
            field["default"] = None
        elif self.default is not MISSING:
            field["default"] = self.default
        if self.doc:
            field["doc"] = self.doc
        return field

    def _type(self, text: str, known: Collection[str]) -> Any:
        if text.endswith("[]"):
            return {"type": "array", "items": self._type(text[:-2], known)}
        if text.endswith("{}"):
            return {"type": "map", "values": self._type(text[:-2], known)}
        if text in LOGICAL_BASES:
            return {"type": LOGICAL_BASES[text], "logicalType": text}
        if decimal := _DECIMAL.fullmatch(text):
            digits = {"precision": int(decimal[1]), "scale": int(decimal[2] or 0)}
            return {"type": "bytes", "logicalType": "decimal", **digits}
        simple = {name.rpartition(".")[2] for name in known}
        if text in PRIMITIVES or text in known or text in simple:
            return text
        there = ", ".join(
            [*sorted(PRIMITIVES - {"null"}), *LOGICAL_BASES, "decimal(9, 2)", *sorted(simple)]
        )
        raise UsageError(
            f"--field {self.written!r}",
            f"{text!r} is no type",
            f"types: {there}; [] after one makes an array, {{}} a map, ? allows null",
        )
