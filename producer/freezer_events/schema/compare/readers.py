"""Where Java's reader and fastavro's make different values of the same bytes, or one of none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from freezer_events.avro.parse.types import MISSING, RecordField, child
from freezer_events.schema.compare.decode import Draft
from freezer_events.schema.compare.default_values import unreadable
from freezer_events.schema.compare.findings import Code, Kind
from freezer_events.schema.compare.java import misread_default
from freezer_events.schema.compare.phrases import value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from freezer_events.avro.parse import Schema
    from freezer_events.schema.compare.resolution import DefaultRead, PlacesDiffer, Resolution


def drafts(resolution: Resolution, reader: Schema) -> Iterator[Draft]:
    """Yield the decode and meaning findings of one direction that come of readers' own ways."""
    yield from map(_place, resolution.places)
    for each in resolution.defaults:
        yield from _default(each, reader)


def _place(differ: PlacesDiffer) -> Draft:
    field = differ.field
    lost = None in (differ.java, differ.fastavro) and field.default is MISSING
    written = differ.java or differ.fastavro
    java, fastavro = (_from(each, field) for each in (differ.java, differ.fastavro))
    return Draft(
        Kind.DECODE if lost else Kind.MEANING,
        Code.FIELD_ALIAS_READERS_DIFFER,
        differ.path,
        differ.record.pointer if written is None else written.pointer,
        field.pointer,
        f"Java reads {java} for {field.name!r}, and fastavro {fastavro}: an alias renames the "
        "written field in Java, in the record of the same full name only",
        "let no field have an alias that is still a field, keep the record's namespace, or give "
        "the field a name that was never used",
    )


def _from(written: RecordField | None, field: RecordField) -> str:
    if written is not None:
        return f"the written {written.name!r}"
    return "nothing" if field.default is MISSING else f"its default {value(field.default)}"


def _default(read: DefaultRead, reader: Schema) -> Iterator[Draft]:
    field = read.field
    at = read.record.pointer, child(field.pointer, "default")
    bad = unreadable(field.default, field.type, reader)
    if bad:
        why = f"no reader can make a value of the default of {field.name!r}: {bad}"
        fix = "write a default that is a value of the type, or null first in a union"
        yield Draft(Kind.DECODE, Code.DEFAULT_UNREADABLE, read.path, *at, why, fix)
    java = misread_default(field, reader)
    if java:
        kind = Kind.DECODE if java.startswith("fails") else Kind.MEANING
        why = f"of the default {value(field.default)} of {field.name!r}, Java {java}"
        fix = "put the branch that the default belongs to first in the union"
        yield Draft(kind, Code.DEFAULT_OF_LATER_BRANCH, read.path, *at, why, fix)
