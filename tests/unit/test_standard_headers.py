"""Headers that `event.toml` asks for: CloudEvents in binary mode, and a trace context."""

from __future__ import annotations

import re
import sys
import types
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from freezer_events import ConfigError
from freezer_events.schema.catalogue import Catalogue
from freezer_events.schema.event_types import event_type
from tests.support.project import Project

if TYPE_CHECKING:
    from pathlib import Path

    from freezer_events.testing import EventCluster

ID = uuid.UUID(int=7)
TIME = datetime(2026, 1, 31, 12, tzinfo=UTC)
TRACE = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-01")


def door(folder: Path, lines: str) -> Any:
    """Return the class of an event whose `event.toml` begins with these lines."""
    project = Project.begin(folder)
    uuid_type = {"type": "string", "logicalType": "uuid"}
    time_type = {"type": "long", "logicalType": "timestamp-millis"}
    project.write(
        1,
        [
            {"name": "door_id", "type": "string", "doc": "Which."},
            {"name": "event_id", "type": ["null", uuid_type], "default": None, "doc": "Its id."},
            {"name": "recorded_at", "type": ["null", time_type], "default": None, "doc": "When."},
        ],
    )
    toml = project.event / "event.toml"
    toml.write_text(lines + toml.read_text(encoding="utf-8"), encoding="utf-8")
    return event_type(Catalogue.find(folder / "schemas"), "door-event").record


def headers(cluster: EventCluster, kind: Any, event: Any, **given: Any) -> dict[str, str]:
    """Send one event; return the headers of its message."""
    with cluster.producer() as producer:
        producer.send(event, **given)
    record = cluster.records(kind)[-1]
    return {name: (value or b"").decode() for name, value in record.headers}


def test_cloud_events_are_told_from_the_event_by_one_line(
    tmp_path: Path, event_cluster: EventCluster
) -> None:
    kind = door(tmp_path, 'cloudevents = "/doors/berlin"\n')
    found = headers(event_cluster, kind, kind(door_id="d", event_id=ID, recorded_at=TIME))
    schema = found.pop("ce_dataschema")
    assert re.fullmatch(r".+/schemas/ids/\d+", schema)
    assert found == {
        "ce_specversion": "1.0",
        "ce_type": "doors.DoorEvent",
        "ce_source": "/doors/berlin",
        "ce_id": str(ID),
        "ce_time": "2026-01-31T12:00:00Z",
        "content-type": "application/vnd.confluent.avro",
    }


def test_an_event_without_id_and_time_gets_those_of_sending(
    tmp_path: Path, event_cluster: EventCluster
) -> None:
    kind = door(tmp_path, 'cloudevents = "/d"\n')
    began = datetime.now(UTC)
    found = headers(event_cluster, kind, kind(door_id="d"))
    assert uuid.UUID(found["ce_id"]).version == 4
    assert began <= datetime.fromisoformat(found["ce_time"]) <= datetime.now(UTC)


def test_what_is_filled_in_is_what_the_headers_say(
    tmp_path: Path, event_cluster: EventCluster
) -> None:
    kind = door(tmp_path, 'cloudevents = "/d"\nfill = {event_id = "uuid", recorded_at = "now"}\n')
    found = headers(event_cluster, kind, kind(door_id="d"))
    sent = event_cluster.events(kind)[0]
    assert found["ce_id"] == str(sent.event_id)
    said = datetime.fromisoformat(found["ce_time"])
    assert abs((said - sent.recorded_at).total_seconds()) < 0.001


def test_a_trace_context_is_the_environments_or_a_new_one_for_each_event(
    tmp_path: Path, event_cluster: EventCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = door(tmp_path, "traceparent = true\n")
    monkeypatch.delenv("TRACEPARENT", raising=False)
    found = [headers(event_cluster, kind, kind(door_id="d"))["traceparent"] for _ in range(2)]
    assert found[0] != found[1]
    assert all(map(TRACE.fullmatch, found))
    given = f"00-{'a' * 32}-{'b' * 16}-01"
    monkeypatch.setenv("TRACEPARENT", given)
    assert headers(event_cluster, kind, kind(door_id="d")) == {"traceparent": given}
    monkeypatch.setenv("TRACEPARENT", "nonsense")
    assert TRACE.fullmatch(headers(event_cluster, kind, kind(door_id="d"))["traceparent"])


def test_opentelemetrys_context_comes_first(
    tmp_path: Path, event_cluster: EventCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its API is what `opentelemetry.trace` has, if the program has loaded it."""
    context = types.SimpleNamespace(is_valid=True, trace_id=10, span_id=11, trace_flags=1)
    span = types.SimpleNamespace(get_span_context=lambda: context)
    module = types.SimpleNamespace(get_current_span=lambda: span)
    monkeypatch.setitem(sys.modules, "opentelemetry.trace", module)
    kind = door(tmp_path, "traceparent = true\n")
    found = headers(event_cluster, kind, kind(door_id="d"))
    assert found == {"traceparent": f"00-{10:032x}-{11:016x}-01"}


def test_headers_that_the_caller_gives_count_over_these_and_stay_in_order(
    tmp_path: Path, event_cluster: EventCluster
) -> None:
    kind = door(tmp_path, 'traceparent = true\ncloudevents = "/d"\n')
    given = [("traceparent", b"mine"), ("site", b"A"), ("ce_source", b"/other")]
    found = headers(event_cluster, kind, kind(door_id="d"), headers=given)
    assert (found["traceparent"], found["site"], found["ce_source"]) == ("mine", "A", "/other")
    record = event_cluster.records(kind)[-1]
    assert [pair for pair in record.headers if pair[0] in found][-3:] == given


def test_an_event_that_asks_for_none_has_none(tmp_path: Path, event_cluster: EventCluster) -> None:
    kind = door(tmp_path, "traceparent = false\n")
    assert headers(event_cluster, kind, kind(door_id="d")) == {}


@pytest.mark.parametrize("line", ['cloudevents = ""', 'cloudevents = "a b"', "cloudevents = true"])
def test_a_source_that_is_none_is_refused(tmp_path: Path, line: str) -> None:
    with pytest.raises(ConfigError, match="cloudevents"):
        door(tmp_path, line + "\n")
