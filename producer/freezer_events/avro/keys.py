"""Message keys: which fields can be one, and their text.

A key decides the partition, so it has one text form in every producer: the string itself, a UUID
in its usual form, a whole number in decimal digits, an enum's symbol, a date in ISO 8601.
"""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

from freezer_events.avro.model import model_of, scalar_of
from freezer_events.avro.parse.types import (
    EnumType,
    Fixed,
    Primitive,
    RecordType,
    UnionType,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from freezer_events.avro.parse import Schema
    from freezer_events.avro.parse.types import Resolved
    from freezer_events.event import EventType

KEY_TYPES: Final = "a required string, uuid, int, long, enum or date"


def key_misfit(schema: Schema, name: str) -> str:
    """Return why a field cannot be the message key, or "" where it can."""
    root = schema.root
    fields = root.fields if isinstance(root, RecordType) else ()
    field = next((each for each in fields if each.name == name), None)
    if field is None:
        return "is no field"
    of = schema.resolve(field.type)
    found = scalar_of(of)
    if isinstance(of, EnumType) or (found is not None and found.key):
        return ""
    return f"is {_called(of, schema)}, which cannot be a message key,"


def key_text(event_type: EventType) -> Callable[[Any], str | None]:
    """Return the function from an event to its message key, None for every event without one."""
    if event_type.key is None:
        return lambda _: None
    take = attrgetter(event_type.key)
    model = model_of(event_type)
    name = model.fields[event_type.key]
    of = next(each.type for each in model.root.fields if each.name == name)
    if model.resolve(of).kind == "string" and not _means_more(model.resolve(of)):
        return take
    return lambda event: str(take(event))


def _means_more(of: Resolved) -> bool:
    found = scalar_of(of)
    return found is not None and found.logical


def _called(of: Resolved, schema: Schema) -> str:
    match of:
        case UnionType(branches=branches):
            return f"a union of {', '.join(_called(schema.resolve(b), schema) for b in branches)}"
        case RecordType() | EnumType() | Fixed():
            return of.name.full
        case Primitive(logical=logical) if logical and not logical.ignored:
            return str(logical)
        case _:
            return of.kind
