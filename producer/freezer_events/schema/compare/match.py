"""Which types the specification lets a reader expect for what was written.

What a reader does in its own way is said in `java` and `fastavro_reader`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from freezer_events.avro.parse.types import Name

PROMOTIONS: Final = {
    "int": ("long", "float", "double"),
    "long": ("float", "double"),
    "float": ("double",),
    "string": ("bytes",),
    "bytes": ("string",),
}
"""What a reader may expect, by what was written (Avro 1.12, Schema Resolution)."""


def promotable(written: str, read: str) -> bool:
    """Whether every value of one primitive kind can be read as the other."""
    return read in PROMOTIONS.get(written, ())


def same_name(writer: Name, reader: Name) -> bool:
    """Whether two types of one kind match: by name without namespace, as since 1.8, or alias."""
    return writer.simple == reader.simple or writer.full in reader.aliases
