"""From typed values to the cells of a CSV row: the way back from what `from_text` takes."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from freezer_events.avro.forms.to_json import to_json
from freezer_events.avro.model import model_of
from freezer_events.avro.parse.types import UnionType

if TYPE_CHECKING:
    from collections.abc import Callable

    from freezer_events.event import EventType


def to_cells(event: Any) -> list[str]:
    """Return the cells of an event, in the order of its fields.

    No value is an empty cell, and so is an empty text: in a field that may hold either, CSV cannot
    tell them apart. What has parts, or may be of several types, is JSON.
    """
    plain = to_json(event)
    return [cell(plain[name]) for name, cell in _cells(event.__event__)]


def lost_in_cells(event: Any) -> bool:
    """Tell whether an empty text stands where an empty cell will be read as no value."""
    plain = to_json(event)
    return any(plain[name] == "" for name in _nullable(event.__event__))


@lru_cache(maxsize=64)
def _cells(event_type: EventType) -> tuple[tuple[str, Callable[[Any], str]], ...]:
    model = model_of(event_type)
    found = []
    for each in model.root.fields:
        of = model.resolve(each.type)
        mixed = isinstance(of, UnionType) and len(_values(event_type, of)) > 1
        found.append((each.name, _json if mixed else _text))
    return tuple(found)


@lru_cache(maxsize=64)
def _nullable(event_type: EventType) -> tuple[str, ...]:
    model = model_of(event_type)
    uses = ((each.name, model.resolve(each.type)) for each in model.root.fields)
    return tuple(
        name
        for name, of in uses
        if isinstance(of, UnionType) and len(_values(event_type, of)) < len(of.branches)
    )


def _values(event_type: EventType, of: UnionType) -> list[Any]:
    return [each for each in model_of(event_type).branches(of) if each.kind != "null"]


def _text(plain: Any) -> str:
    return plain if isinstance(plain, str) else _json(plain)


def _json(plain: Any) -> str:
    return "" if plain is None else json.dumps(plain, ensure_ascii=False)
