"""An event's fields as readings name them: by the schema's own names."""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import TYPE_CHECKING

from freezer_events.avro.model import model_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freezer_events.event import EventType


def attributes(event_type: EventType) -> Mapping[str, str]:
    """Return the attribute of each of the event's fields, by Avro name, in order."""
    model = model_of(event_type)
    return model.attributes[model.root.name.full]


def field_names(event_type: EventType) -> list[str]:
    """Return the Avro names of the event's fields, in order."""
    return list(attributes(event_type))


def required(event_type: EventType) -> set[str]:
    """Return the Avro names of the fields that a reading must bring."""
    needed = {
        each.name
        for each in fields(event_type.record)
        if each.default is MISSING and each.default_factory is MISSING
    }
    return {name for name, attribute in attributes(event_type).items() if attribute in needed}
