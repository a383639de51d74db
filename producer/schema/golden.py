"""Golden files: bytes of each released version, and what every reader version makes of them.

`golden/vN.json` holds examples written under version N, as hex, each with the JSON that every
reader version which the level promises must read it as. Values are Avro's own, without logical
types: a timestamp is its number, so nothing depends on a library's conversions.
"""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

from fastavro import parse_schema, schemaless_reader, schemaless_writer

from producer.errors import SchemaError
from producer.schema.atomic import read_or_none
from producer.schema.examples import examples

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from producer.schema.catalogue import EventSpec


def path(event: EventSpec, version: int) -> Path:
    """Return where a version's golden file is."""
    return event.folder / "golden" / f"v{version}.json"


def fresh(event: EventSpec, writer: int, readers: list[int]) -> str:
    """Return the text of a version's golden file: made anew where there is none yet.

    Examples that are there already keep their bytes; only readers are added.
    """
    there = read_or_none(path(event, writer))
    kept = json.loads(there) if there else _first(event, writer)
    for example in kept:
        body = bytes.fromhex(example["hex"])
        for reader in readers:
            if str(reader) not in example["reads"]:
                example["reads"][str(reader)] = read(event, writer, reader, body)
    return json.dumps(kept, indent=2, ensure_ascii=False) + "\n"


def mismatches(event: EventSpec, writer: int, readers: list[int]) -> Iterator[str]:
    """Yield what is wrong with a version's golden file; nothing when all is as committed."""
    where = path(event, writer)
    text = read_or_none(where)
    if text is None:
        yield f"{where} is missing; it is part of the release"
        return
    try:
        committed = [(bytes.fromhex(each["hex"]), each["reads"]) for each in json.loads(text)]
    except (ValueError, TypeError, KeyError) as error:
        yield f"{where} is damaged: {error}"
        return
    if not committed:
        yield f"{where} holds no example"
    for number, (body, reads) in enumerate(committed, 1):
        for reader in readers:
            if str(reader) not in reads:
                yield f"{where}: example {number} says nothing of reader v{reader}"
                continue
            found = _try(event, writer, reader, body)
            if found != reads[str(reader)]:
                yield (
                    f"{where}: example {number} read by v{reader} gives {json.dumps(found)}, "
                    f"committed is {json.dumps(reads[str(reader)])}"
                )


def read(event: EventSpec, writer: int, reader: int, body: bytes) -> Any:
    """Return the JSON of a body of one version as another version reads it."""
    datum = schemaless_reader(io.BytesIO(body), _plain(event, writer), _plain(event, reader))
    return _jsonable(datum)


def _try(event: EventSpec, writer: int, reader: int, body: bytes) -> Any:
    try:
        return read(event, writer, reader, body)
    except Exception as error:  # noqa: BLE001 - fastavro raises whatever it stumbles over
        return f"{type(error).__name__}: {error}"


def _first(event: EventSpec, version: int) -> list[dict[str, Any]]:
    schema = _plain(event, version)
    made = []
    for datum in examples(json.loads(event.text(version))):
        stream = io.BytesIO()
        schemaless_writer(stream, schema, datum)
        made.append({"hex": stream.getvalue().hex(), "reads": {}})
    return made


def _plain(event: EventSpec, version: int) -> Any:
    try:
        return parse_schema(without_logical_types(json.loads(event.text(version))))
    except ValueError as error:
        raise SchemaError(f"v{version}.avsc", f"is not JSON: {error}") from error


def without_logical_types(schema: Any) -> Any:
    """Return the schema as JSON without its logical types."""
    if isinstance(schema, list):
        return [without_logical_types(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    # A default is data, and a map default may well have a key of that name.
    return {
        key: value if key == "default" else without_logical_types(value)
        for key, value in schema.items()
        if key != "logicalType"
    }


def _jsonable(value: Any) -> Any:
    if isinstance(value, bytes):
        return {"bytes": value.hex()}
    if isinstance(value, dict):
        return {key: _jsonable(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_jsonable(each) for each in value]
    return value
