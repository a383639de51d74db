"""Golden files: bytes of each released version, and what every reader version makes of them.

`golden/vN.json` holds examples written under version N, as hex, each with the JSON that every
reader version which the level promises must read it as. Values are Avro's own, without logical
types: a timestamp is its number, so nothing depends on a library's conversions.
"""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

from freezer_events.config.atomic import read_or_none
from freezer_events.errors import SchemaError
from freezer_events.schema.examples import examples
from freezer_events.schema.lock import refuse_markers

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from freezer_events.avro.parse import Schema
    from freezer_events.schema.catalogue import EventSpec


def path(event: EventSpec, version: int) -> Path:
    """Return where a version's golden file is."""
    return event.folder / "golden" / f"v{version}.json"


def renewed(event: EventSpec, writer: int, readers: Iterable[int]) -> str:
    """Return the text of a version's golden file, made anew whatever is there.

    Raises:
        SchemaError: a reader fails.

    """
    return _text(event, writer, readers, _first(event.schema(writer)))


def fresh(event: EventSpec, writer: int, readers: Iterable[int]) -> str:
    """Return the text of a version's golden file: made anew where there is none yet.

    Examples that are there already keep their bytes, and what older readers make of them; only
    readers are added.

    Raises:
        SchemaError: a reader fails, or the file that is there is damaged.

    """
    where = path(event, writer)
    there = read_or_none(where)
    kept = _first(event.schema(writer)) if there is None else committed(where, there)
    return _text(event, writer, readers, kept)


def _text(event: EventSpec, writer: int, readers: Iterable[int], kept: list[dict[str, Any]]) -> str:
    for example in kept:
        body = bytes.fromhex(example["hex"])
        for reader in readers:
            if str(reader) not in example["reads"]:
                example["reads"][str(reader)] = _must_read(event, writer, reader, body)
    return json.dumps(kept, indent=2, ensure_ascii=False) + "\n"


def lacks(event: EventSpec, writer: int, readers: Iterable[int]) -> Iterator[str]:
    """Yield what a version's golden file does not say yet, and a release would add."""
    text = read_or_none(path(event, writer))
    if text is None:
        yield "is missing"
        return
    examples_there = committed(path(event, writer), text)
    for reader in readers:
        if any(str(reader) not in each["reads"] for each in examples_there):
            yield f"says nothing of reader v{reader}"


def mismatches(event: EventSpec, writer: int, readers: Iterable[int]) -> Iterator[str]:
    """Yield where a reader now makes something else of committed bytes.

    Raises:
        SchemaError: the file is damaged.

    """
    text = read_or_none(path(event, writer))
    if text is None:
        return
    for number, example in enumerate(committed(path(event, writer), text), 1):
        for reader in readers:
            wanted = example["reads"].get(str(reader), ...)
            found = _try(event, writer, reader, bytes.fromhex(example["hex"]))
            if wanted is not ... and found != wanted:
                yield (
                    f"example {number} of v{writer}, read by v{reader}, gives "
                    f"{json.dumps(found, ensure_ascii=False)} instead of "
                    f"{json.dumps(wanted, ensure_ascii=False)}"
                )


def trial(event: EventSpec, writer: int, readers: Iterable[int]) -> Iterator[str]:
    """Yield which reader would fail on examples of a version that has no golden file yet."""
    for number, example in enumerate(_first(event.schema(writer)), 1):
        for reader in readers:
            try:
                _must_read(event, writer, reader, bytes.fromhex(example["hex"]))
            except SchemaError as error:
                yield f"example {number}: {error.why}"


def committed(where: Path, text: str) -> list[dict[str, Any]]:
    """Return the examples that a golden file holds.

    Raises:
        SchemaError: it is damaged, holds merge markers, or holds no example.

    """
    refuse_markers(text, str(where))
    try:
        kept: list[dict[str, Any]] = json.loads(text)
        for each in kept:
            bytes.fromhex(each["hex"])
            each["reads"].items()
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        why = f"is damaged: {type(error).__name__}: {error}"
        raise SchemaError(str(where), why, "restore it from version control") from error
    if not kept:
        raise SchemaError(str(where), "holds no example", "restore it from version control")
    return kept


def _read(event: EventSpec, writer: int, reader: int, body: bytes) -> Any:
    """Return the JSON of a body of one version as another version reads it."""
    from fastavro import schemaless_reader  # noqa: PLC0415 - 30 ms that `schema list` saves

    stream = io.BytesIO(body)
    datum = schemaless_reader(
        stream,
        _plain(event.schema(writer)),
        _plain(event.schema(reader)),
        # Which record of a union it is, where there are several.
        return_record_name=True,
        return_record_name_override=True,
    )
    if stream.read():
        raise ValueError("bytes are left over")
    return _jsonable(datum)


def _try(event: EventSpec, writer: int, reader: int, body: bytes) -> Any:
    try:
        return _read(event, writer, reader, body)
    except Exception as error:  # noqa: BLE001 - fastavro raises whatever it stumbles over
        return f"{type(error).__name__}: {error}"


def _must_read(event: EventSpec, writer: int, reader: int, body: bytes) -> Any:
    try:
        return _read(event, writer, reader, body)
    except Exception as error:
        why = f"v{reader} cannot read what v{writer} wrote: {type(error).__name__}: {error}"
        raise SchemaError(str(event.path(reader)), why) from error


def _first(schema: Schema) -> list[dict[str, Any]]:
    from fastavro import schemaless_writer  # noqa: PLC0415 - as above

    made = []
    for datum in examples(schema):
        stream = io.BytesIO()
        schemaless_writer(stream, _plain(schema), datum)
        made.append({"hex": stream.getvalue().hex(), "reads": {}})
    return made


def _plain(schema: Schema) -> Any:
    from fastavro import parse_schema  # noqa: PLC0415 - as above

    return parse_schema(without_logical_types(schema.parsed), _ignore_default_error=True)


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
    if isinstance(value, list | tuple):
        return [_jsonable(each) for each in value]
    return value
