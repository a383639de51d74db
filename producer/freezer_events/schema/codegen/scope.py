"""What the generators of one module share: the model, its Python names, helpers in use."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from freezer_events.avro.model import Named, Scalar
from freezer_events.avro.names import attributes, class_names, members
from freezer_events.schema.codegen.helpers import HELPER_NAMES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freezer_events.avro.model import Model, Node


@dataclass(frozen=True, slots=True)
class Scope:
    """Names of one generated module, and which helpers its functions call so far.

    Attributes:
        model: the schema.
        classes: full name to class name, of every record and enum.
        attributes: full name of a record to (field name to attribute).
        members: full name of an enum to (symbol to member name).
        used: names of the helpers that generated code calls; grows while code is generated.

    """

    model: Model
    classes: Mapping[str, str]
    attributes: Mapping[str, Mapping[str, str]]
    members: Mapping[str, Mapping[str, str]]
    used: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, model: Model) -> Self:
        """Choose all names of a module."""
        fields = {each.full: [one.name for one in each.fields] for each in model.records.values()}
        return cls(
            model,
            class_names(model, HELPER_NAMES),
            {full: attributes(names) for full, names in fields.items()},
            {each.full: members(each.symbols) for each in model.enums.values()},
        )

    def use(self, helper: str) -> str:
        """Note that a helper is called, and return its name."""
        self.used.add(helper)
        return helper

    def is_enum(self, node: Node) -> bool:
        """Tell whether a node is an enum."""
        return isinstance(node, Named) and node.full in self.model.enums

    def is_simple(self, node: Node) -> bool:
        """Tell whether a node is written in place: a scalar or an enum."""
        return isinstance(node, Scalar) or self.is_enum(node)


def indented(lines: list[str], levels: int = 1) -> list[str]:
    """Return lines moved to the right."""
    return ["    " * levels + line if line else line for line in lines]


def index_bytes(index: int) -> bytes:
    """Return a branch or symbol index as Avro writes it."""
    number, out = index << 1, bytearray()
    while number > 127:  # noqa: PLR2004 - seven bits to a byte
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)
