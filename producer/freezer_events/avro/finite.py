"""How deep the least value of a type is: the way to the end of a type that contains itself."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from freezer_events.avro.parse import types

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freezer_events.avro.parse import Schema

ENDLESS: Final = math.inf


def depths_of(schema: Schema) -> dict[str, int]:
    """Return how deep the least value of each named type is; one that has none is left out."""
    found: dict[str, int] = {}
    for level in range(len(schema.names)):
        reached = {
            name: level
            for name, named in schema.names.items()
            if name not in found and _inside(named, found) != ENDLESS
        }
        if not reached:
            break
        found |= reached
    return found


def depth_of(of: types.Type, depths: Mapping[str, int]) -> float:
    """Return how deep the least value of a type is, ENDLESS where there is none."""
    match of:
        case types.Ref(name=name):
            return depths.get(name, ENDLESS)
        case types.RecordType() | types.EnumType() | types.Fixed():
            return depths.get(of.name.full, ENDLESS)
        case types.UnionType(branches=branches):
            return min(depth_of(each, depths) for each in branches)
        case _:
            return -1  # a primitive, or an array or map that can be empty


def _inside(named: types.Named, depths: Mapping[str, int]) -> float:
    if not isinstance(named, types.RecordType):
        return 0
    return max((depth_of(field.type, depths) for field in named.fields), default=0)
