"""A folder of schemas with three released versions of one event, for tests that evolve it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from freezer_events.schema.catalogue import Catalogue
from freezer_events.schema.release import release

if TYPE_CHECKING:
    from pathlib import Path

V1: list[Any] = [
    {"name": "door_id", "type": "string"},
    {"name": "open", "type": "boolean"},
]
V2: list[Any] = [*V1, {"name": "by", "type": ["null", "string"], "default": None}]
V3: list[Any] = [*V2, {"name": "for_ms", "type": ["null", "long"], "default": None}]

INT: list[Any] = [{"name": "door_id", "type": "int"}]
V4: list[Any] = [*V3, {"name": "lit", "type": ["null", "boolean"], "default": None}]


def door(fields: list[Any]) -> str:
    """Return the text of a schema."""
    made = {"type": "record", "name": "Door", "namespace": "test.doors", "fields": fields}
    return json.dumps(made, indent=2) + "\n"


def write_event(
    root: Path, versions: list[list[Any]], *, topic: str, level: str = "FULL_TRANSITIVE"
) -> Path:
    """Write the event `door`, all its versions released; return the schemas folder."""
    folder = root / "schemas" / "door"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "event.toml").write_text(
        f'topic = "{topic}"\npartitions = 3\nkey = "door_id"\n'
        f'compatibility = "{level}"\nversion = {len(versions)}\n',
        encoding="utf-8",
    )
    for number, fields in enumerate(versions, 1):
        (folder / f"v{number}.avsc").write_text(door(fields), encoding="utf-8")
    catalogue = Catalogue(root / "schemas")
    release(catalogue, catalogue.event("door"))
    return root / "schemas"
