"""Add fields to a schema's text; everything else in it stays as it is written."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from freezer_events.avro.parse import parse
from freezer_events.avro.parse.types import RecordType

if TYPE_CHECKING:
    from collections.abc import Sequence

    from freezer_events.avro.parse import Schema

_WIDTH: Final = 96


def with_fields(schema: Schema, fields: Sequence[dict[str, Any]], where: str) -> Schema:
    """Return the schema with more fields at the end of its record; `where` names it in errors.

    Raises:
        SchemaError: it is no record, or no schema any more with these fields.

    """
    if not isinstance(schema.root, RecordType):
        raise schema.error("", "the schema of an event must be a record")
    there, made = len(schema.root.fields), schema
    for number, field in enumerate(fields, there):
        made = parse(_with_field(made, number, field), where, others=schema.others)
    return made


def _with_field(schema: Schema, there: int, field: dict[str, Any]) -> str:
    text, document = schema.text, schema.document
    start, end = document.span("/fields")
    if not there:
        indent = _indent(text, start)
        inside = f"\n{indent}  {_written(field, indent + '  ', wide=True)}\n{indent}"
        return f"{text[: start + 1]}{inside}{text[end - 1 :]}"
    first, last = document.span("/fields/0"), document.span(f"/fields/{there - 1}")
    written = text[last[0] : last[1]]
    # A list on one line goes on on it; otherwise each field has a line, or several, of its own.
    if "\n" not in text[start : first[0]]:
        return f"{text[: last[1]]}, {json.dumps(field, ensure_ascii=False)}{text[last[1] :]}"
    indent = _indent(text, last[0])
    wide = "\n" not in written
    return f"{text[: last[1]]},\n{indent}{_written(field, indent, wide=wide)}{text[last[1] :]}"


def _written(field: dict[str, Any], indent: str, *, wide: bool) -> str:
    """Return a field on one line where that is how the others are and it is not too long."""
    line = json.dumps(field, ensure_ascii=False)
    if wide and len(indent) + len(line) <= _WIDTH:
        return line
    step = "\t" if "\t" in indent else "  "
    members = [
        f"{indent}{step}{json.dumps(k)}: {json.dumps(v, ensure_ascii=False)}"
        for k, v in field.items()
    ]
    return "\n".join(["{", ",\n".join(members), f"{indent}}}"])


def _indent(text: str, offset: int) -> str:
    """Return the white space with which the line of an offset begins."""
    line = text[text.rfind("\n", 0, offset) + 1 : offset]
    return line[: len(line) - len(line.lstrip())]
