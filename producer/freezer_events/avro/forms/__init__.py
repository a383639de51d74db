"""The JSON and text forms of typed values: what `consume` prints and sources read.

Strict: a JSON string is no number, a number no string, and nothing is guessed. Times are ISO 8601
with a zone, bytes are base64, decimals are strings in JSON, so that nothing is rounded.
In a union, the first type that takes a value has it.
"""

from __future__ import annotations

import base64
import json
import keyword
from dataclasses import MISSING, fields, is_dataclass
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any, Final

from freezer_events.avro.forms.cells import Cell, row_parser
from freezer_events.avro.forms.primitives import BadValue, attribute
from freezer_events.avro.forms.typed import Forms, namespace_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from freezer_events.event import EventType

__all__ = [
    "BadValue",
    "Cell",
    "attribute",
    "field_names",
    "from_json",
    "from_text",
    "required",
    "row_parser",
    "to_json",
]


def required(event_type: EventType) -> set[str]:
    """Return the Avro names of the fields that a reading must bring."""
    needed = {
        each.name
        for each in fields(event_type.record)
        if each.default is MISSING and each.default_factory is MISSING
    }
    return {name for name in field_names(event_type) if attribute(name) in needed}


def field_names(event_type: EventType) -> list[str]:
    """Return the Avro names of the event's fields, in order."""
    return [field["name"] for field in json.loads(event_type.schema)["fields"]]


def from_json(event_type: EventType) -> Callable[[dict[str, Any]], Any]:
    """Return the function that makes an event of a JSON object.

    It raises BadValue for a value that does not fit, an unknown or a missing field.
    """
    forms = Forms(event_type)
    return forms.record(json.loads(event_type.schema))


def from_text(event_type: EventType, decimal: str = ".") -> dict[str, Cell]:
    """Return, per Avro field name, what makes its value of a CSV cell.

    An empty cell means that there is no value: None where the field may be without one.
    """
    forms = Forms(event_type)
    schema = json.loads(event_type.schema)
    space = namespace_of(schema)
    forms.record(schema)  # learns the names that later fields refer to
    return {each["name"]: forms.cell(each["type"], decimal, space) for each in schema["fields"]}


def to_json(value: Any) -> Any:
    """Return the JSON form of an event or of any value in one."""
    if value is None or type(value) in _AS_IS:
        return value
    if is_dataclass(value):
        return {_avro_name(each.name): to_json(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, list):
        return [to_json(each) for each in value]
    if isinstance(value, dict):
        return {key: to_json(each) for key, each in value.items()}
    return _scalar(value)


def _scalar(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return str(value)  # UUID, Decimal, StrEnum


_AS_IS: Final = frozenset({str, int, float, bool})


def _avro_name(name: str) -> str:
    bare = name.removesuffix("_")
    return bare if keyword.iskeyword(bare) else name
