"""What `consume --output parquet` writes, `produce --from` reads back: every value as it was."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, assume, event, given

from freezer_events.avro.wire import decode
from freezer_events.cli.consume_parquet import ParquetSink
from freezer_events.errors import UsageError
from freezer_events.sources import Profile
from tests.support.effort import thorough
from tests.support.generated import module_of, record, samples
from tests.support.readings import outcome

if TYPE_CHECKING:
    from tests.support.generated import Sample

AS_IT_IS = Profile()


def written(path: Path, kind: Any, events: list[Any]) -> Path:
    sink = ParquetSink(path, kind)
    for each in events:
        sink.put(each)
    sink.finish()
    return path


@given(samples())
@thorough(150, HealthCheck.filter_too_much)
def test_what_is_written_is_read_back_equal(sample: Sample) -> None:
    kind = sample.module.EVENT
    given = decode(kind.encode(sample.event), kind.schema, kind)  # as it comes from a topic
    with tempfile.TemporaryDirectory() as folder:
        try:
            path = written(Path(folder) / "events.parquet", kind, [given] * 3)
        except UsageError:
            event("refused")
            assume(False)
        found = outcome(path, AS_IT_IS, kind)
    assert not found.error
    assert not found.rejected
    assert [kind.encode(each) for each in found.events] == [kind.encode(given)] * 3


NODE = record(("next", ["null", "test.Node"]), name="Node")


@pytest.mark.parametrize(
    ("type_", "why"),
    [
        (["null", "string", "long"], "value is a union of several types: null, string, long"),
        (NODE, "value.next is a test.Node within a test.Node"),
        ({"type": "array", "items": record(name="Empty")}, "value[] is a record without fields"),
    ],
    ids=["union", "recursion", "empty"],
)
def test_a_field_that_parquet_has_no_type_for_is_named(
    tmp_path: Path, type_: Any, why: str
) -> None:
    kind = module_of(record(("value", type_))).EVENT
    with pytest.raises(UsageError) as refused:
        ParquetSink(tmp_path / "events.parquet", kind)
    assert (refused.value.why, refused.value.fix) == (why, "use --output json")
    assert not [*tmp_path.iterdir()]
