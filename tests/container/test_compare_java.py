"""The verdict against Java's reader itself: random pairs, random bytes, read by Java and fastavro.

Where we say compatible, both read everything, and the same. The JVM answers for a whole run.
"""

from __future__ import annotations

import json
import sys
from itertools import chain
from random import Random
from typing import TYPE_CHECKING, NamedTuple

import pytest

from freezer_events.avro.parse import parse
from freezer_events.errors import SchemaError
from freezer_events.schema.compare import Code, Direction, Kind, compare
from tests.stack import java
from tests.support.effort import LONG
from tests.support.java_avro import Java, disagreement, question, read
from tests.support.schema_pairs import EndlessError, changed, encoded, endless, model

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from freezer_events.avro.parse import Schema
    from freezer_events.schema.compare import Finding

PAIRS = 200_000 if LONG else 20_000
"""Pairs of a writer and a reader; each change gives two."""

# Seeds that found a fault: two types that claim one alias, of which one is used again later.
ONCE_WRONG = (763304078533, 763304088541)
BODIES = 4


@pytest.fixture(scope="module")
def oracle() -> Java:
    return Java(java.jars(print))


class Pair(NamedTuple):
    """A writer and a reader, what is found for that direction, and bytes of the writer."""

    seed: int
    writer: Schema
    reader: Schema
    findings: list[Finding]
    bodies: list[bytes]

    @property
    def compatible(self) -> bool:
        return all(each.kind is Kind.WARNING for each in self.findings)


def pairs(first_seed: int, count: int) -> Iterator[Pair]:
    """Yield the compatible and the other pairs of as many seeds as that takes."""
    made = 0
    for seed in range(first_seed, sys.maxsize):
        for each in of_seed(seed):
            yield each
            made += 1
        if made >= count:
            return


def of_seed(seed: int) -> Iterator[Pair]:
    rng = Random(seed)
    try:
        before = model(rng)
        texts = before.text(), changed(before, rng).text()
        old, new = parse(texts[0], "old.avsc"), parse(texts[1], "new.avsc")
        if endless(old) or endless(new):
            return
        bodies = [[encoded(each, rng) for _ in range(BODIES)] for each in (old, new)]
    except (SchemaError, EndlessError):
        return
    found = compare(old, new)
    for way, writer, reader, data in (
        (Direction.NEW_READS_OLD, old, new, bodies[0]),
        (Direction.OLD_READS_NEW, new, old, bodies[1]),
    ):
        mine = [each for each in found if each.direction is way]
        yield Pair(seed, writer, reader, mine, data)


def differs(pair: Pair, answer: dict[str, Any]) -> str:
    """Return how a compatible pair fails a reader, or is read otherwise by the two, or ""."""
    codes = {each.code for each in pair.findings}
    for body, java_read in zip(pair.bodies, answer["values"], strict=True):
        try:
            ours = read(pair.writer, pair.reader, body)
        except UnicodeDecodeError:
            if Code.BYTES_READ_AS_STRING not in codes:
                return "bytes are read as a string, unwarned"
            continue
        if "error" in java_read:
            return str(java_read["error"])
        found = disagreement(java_read["value"], ours, pair.reader, pair.reader.root)
        if found:
            return found
    return ""


@pytest.mark.timeout(600)  # 15 s where nothing else runs
def test_what_we_call_compatible_java_and_fastavro_read_alike(oracle: Java) -> None:
    first = Random().randrange(2**40) if LONG else 0
    tried = list(chain(*map(of_seed, ONCE_WRONG), pairs(first, PAIRS)))
    asked = [question(each.writer.text, each.reader.text, each.bodies) for each in tried]
    wrong = []
    for pair, answer in zip(tried, oracle.ask(asked), strict=True):
        # What our parser takes, Java's takes, or nobody could register it.
        why = str(answer.get("error", "")) or (pair.compatible and differs(pair, answer))
        if why:
            wrong.append((pair.seed, why, pair.writer.parsed, pair.reader.parsed))
    assert sum(each.compatible for each in tried) > len(tried) / 2
    assert not wrong, "\n".join(json.dumps(each) for each in wrong[:3])


REFUSED = {
    "a record inside of itself": [
        {"name": "self", "type": ["null", "R"], "default": {"self": None}}
    ],
    "a fixed that is too large": [
        {"name": "f", "type": {"type": "fixed", "name": "F", "size": 2**31 - 1}}
    ],
    "a default of another type": [{"name": "i", "type": "int", "default": "x"}],
    "a field twice": [{"name": "i", "type": "int"}] * 2,
    "a symbol twice": [{"name": "e", "type": {"type": "enum", "name": "E", "symbols": ["A", "A"]}}],
    "a branch twice": [{"name": "u", "type": ["int", {"type": "int", "logicalType": "date"}]}],
    "a name with a dash": [{"name": "a-b", "type": "int"}],
    "an alias that is no list": [{"name": "i", "type": "int", "aliases": 5}],
    "a number that is too long": [{"name": "i", "type": "double", "default": int("1" * 1200)}],
}


def test_what_java_cannot_parse_we_refuse(oracle: Java) -> None:
    texts = {
        name: json.dumps({"type": "record", "name": "R", "fields": fields})
        for name, fields in REFUSED.items()
    }
    answers = oracle.ask({"reader": text} for text in texts.values())
    assert [
        name for name, answer in zip(texts, answers, strict=True) if "error" not in answer
    ] == []
    for text in texts.values():
        with pytest.raises(SchemaError):
            parse(text, "r.avsc")
