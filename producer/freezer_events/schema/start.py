"""Begin an event: the two files of its folder, ready to edit."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from freezer_events.avro.keys import KEY_TYPES, key_misfit
from freezer_events.avro.parse import parse
from freezer_events.avro.parse.types import RecordType
from freezer_events.errors import SchemaError, UsageError
from freezer_events.schema.catalogue import EVENT_NAME, NO_EVENT_NAME
from freezer_events.schema.field_spec import FieldSpec

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from freezer_events.schema.catalogue import Catalogue

_RECORDED: Final = "recorded_at: timestamp-millis?  # When it happened, in UTC."
_TOML: Final = """\
# One event: where it goes, what it promises its readers, what the producer supplies.
topic = {topic}
partitions = 3
{key}compatibility = "FULL_TRANSITIVE"  # every version reads and is read by every other
version = 1                        # the version that producers write
"""
_FILL: Final = """
[fill]                             # what the producer supplies where a reading does not bring it
recorded_at = "now"
"""


def starter(
    catalogue: Catalogue, name: str, key: str | None, fields: Sequence[FieldSpec]
) -> Mapping[Path, str]:
    """Return the files of a new event.

    Args:
        catalogue: where it will be.
        name: its name, and its folder's.
        key: the field that becomes the message key; made if it is none of `fields`.
        fields: what it has at first; without any, when it happened.

    Raises:
        UsageError: the name is no event's, the key no text, or a field no field.
        SchemaError: the fields make no schema.

    """
    if not EVENT_NAME.fullmatch(name):
        raise UsageError(f"event {name!r}", NO_EVENT_NAME, "for example door-event")
    specs = list(fields) or [FieldSpec.parse(_RECORDED)]
    if key is not None and key not in {each.name for each in specs}:
        specs.insert(0, FieldSpec.parse(f"{key}: string  # Which one; the message key."))
    record = {
        "type": "record",
        "name": "".join(part.capitalize() for part in name.split("-")),
        "namespace": _namespace(catalogue),
        "doc": f"One {name.replace('-', ' ')}.",
        "fields": [each.as_json() for each in specs],
    }
    folder = catalogue.root / name
    path = folder / "v1.avsc"
    text = _pretty(record)
    made = parse(text, str(path))
    if key is not None and (why := key_misfit(made, key)):
        raise UsageError(f"--key {key}", why.rstrip(","), f"name {KEY_TYPES}")
    topic = json.dumps(name)
    named = f"{f'key = {json.dumps(key)}':<35}# same key, same partition, in order\n" if key else ""
    toml = _TOML.format(topic=topic, key=named)
    filled = any(each.written == _RECORDED for each in specs)
    files = {path: text, folder / "event.toml": toml + (_FILL if filled else "")}
    for file in files:
        if file.exists() or file.is_symlink():
            raise UsageError(f"begin {name}", f"{file} is there already", "move it away")
    return files


def _namespace(catalogue: Catalogue) -> str:
    """Return the namespace that the other events are in, or `events` where there are none."""
    for event in catalogue.readable.values():
        if event.versions:
            try:
                root = event.schema(event.latest).root
            except SchemaError:
                continue  # of another event: its own check says so
            space = root.name.full.rpartition(".")[0] if isinstance(root, RecordType) else ""
            if space:
                return space
    return "events"


def _pretty(record: dict[str, Any]) -> str:
    """Return the schema with a line for each field."""
    fields = ",\n".join(f"    {json.dumps(each, ensure_ascii=False)}" for each in record["fields"])
    head = [f"  {json.dumps(k)}: {json.dumps(record[k])}" for k in record if k != "fields"]
    return "{\n" + ",\n".join([*head, f'  "fields": [\n{fields}\n  ]']) + "\n}\n"
