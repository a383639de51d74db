"""The registry suite against servers that answer as Confluent's registry and as Karapace do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests

from freezer_events.config import Settings
from freezer_events.errors import SchemaError
from freezer_events.registry.client import Incompatible, Registry
from freezer_events.schema.levels import Level
from tests.support.confluent_registry import ConfluentRegistry, Karapace
from tests.support.evolution import V1, V2, door
from tests.support.registry_suite import INT, RegistrySuite

if TYPE_CHECKING:
    from collections.abc import Iterator


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
    server.readonly = True
    with pytest.raises(SchemaError, match="42205"):
        Registry.connect(Settings(schema_registry_url=server.url)).register("s", door(V1))


class Forgetful(ConfluentRegistry):
    """Takes the first schema and loses it again, as Apicurio 3 may under concurrent deletions."""

    def registered(self, name: str, number: int, text: str) -> Any:
        answer = super().registered(name, number, text)
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
