"""Schemas of other writers, as a registry holds them: read as readers do, not as we would write.

Only what says how bytes are laid out matters for reading. Defaults, an odd logical type or an
object around a type's name are no reason to refuse a message.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from freezer_events.avro.parse import Schema
from freezer_events.avro.parse.builder import Builder
from freezer_events.avro.parse.composed import Composed
from freezer_events.avro.parse.document import Document
from freezer_events.avro.parse.logical import UnfitLogicalError, logical
from freezer_events.avro.parse.types import PRIMITIVES, child

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freezer_events.avro.parse.types import Logical, RecordField, Type


def parse_foreign(text: str, where: str, others: Mapping[str, str] | None = None) -> Schema:
    """Read a writer's schema; `where` is what errors call it.

    `others` holds the texts of the types that it uses and does not define, by full name.

    Raises:
        SchemaError: it does not say how its bytes are laid out.

    """
    parts = {name: Document(each, f"{where}: {name}") for name, each in (others or {}).items()}
    document = Composed(text, where, parts) if parts else Document(text, where)
    builder = _Lenient(document)
    return Schema(document, builder.build(), builder.names)


class _Lenient(Builder):
    def _object(self, value: dict[str, Any], at: str, space: str) -> Type:
        kind = value.get("type")
        named = isinstance(kind, str) and kind not in PRIMITIVES and kind not in self._makers
        if isinstance(kind, dict | list) or named:
            return self._type(kind, child(at, "type"), space)
        return super()._object(value, at, space)

    def _logical(self, value: dict[str, Any], at: str, kind: str, size: int = 0) -> Logical | None:  # noqa: ARG002 - the parent's signature
        try:
            return logical(value, kind, size)
        except UnfitLogicalError:
            return None

    def _check_default(self, field: RecordField) -> None:
        pass
