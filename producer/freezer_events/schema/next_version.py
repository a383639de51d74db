"""The next version of an event: the latest one's text, and more fields if there are to be any."""

from __future__ import annotations

from typing import TYPE_CHECKING

from freezer_events.avro.parse.types import RecordType
from freezer_events.errors import UsageError
from freezer_events.schema.edit import with_fields
from freezer_events.schema.lock import Lock

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from freezer_events.schema.catalogue import EventSpec
    from freezer_events.schema.field_spec import FieldSpec


def next_version(event: EventSpec, specs: Sequence[FieldSpec]) -> tuple[Path, str]:
    """Return path and text of the next version; writes nothing.

    Raises:
        UsageError: the latest one is not released yet, or a field is there or no field.
        SchemaError: the latest version, or what comes out, is no schema.

    """
    doing = f"begin a version of {event.name}"
    if not event.versions:
        raise UsageError(doing, f"{event.folder} holds no version", "begin with v1.avsc")
    if event.latest not in Lock.read(event.folder).released:
        why = f"v{event.latest} is not released yet, and two such versions would get mixed up"
        fix = f"edit {event.path(event.latest)}, or: freezer schema release {event.name}"
        raise UsageError(doing, why, fix)
    path = event.folder / f"v{event.latest + 1}.avsc"
    latest = event.schema(event.latest)
    there = (
        [each.name for each in latest.root.fields] if isinstance(latest.root, RecordType) else []
    )
    for spec in specs:
        spec.need_default()
        if spec.name in there:
            where = f"{event.path(event.latest)}"
            raise UsageError(f"--field {spec.written!r}", f"{where} has a field {spec.name!r}")
    made = with_fields(latest, [spec.as_json(latest.names) for spec in specs], str(path))
    return path, made.text
