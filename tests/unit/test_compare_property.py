"""The verdict against a decoder: 400 random pairs a run, read by fastavro's resolving reader."""

from __future__ import annotations

import io
from random import Random
from typing import TYPE_CHECKING

import fastavro
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from freezer_events.avro.parse import parse
from freezer_events.avro.parse.types import EnumType, Fixed, RecordType
from freezer_events.errors import SchemaError
from freezer_events.schema.compare import Code, Direction, Finding, Kind, compare
from freezer_events.schema.compare.resolution import Mismatch, Rule
from freezer_events.schema.compare.resolve import resolve
from tests.support.effort import thorough
from tests.support.schema_pairs import EndlessError, changed, encoded, endless, model

if TYPE_CHECKING:
    from freezer_events.avro.parse import Schema

VALUES = 12
"""Values tried where reading must succeed."""
TRIES = 400
"""Values tried before a break counts as one that no value shows."""


JAVA_ALONE = (
    Rule.CLAIMED_TWICE,
    Rule.OTHER_NAMESPACE,
    Rule.JAVA_NAME_TWICE,
    Rule.JAVA_DEFAULT_SPOILT,
)
"""Why Java fails and fastavro may read on."""


def pair(seed: int) -> tuple[Schema, Schema] | None:
    """Return an old and a new schema, or None where the change made no valid one."""
    rng = Random(seed)
    try:
        old = model(rng)
        new = changed(old, rng)
        schemas = parse(old.text(), "old.avsc"), parse(new.text(), "new.avsc")
    except (SchemaError, EndlessError):
        return None
    return None if any(map(endless, schemas)) else schemas


def failure(writer: Schema, reader: Schema, body: bytes) -> Exception | None:
    """Return what fastavro says when it reads, or None when it reads everything."""
    stream = io.BytesIO(body)
    try:
        fastavro.schemaless_reader(stream, writer.fastavro, reader.fastavro)
    except Exception as error:  # noqa: BLE001 - it raises whatever it stumbles over
        return error
    assert not stream.read()
    return None


def tolerated(problem: Mismatch, writer: Schema, reader: Schema) -> bool:
    """Whether fastavro reads on although the specification, and Java, do not.

    It takes unqualified aliases for any namespace, takes the first of two fields that claim one
    name, looks for no namespace, renames nothing before it reads, and reads a fixed as bytes where
    the reader has another kind of type by its name. (What Java does then is tried against Java.)
    """
    w, r = writer.resolve(problem.writer), reader.resolve(problem.reader)
    if problem.rule in JAVA_ALONE:
        return True
    match problem.rule, w, r:
        case Rule.OTHER_NAME, (RecordType() | EnumType() | Fixed()), (
            RecordType() | EnumType() | Fixed()
        ):
            return w.name.simple in r.name.written
        case Rule.OTHER_KIND, Fixed(), (RecordType() | EnumType()):
            return True
    return False


def check(writer: Schema, reader: Schema, findings: list[Finding], rng: Random) -> str:
    """Assert that the findings of one direction are what reading shows; return the verdict."""
    breaks = [finding for finding in findings if finding.kind is Kind.DECODE]
    if not breaks:
        for _ in range(VALUES):
            error = failure(writer, reader, encoded(writer, rng))
            if isinstance(error, UnicodeDecodeError):
                assert Code.BYTES_READ_AS_STRING in {finding.code for finding in findings}
            else:
                assert error is None, (writer.text, reader.text, error)
        return "compatible"
    if all(tolerated(each, writer, reader) for each in resolve(writer, reader).mismatches):
        return "tolerated"
    shown = any(
        failure(writer, reader, encoded(writer, rng, depth=3 + n % 4)) for n in range(TRIES)
    )
    assert shown, (writer.text, reader.text, [(b.code, b.path, b.why) for b in breaks])
    return "break"


def verdicts(seed: int) -> list[str]:
    """Check one pair both ways."""
    schemas = pair(seed)
    if schemas is None:
        return []
    old, new = schemas
    found = compare(old, new)
    rng = Random(seed + 1)
    by_direction = {way: [f for f in found if f.direction is way] for way in Direction}
    return [
        check(old, new, by_direction[Direction.NEW_READS_OLD], rng),
        check(new, old, by_direction[Direction.OLD_READS_NEW], rng),
    ]


@thorough(400, HealthCheck.filter_too_much)
@given(st.integers(0, 2**63))
def test_compatible_is_what_decodes_and_a_break_is_what_a_value_shows(seed: int) -> None:
    verdicts(seed)
