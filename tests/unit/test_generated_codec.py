"""Generated encoders and decoders: fastavro's bytes, nothing that does not fit, the types back."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings

from tests.support.generated import Sample, read, samples, written

THOROUGH = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


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
