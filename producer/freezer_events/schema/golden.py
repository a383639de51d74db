"""Golden files: bytes of each released version, and what every reader version makes of them.

`golden/vN.json` holds examples written under version N, as hex, each with what every reader version
that the level promises must read it as. They are read as a consumer reads them (`avro.wire`), and
kept as it prints them, so that the branch of a union and the meaning of a logical type are seen.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from freezer_events.avro.forms import to_json
from freezer_events.avro.wire import decode, encode
from freezer_events.config.atomic import read_or_none
from freezer_events.errors import SchemaError
from freezer_events.schema.earlier_golden import agrees
from freezer_events.schema.event_types import type_of_version
from freezer_events.schema.examples import examples
from freezer_events.schema.golden_file import FORM, GoldenExample, GoldenFile

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from freezer_events.schema.catalogue import EventSpec


def path(event: EventSpec, version: int) -> Path:
    """Return where a version's golden file is."""
    return event.folder / "golden" / f"v{version}.json"


def committed(event: EventSpec, version: int) -> GoldenFile | None:
    """Return a version's golden file, None where there is none.

    Raises:
        SchemaError: it is damaged.

    """
    text = read_or_none(path(event, version))
    return None if text is None else GoldenFile.parse(path(event, version), text)


def renewed(event: EventSpec, writer: int, readers: Iterable[int]) -> str:
    """Return the text of a version's golden file, made anew whatever is there.

    Raises:
        SchemaError: a reader fails.

    """
    return _with_readers(event, writer, readers, _first(event, writer)).text()


def fresh(event: EventSpec, writer: int, readers: Iterable[int]) -> str:
    """Return the text of a version's golden file: made anew where there is none yet.

    Examples that are there already keep their bytes, and what older readers make of them; only
    readers are added. Readings of an earlier form are written in that of today, once it is seen
    that what is read now agrees with them.

    Raises:
        SchemaError: a reader fails or disagrees, or the file that is there is damaged.

    """
    there = committed(event, writer)
    if there is not None and there.form != FORM:
        kept = {int(reader) for each in there.examples for reader in each.reads}
        for why in _differences(event, writer, there, kept):
            raise SchemaError(str(path(event, writer)), why)
        there = GoldenFile(tuple(GoldenExample(each.hex, {}) for each in there.examples))
        readers = sorted(kept.union(readers))
    return _with_readers(event, writer, readers, there or _first(event, writer)).text()


def lacks(event: EventSpec, writer: int, readers: Iterable[int]) -> Iterator[str]:
    """Yield what a version's golden file does not say yet, and a release would add."""
    there = committed(event, writer)
    if there is None:
        yield "is missing"
        return
    for reader in readers:
        if any(str(reader) not in each.reads for each in there.examples):
            yield f"says nothing of reader v{reader}"


def is_earlier(event: EventSpec, version: int) -> bool:
    """Tell whether a version's golden file is of an earlier form, which a release converts."""
    there = committed(event, version)
    return there is not None and there.form != FORM


def mismatches(event: EventSpec, writer: int, readers: Iterable[int]) -> Iterator[str]:
    """Yield where a reader now makes something else of committed bytes.

    Raises:
        SchemaError: the file is damaged.

    """
    there = committed(event, writer)
    if there is not None:
        yield from _differences(event, writer, there, readers)


def trial(event: EventSpec, writer: int, readers: Iterable[int]) -> Iterator[str]:
    """Yield which reader would fail on examples of a version that has no golden file yet."""
    for number, example in enumerate(_first(event, writer).examples, 1):
        for reader in readers:
            try:
                _must_read(event, writer, reader, example.body)
            except SchemaError as error:
                yield f"example {number}: {error.why}"


def changed(event: EventSpec, version: int, was: GoldenFile) -> Iterator[int]:
    """Yield the numbers of examples of an earlier file that are gone or say something else now.

    Where the form of the file has changed since, what is read now has to agree with what it said.
    """
    now = committed(event, version)
    kept = {each.hex: each.reads for each in now.examples} if now is not None else {}
    for number, example in enumerate(was.examples, 1):
        reads = kept.get(example.hex, {})
        same = now is not None and now.form == was.form
        for reader, wanted in example.reads.items():
            there = reads.get(reader, ...)
            if same and there is not ... and _text(there) == _text(wanted):
                continue
            if same or there is ... or _differs(event, version, int(reader), example, was.form):
                yield number
                break


def _differences(
    event: EventSpec, writer: int, there: GoldenFile, readers: Iterable[int]
) -> Iterator[str]:
    for number, example in enumerate(there.examples, 1):
        for reader in readers:
            if str(reader) not in example.reads:
                continue
            found = _differs(event, writer, reader, example, there.form)
            if found is not None:
                yield (
                    f"example {number} of v{writer}, read by v{reader}, gives {found} instead of "
                    f"{_text(example.reads[str(reader)])}"
                )


def _differs(
    event: EventSpec, writer: int, reader: int, example: GoldenExample, form: int
) -> str | None:
    """Return what a reader makes of an example where that is not what the file says."""
    wanted = example.reads[str(reader)]
    try:
        read = _event(event, writer, reader, example.body)
    except SchemaError as error:
        return error.why
    found = _text(to_json(read))
    if form == FORM:
        return None if found == _text(wanted) else found
    event_type = type_of_version(event, reader)
    return None if agrees(event_type, read, wanted) else found


def _with_readers(
    event: EventSpec, writer: int, readers: Iterable[int], kept: GoldenFile
) -> GoldenFile:
    wanted = list(readers)
    made = []
    for example in kept.examples:
        more = {
            str(reader): _must_read(event, writer, reader, example.body)
            for reader in wanted
            if str(reader) not in example.reads
        }
        made.append(GoldenExample(example.hex, {**example.reads, **more}))
    return GoldenFile(tuple(made))


def _first(event: EventSpec, version: int) -> GoldenFile:
    made = examples(type_of_version(event, version))
    return GoldenFile(tuple(GoldenExample(encode(each).hex(), {}) for each in made))


def _event(event: EventSpec, writer: int, reader: int, body: bytes) -> Any:
    """Return the event that a consumer with one version makes of a body of another."""
    return decode(body, event.schema(writer).whole, type_of_version(event, reader))


def _must_read(event: EventSpec, writer: int, reader: int, body: bytes) -> Any:
    try:
        return to_json(_event(event, writer, reader, body))
    except SchemaError as error:
        why = f"v{reader} cannot read what v{writer} wrote: {error.why}"
        raise SchemaError(str(event.path(reader)), why) from error


def _text(value: Any) -> str:
    """Return a reading as text: to Python, 1 and 1.0 and true are equal."""
    return json.dumps(value, ensure_ascii=False)
