"""What the generators of one module share: the model, and which pieces of the runtime they call."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from freezer_events.avro.model import Model


@dataclass(frozen=True, slots=True)
class Scope:
    """The model of one module, and what its functions need so far.

    Attributes:
        model: the schema and its Python names.
        used: names of `avro.runtime` that generated code calls; grows while code is generated.
        operations: names of `avro.expression.operations`, which rules call; likewise.

    """

    model: Model
    used: set[str] = field(default_factory=set)
    operations: set[str] = field(default_factory=set)

    def use(self, piece: str) -> str:
        """Note that a piece of the runtime is called, and return what it is called here."""
        self.used.add(piece)
        return f"_{piece}"

    def operate(self, operation: str) -> str:
        """Note that a rule calls an operation, and return what it is called here."""
        self.operations.add(operation)
        return f"_cel_{operation}"


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
