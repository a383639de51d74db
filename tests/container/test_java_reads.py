"""What we write under a schema that uses a shared type, as Java reads it with the references."""

from __future__ import annotations

from freezer_events.avro.wire import encode
from freezer_events.schema.catalogue import Catalogue
from freezer_events.schema.event_types import type_of_version
from freezer_events.schema.examples import examples
from freezer_events.schema.shared_types import shared_types
from tests.stack import java
from tests.support.java_avro import Java
from tests.support.readme import ROOT


def test_java_reads_a_shared_type_and_a_schema_with_rules() -> None:
    event = Catalogue(ROOT / "schemas").event("freezer-reading")
    types = shared_types(event.folder.parent)
    written = type_of_version(event, 4)
    made = examples(written)
    question = {
        "writer": event.text(4),
        "reader": event.text(4),
        "references": [types[name].text(number) for name, number in event.uses_of(4).items()],
        "bodies": [encode(each).hex() for each in made],
    }
    (answer,) = Java(java.jars(print)).ask([question])
    read = [each["value"]["record"] for each in answer["values"]]
    assert [each["sensor_id"] for each in read] == [each.sensor_id for each in made]
    device = read[1]["device"]
    assert device["branch"] == "freezer.events.Device"
    assert device["of"]["record"]["model"] == made[1].device.model
