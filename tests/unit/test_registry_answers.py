"""The registry suite against servers that answer as Confluent's registry and as Karapace do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.serialization import MessageField, SerializationContext

from freezer_events.config import Settings
from freezer_events.errors import SchemaError
from freezer_events.events import FreezerReading
from freezer_events.registry.client import Incompatible, Registry, RuledSchema
from freezer_events.registry.serializer import EventSerializer
from freezer_events.schema.levels import Level
from tests.support.cli import Freezer
from tests.support.confluent_registry import ConfluentRegistry, Held, Karapace
from tests.support.evolution import INT, V1, V2, door, write_event
from tests.support.registry_suite import RegistrySuite

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(params=[ConfluentRegistry, Karapace])
def server(request: pytest.FixtureRequest) -> Iterator[ConfluentRegistry]:
    with request.param() as running:
        yield running


@pytest.fixture
def url(server: ConfluentRegistry) -> str:
    return server.url


@pytest.fixture
def subject() -> str:
    return "doors-value"


class TestRegistry(RegistrySuite):
    """Everything that must work on any registry."""


def test_a_readonly_registry_says_so(server: ConfluentRegistry) -> None:
    server.modes["s"] = "READONLY"
    with pytest.raises(SchemaError, match="42205"):
        Registry.connect(Settings(schema_registry_url=server.url)).register("s", door(V1))


class Forgetful(ConfluentRegistry):
    """Takes the first schema and loses it again, as Apicurio 3 may under concurrent deletions."""

    def registered(self, name: str, number: int, held: Held) -> Any:
        answer = super().registered(name, number, held)
        if not self.forgot:
            self.forgot = True
            del self._subjects[name].versions[number]
        return answer

    forgot = False


def test_a_schema_that_is_lost_at_once_is_registered_again() -> None:
    with (
        Forgetful() as server,
        Registry.connect(Settings(schema_registry_url=server.url)) as registry,
    ):
        made = registry.register("s", door(V1))
        assert registry.versions("s") == [made]


def test_a_deleted_version_is_not_there_and_its_id_still_is(server: ConfluentRegistry) -> None:
    registry = Registry.connect(Settings(schema_registry_url=server.url))
    made = registry.register("s", door(V1))
    assert requests.delete(f"{server.url}/subjects/s", timeout=5).json() == [1]
    fresh = Registry.connect(Settings(schema_registry_url=server.url))
    assert fresh.versions("s") == []
    assert fresh.schema_text(made.schema_id)
    again = fresh.register("s", door(V1))
    assert (again.version, again.schema_id) == (2, made.schema_id)


def test_the_recorded_answers_are_given() -> None:
    with ConfluentRegistry() as server:
        registry = Registry.connect(Settings(schema_registry_url=server.url))
        registry.register("x-value", door(V1))
        with requests.Session() as http:
            assert http.get(f"{server.url}/config").json() == {"compatibilityLevel": "BACKWARD"}
            none = http.get(f"{server.url}/config/x-value")
            assert (none.status_code, none.json()["error_code"]) == (404, 40408)
            bad = http.put(f"{server.url}/config/x-value", json={"compatibility": "SOME"})
            assert (bad.status_code, bad.json()["error_code"]) == (422, 42203)
            check = f"{server.url}/compatibility/subjects/x-value/versions"
            verdict = http.post(f"{check}/latest?verbose=true", json={"schema": door(INT)}).json()
            assert verdict["is_compatible"] is False
            assert verdict["messages"][0].startswith("{errorType:'TYPE_MISMATCH'")
            gone = http.post(f"{check}/9", json={"schema": door(V2)})
            assert (gone.status_code, gone.json()["error_code"]) == (404, 40402)
        with pytest.raises(Incompatible, match="oldSchemaVersion: 1"):
            registry.register("x-value", door(INT))
        assert registry.level("x-value") is None
        registry.set_level("x-value", Level.NONE)
        assert registry.level("x-value") == "NONE"


@pytest.mark.parametrize("mode", ["READONLY", "IMPORT"])
@pytest.mark.parametrize("of", ["", "doors-value"])
def test_a_dry_run_says_what_the_mode_forbids(
    server: ConfluentRegistry, tmp_path: Path, mode: str, of: str
) -> None:
    freezer = Freezer(tmp_path, {"SCHEMA_REGISTRY_URL": server.url})
    write_event(tmp_path, [V1], topic="doors")
    server.modes[of] = mode
    foreseen = freezer("schema", "register", "--dry-run")
    assert foreseen.returncode == 5
    assert f"its mode is {mode}" in foreseen.stderr
    assert freezer("schema", "register").returncode == 5


def test_a_dry_run_names_what_was_deleted_softly(server: ConfluentRegistry, tmp_path: Path) -> None:
    freezer = Freezer(tmp_path, {"SCHEMA_REGISTRY_URL": server.url})
    write_event(tmp_path, [V1], topic="doors")
    assert freezer("schema", "register").returncode == 0
    assert requests.delete(f"{server.url}/subjects/doors-value", timeout=5).json() == [1]
    foreseen = freezer("schema", "register", "--dry-run")
    assert foreseen.returncode == 0, foreseen.stderr
    assert "v1: would be registered; version 1 was the same, and is deleted" in foreseen.stdout
    done = freezer("schema", "register")
    assert "v1: registered as version 2, schema id 1" in done.stdout


def rule(name: str, kind: str, mode: str, **more: object) -> dict[str, object]:
    return {"name": name, "kind": "TRANSFORM", "type": kind, "mode": mode, **more}


@pytest.mark.parametrize(
    ("rules", "writes", "reads"),
    [
        ({"domainRules": [rule("hide", "ENCRYPT", "WRITEREAD")]}, False, False),
        ({"encodingRules": [rule("hide", "ENCRYPT_PAYLOAD", "WRITEREAD")]}, False, False),
        ({"domainRules": [rule("plausible", "CEL", "WRITE")]}, False, True),
        ({"domainRules": [rule("shown", "CEL_FIELD", "READ")]}, True, False),
        ({"migrationRules": [rule("split", "JSONATA", "UPGRADE")]}, True, False),
        ({"domainRules": [rule("off", "ENCRYPT", "WRITEREAD", disabled=True)]}, True, True),
    ],
)
@pytest.mark.parametrize("where", ["on the version", "on a later one of the same text"])
def test_what_a_rule_set_asks_of_clients_is_never_gone_around(
    server: ConfluentRegistry,
    rules: dict[str, Any],
    where: str,
    *,
    writes: bool,
    reads: bool,
) -> None:
    """What is on a topic under an encryption rule was never written in plain text by us."""
    url = f"{server.url}/subjects/freezer-temperatura-value/versions"
    schema = FreezerReading.__event__.schema
    if where != "on the version":
        assert requests.post(url, json={"schema": schema}, timeout=5).ok
    made = requests.post(url, json={"schema": schema, "ruleSet": rules}, timeout=5).json()
    client = SchemaRegistryClient({"url": server.url})
    serializer = EventSerializer(client, FreezerReading)
    context = SerializationContext("freezer-temperatura", MessageField.VALUE)
    event = FreezerReading(sensor_id="a", temperature=-3.0)
    for given in (event, {"sensor_id": "a", "temperature": -3.0}):
        if writes:
            assert serializer(given, context)
        else:
            with pytest.raises(RuledSchema, match="has rules that every writer must run"):
                serializer(given, context)
    registry = Registry.connect(Settings(schema_registry_url=server.url))
    if reads:
        assert registry.schema_text(made["id"])
    else:
        with pytest.raises(RuledSchema, match="has rules that every reader must run"):
            registry.schema_text(made["id"])
