"""Generated encoders and decoders: fastavro's bytes, nothing that does not fit, the types back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings

from tests.support.effort import thorough
from tests.support.generated import (
    Sample,
    events_of,
    module_of,
    read,
    record,
    released,
    samples,
    written,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
RELEASED = sorted(
    path
    for folder in ("schemas", "benchmarks/schemas")
    for path in ROOT.glob(f"{folder}/*/v*.avsc")
)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

THOROUGH = thorough(150)


@THOROUGH
@given(samples())
def test_an_event_of_any_schema_has_the_bytes_that_fastavro_writes(sample: Sample) -> None:
    assert sample.module.encode(sample.event) == written(sample.schema, sample.datum)


@THOROUGH
@given(samples())
def test_what_is_read_back_has_the_generated_types(sample: Sample) -> None:
    body = sample.module.encode(sample.event)
    # The encoder takes the generated types only, so to encode what was decoded is the proof.
    assert sample.module.encode(read(body, sample.schema, sample.module.EVENT)) == body


@pytest.mark.parametrize("path", RELEASED, ids=lambda path: f"{path.parent.name} {path.stem}")
def test_every_released_version_has_the_bytes_that_fastavro_writes(path: Path) -> None:
    schema = released(path)

    @settings(max_examples=50, deadline=None)
    @given(events_of(schema, module_of(schema)))
    def check(sample: Sample) -> None:
        assert sample.module.encode(sample.event) == written(sample.schema, sample.datum)

    check()


def edges() -> Iterator[tuple[Any, Any]]:
    """Yield values at which the length of their encoding changes, or that are easily rounded."""
    for bits in range(64):
        for number in (2**bits - 1, -(2**bits), -(2**bits) - 1, 2**bits):
            if -(2**63) <= number < 2**63:
                yield "long", number
            if -(2**31) <= number < 2**31:
                yield "int", number
    for unit in ("millis", "micros"):
        step = timedelta(milliseconds=1) if unit == "millis" else timedelta(microseconds=1)
        kind = {"type": "long", "logicalType": f"timestamp-{unit}"}
        for power in range(47 if unit == "millis" else 57):
            for number in (2**power - 1, 2**power, -(2**power) // 100):
                yield kind, EPOCH + step * number
        for micros in (1000, 2000, 999_000) if unit == "millis" else (999, 1000, 1999, 999_999):
            yield kind, EPOCH + timedelta(days=20_000, microseconds=micros)
            yield kind, EPOCH - timedelta(days=20_000, microseconds=micros)
    for length in (0, 63, 64, 127, 128, 255, 256, 8191, 8192, 70_000):
        yield "string", "\u00e9" * (length // 2) + "x" * (length % 2)
        yield "bytes", b"x" * length
    yield ["float", "double"], 0.1
    yield ["double", "float"], 0.1
    yield ["int", "long"], 2**31
    yield ["long", "int"], 5
    yield ["null", "int", "double"], 2**40
    yield ["bytes", {"type": "fixed", "name": "F", "size": 2}], b"ab"
    yield [{"type": "fixed", "name": "F", "size": 2}, "bytes"], b"abc"


def test_values_at_the_edges_have_the_bytes_that_fastavro_writes() -> None:
    modules: dict[str, Any] = {}
    for kind, value in edges():
        schema = record(("part", kind))
        module = modules.get(str(kind)) or module_of(schema)
        modules[str(kind)] = module
        body = module.encode(module.Event(part=value))
        assert body == written(schema, {"part": value}), (kind, value)


def test_a_union_takes_the_branch_of_the_values_own_type() -> None:
    # fastavro takes the first that can hold the value: 5 becomes 5.0, an enum a string.
    enum = {"type": "enum", "name": "E", "symbols": ["A"]}
    schema = record(("number", ["double", "long"]), ("word", ["string", enum]))
    module = module_of(schema)
    event = module.Event(number=5, word=module.E.A)
    body = module.encode(event)
    assert body == b"\x02\x0a\x02\x00"
    again = read(body, schema, module.EVENT)
    assert (type(again.number), type(again.word)) == (int, module.E)
    assert again == event
