"""One `.avsc` file: read strictly, checked in full, and able to say where everything in it stands.

Every error is a `SchemaError` that begins with `file:line:column`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from freezer_events.avro.parse.builder import Builder
from freezer_events.avro.parse.canonical import canonical
from freezer_events.avro.parse.composed import Composed, foreign_names
from freezer_events.avro.parse.document import MAX_BYTES, Document, too_large
from freezer_events.avro.parse.types import MISSING, Ref, Resolved, Type
from freezer_events.errors import SchemaError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freezer_events.avro.parse.types import Named

__all__ = ["Document", "Schema", "load", "parse", "read_text"]


@dataclass(frozen=True, eq=False)
class Schema:
    """A valid Avro schema.

    Attributes:
        document: the text, and the place of everything in it.
        root: the tree of types.
        names: the named types by full name.
        path: the file, where it came from one.

    """

    document: Document
    root: Type
    names: Mapping[str, Named]
    path: Path | None = None

    @property
    def text(self) -> str:
        """The text of the file."""
        return self.document.text

    @property
    def parsed(self) -> Any:
        """The JSON as Python values; types of other files are written out where they are used."""
        return self.document.value

    @cached_property
    def canonical(self) -> str:
        """The one text that all schemas share which say the same, however they are written."""
        return canonical(self.root, self.names, self.document)

    @cached_property
    def fastavro(self) -> Any:
        """The schema as fastavro's readers and writers take it.

        Raises:
            SchemaError: fastavro does not take it although it is valid.

        """
        from fastavro import parse_schema  # noqa: PLC0415 - 30 ms that most commands do not need

        try:
            # fastavro takes 0 for a "double" but not for a {"type": "double"}; defaults are
            # checked here, so that its own check adds nothing.
            return parse_schema(self.parsed, _ignore_default_error=True)
        except Exception as error:
            why = f"fastavro does not take it: {type(error).__name__}: {error}"
            raise self.error("", why) from error

    @cached_property
    def fingerprint(self) -> str:
        """CRC-64-AVRO of the parsing canonical form, in hex, lowest byte first as in Java.

        The canonical form leaves out docs, defaults, aliases and logical types: two schemas with
        one fingerprint can read differently.
        """
        from fastavro.schema import (  # noqa: PLC0415 - as above
            fingerprint,
            to_parsing_canonical_form,
        )

        return str(fingerprint(to_parsing_canonical_form(self.fastavro), "CRC-64-AVRO"))

    @cached_property
    def whole(self) -> str:
        """A text that stands alone: with the types of other files written out in it."""
        return json.dumps(self.parsed) if self.uses else self.text

    @cached_property
    def uses(self) -> tuple[str, ...]:
        """The full names of the types of other files that it uses."""
        own = foreign_names(Document(self.text, self.document.where)) if self.others else []
        return tuple(name for name in own if name in self.others)

    @property
    def others(self) -> Mapping[str, Document]:
        """The types of other files that it may use, by full name."""
        return self.document.parts if isinstance(self.document, Composed) else {}

    def attribute(self, pointer: str, key: str) -> Any:
        """Return an attribute that is no part of Avro, of the type or field at a pointer.

        MISSING where there is none.
        """
        written = self.document.at(pointer)
        return written.get(key, MISSING) if isinstance(written, dict) else MISSING

    def position(self, pointer: str) -> tuple[int, int]:
        """Return line and column, both from 1, of the value at a JSON pointer, or around it."""
        return self.document.position(pointer)

    def error(self, pointer: str, why: str, fix: str = "") -> SchemaError:
        """Make an error that names file, line and column of the value at a pointer."""
        return self.document.error(pointer, why, fix)

    def resolve(self, use: Type) -> Resolved:
        """Return the type itself where a named type is used by its name."""
        return self.names[use.name] if isinstance(use, Ref) else use


def load(path: Path | str, others: Mapping[str, Document] | None = None) -> Schema:
    """Read one file; `others` holds types of other files that it may use, by full name.

    Raises:
        SchemaError: it cannot be read, is not UTF-8, is too large, or is no valid schema.

    """
    path = Path(path)
    return parse(read_text(path), str(path), path, others)


def read_text(path: Path) -> str:
    """Read a file's text, lines ended by a newline alone however a checkout wrote them.

    Raises:
        SchemaError: it cannot be read, is not UTF-8, or is too large to be a schema.

    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise SchemaError(str(path), f"cannot be read: {error.strerror}") from error
    if len(data) > MAX_BYTES:
        raise too_large(str(path))
    try:
        return data.decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8")
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        why = f"is not UTF-8: byte 0x{data[error.start]:02x}"
        raise SchemaError(f"{path}:{line}:{column}", why, "save it as UTF-8") from error


def parse(
    text: str,
    where: str,
    path: Path | None = None,
    others: Mapping[str, Document] | None = None,
) -> Schema:
    """Read the text of a schema.

    Args:
        text: the text.
        where: what errors call it.
        path: its file, where it has one.
        others: texts of types that it may use, by full name.

    Raises:
        SchemaError: it is no valid schema; names line and column.

    """
    document = Composed(text, where, others) if others else Document(text, where)
    builder = Builder(document)
    root = builder.build()
    return Schema(document, root, builder.names, path)
