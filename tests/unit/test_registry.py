"""The registry's failures, each by name and in bounded time; and the in-process one working."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

import pytest

from freezer_events.config import Settings
from freezer_events.errors import AccessError, EventError, SchemaError, UnreachableError
from freezer_events.registry.client import (
    Incompatible,
    NotRegistered,
    Registry,
    same_schema,
    subject_name,
)
from tests.support.http_faults import FaultyRegistry

if TYPE_CHECKING:
    from collections.abc import Callable

SCHEMA = '{"type": "record", "name": "R", "fields": [{"name": "a", "type": "string"}]}'


def connect(url: str) -> Registry:
    return Registry.connect(Settings(schema_registry_url=url), timeout_s=0.3)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, {"error_code": 401, "message": "Unauthorized"}, AccessError),
        (403, {"error_code": 40301, "message": "denied"}, AccessError),
        (404, {"error_code": 40401, "message": "Subject 't-value' not found."}, NotRegistered),
        (404, {"error_code": 40403, "message": "Schema not found"}, NotRegistered),
        (404, b"<html>nginx</html>", UnreachableError),
        (409, {"error_code": 409, "message": "READER_FIELD_MISSING"}, Incompatible),
        (422, {"error_code": 42201, "message": "Invalid schema"}, SchemaError),
        (500, {"error_code": 50001, "message": "store"}, UnreachableError),
        (503, b"", UnreachableError),
        (200, b"<html>welcome</html>", UnreachableError),
        (200, [1], UnreachableError),
    ],
)
def test_every_answer_becomes_a_named_error(
    status: int, body: object, kind: type[EventError]
) -> None:
    with FaultyRegistry(status=status, body=body) as server:
        with pytest.raises(EventError) as caught:
            connect(server.url).lookup("t-value", SCHEMA)
        assert type(caught.value) is kind
        assert server.url in str(caught.value)


def test_a_registry_that_never_answers_is_given_up() -> None:
    with FaultyRegistry(hang=True) as server, pytest.raises(UnreachableError, match="in time"):
        connect(server.url).lookup("t-value", SCHEMA)


def test_a_registry_that_hangs_up_is_unreachable() -> None:
    with FaultyRegistry(hang_up=True) as server, pytest.raises(UnreachableError):
        connect(server.url).lookup("t-value", SCHEMA)


def test_a_refused_connection_is_unreachable() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
    with pytest.raises(UnreachableError, match="not reachable"):
        connect(url).lookup("t-value", SCHEMA)


def test_credentials_in_the_url_are_not_shown() -> None:
    with FaultyRegistry(status=401, body={"error_code": 401, "message": "no"}) as server:
        url = server.url.replace("http://", "http://me:hunter2@")
        with pytest.raises(AccessError) as caught:
            connect(url).lookup("t-value", SCHEMA)
    assert "hunter2" not in str(caught.value)


@pytest.fixture
def registry() -> Registry:
    return connect("mock://tests")


CALLS: list[Callable[[Registry], Any]] = [
    lambda r: r.schema_text(99),
    lambda r: r.schema_id("nowhere-value", SCHEMA),
]


@pytest.mark.parametrize("call", CALLS)
def test_what_is_not_registered_is_said_so(
    registry: Registry, call: Callable[[Registry], Any]
) -> None:
    with pytest.raises(NotRegistered):
        call(registry)


def test_registering_twice_gives_the_same_id(registry: Registry) -> None:
    first = registry.register("a-value", SCHEMA)
    assert registry.register("a-value", SCHEMA) == first
    assert registry.schema_id("a-value", SCHEMA) == first.schema_id
    assert same_schema(registry.schema_text(first.schema_id), SCHEMA)
    assert [each.version for each in registry.versions("a-value")] == [1]


def test_an_unknown_subject_has_no_versions(registry: Registry) -> None:
    assert registry.versions("nowhere-value") == []


def test_the_subject_follows_the_topic() -> None:
    assert subject_name("freezer-temperatura") == "freezer-temperatura-value"
