"""The JSON and text forms of typed values: what `consume` prints and sources read.

Strict: a JSON string is no number, a number no string, and nothing is guessed. Times are ISO 8601
with a zone, bytes are base64, decimals are strings in JSON, so that nothing is rounded. In a union
of several types a value whose JSON does not tell its type is written as Avro's JSON encoding does:
an object whose one key names the type.
"""

from __future__ import annotations

from freezer_events.avro.bad_value import BadValue
from freezer_events.avro.forms.cells import Cell, from_text, row_parser
from freezer_events.avro.forms.fields import attributes, field_names, required
from freezer_events.avro.forms.from_json import from_json
from freezer_events.avro.forms.to_cells import lost_in_cells, to_cells
from freezer_events.avro.forms.to_json import to_json

__all__ = [
    "BadValue",
    "Cell",
    "attributes",
    "field_names",
    "from_json",
    "from_text",
    "lost_in_cells",
    "required",
    "row_parser",
    "to_cells",
    "to_json",
]
