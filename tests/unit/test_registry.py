"""The registry's failures, each by name and in bounded time; and the in-process one working."""

from __future__ import annotations

import signal
import socket
from typing import TYPE_CHECKING, Any

import pytest

from freezer_events.config import Settings
from freezer_events.errors import (
    AccessError,
    ConfigError,
    EventError,
    SchemaError,
    UnreachableError,
)
from freezer_events.registry.answers import NoSuchCall
from freezer_events.registry.client import (
    Incompatible,
    NotRegistered,
    Registry,
    same_schema,
    subject_name,
)
from freezer_events.schema.levels import Level
from tests.support.cli import Freezer
from tests.support.http_faults import FaultyRegistry

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SCHEMA = '{"type": "record", "name": "R", "fields": [{"name": "a", "type": "string"}]}'


def connect(url: str) -> Registry:
    return Registry.connect(Settings(schema_registry_url=url), timeout_s=1.0)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, {"error_code": 401, "message": "Unauthorized"}, AccessError),
        (403, {"error_code": 40301, "message": "denied"}, AccessError),
        (404, {"error_code": 40401, "message": "Subject 't-value' not found."}, NotRegistered),
        (404, {"error_code": 40403, "message": "Schema not found"}, NotRegistered),
        (404, b"<html>nginx</html>", NoSuchCall),
        (409, {"error_code": 409, "message": "READER_FIELD_MISSING"}, Incompatible),
        (422, {"error_code": 42201, "message": "Invalid schema"}, SchemaError),
        (500, {"error_code": 50001, "message": "store"}, UnreachableError),
        (503, b"", UnreachableError),
        (200, b"<html>welcome</html>", UnreachableError),
        (200, [1], UnreachableError),
        (200, b"null", UnreachableError),
        (200, {}, UnreachableError),
        (200, {"id": "1", "version": 1, "schema": SCHEMA}, UnreachableError),
        (204, b"", UnreachableError),
        (301, b"", UnreachableError),
        (404, {"error_code": "40401", "message": "text"}, NoSuchCall),
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


CALLS_OF_ALL: list[Callable[[Registry], Any]] = [
    lambda r: r.lookup("s", SCHEMA),
    lambda r: r.schema_text(1),
    lambda r: r.versions("s"),
    lambda r: r.level("s"),
    lambda r: r.register("s", SCHEMA),
    lambda r: r.set_level("s", Level.FULL),
]


@pytest.mark.parametrize("body", [b"null", b"[1,null]", b"7", b"<html>", b"", b'{"schema": 5}'])
@pytest.mark.parametrize("status", [200, 204, 400, 404, 503])
@pytest.mark.parametrize("cut", [False, True])
def test_no_call_takes_a_strange_answer_for_one(status: int, body: bytes, *, cut: bool) -> None:
    with FaultyRegistry(status=status, body=body, cut=cut and status == 200) as server:
        for call in CALLS_OF_ALL[:5]:
            if status == 200 and body == b'{"schema": 5}' and call is CALLS_OF_ALL[3]:
                continue  # a configuration that says nothing of a level
            with pytest.raises(UnreachableError) as caught:
                call(connect(server.url))
            assert caught.value.fix


@pytest.mark.parametrize("status", [408, 425, 429])
def test_a_registry_that_is_busy_is_to_be_asked_later(status: int) -> None:
    with (
        FaultyRegistry(status=status, body={"error_code": status, "message": "busy"}) as server,
        pytest.raises(UnreachableError, match="wait a little, then try again"),
    ):
        connect(server.url).lookup("t-value", SCHEMA)


@pytest.mark.parametrize("call", CALLS_OF_ALL)
def test_the_time_is_for_the_whole_answer(call: Callable[[Registry], Any]) -> None:
    """A byte now and then is in time for every read."""
    with (
        FaultyRegistry(drip=True, body=b"[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]" * 100) as server,
        pytest.raises(UnreachableError, match="in time"),
    ):
        call(connect(server.url))


@pytest.mark.parametrize("hang", [False, True])
def test_a_wait_for_an_answer_ends_when_it_is_told_to(*, hang: bool) -> None:
    with FaultyRegistry(body=b" " * 1000, hang=hang, drip=not hang) as server:
        registry = Registry.connect(Settings(schema_registry_url=server.url), timeout_s=100)
        registry.stop = lambda: bool(server.requests)
        with pytest.raises(UnreachableError, match="interrupted"):
            registry.lookup("t-value", SCHEMA)


def test_ctrl_c_ends_the_wait_for_an_answer() -> None:
    with FaultyRegistry(drip=True, body=b" " * 1000) as server:
        registry = Registry.connect(Settings(schema_registry_url=server.url), timeout_s=100)

        def interrupt() -> bool:
            if server.requests:
                signal.raise_signal(signal.SIGINT)
            return False

        registry.stop = interrupt
        with pytest.raises(KeyboardInterrupt):
            registry.lookup("t-value", SCHEMA)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("hang", [False, True])
def test_a_command_ends_by_a_signal_while_the_registry_keeps_it_waiting(
    tmp_path: Path, number: int, code: int, *, hang: bool
) -> None:
    with FaultyRegistry(body=b" " * 10_000, hang=hang, drip=not hang) as server:
        freezer = Freezer(tmp_path, {"SCHEMA_REGISTRY_URL": server.url})
        with freezer.start("schema", "status") as running:
            assert server.asked.wait(60)
            running.signal(number)
            _, said = running.rest()
            assert running.code == code, said
            assert "in time" not in said


@pytest.fixture
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.mark.usefixtures("_no_proxy")
@pytest.mark.parametrize(
    ("variable", "value", "kind"),
    [
        ("ALL_PROXY", "socks5://127.0.0.1:1", ConfigError),
        ("HTTP_PROXY", "ftp://u:hunter2@127.0.0.1:1", ConfigError),
        ("http_proxy", "http://u:hunter2@127.0.0.1:1", UnreachableError),
        ("ALL_PROXY", "http://u:hunter2@127.0.0.1:1", UnreachableError),
    ],
)
def test_a_proxy_that_does_not_serve_is_named(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, kind: type[EventError]
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(kind) as caught:
        connect("http://registry.example:8081").lookup("t-value", SCHEMA)
    assert variable in str(caught.value)
    assert caught.value.fix
    assert "hunter2" not in str(caught.value)


def test_a_ca_file_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere.pem")
    with pytest.raises(ConfigError, match=r"SSL_CERT_FILE: '/nowhere\.pem' does not exist\n  next"):
        connect("https://localhost:1")


def test_a_ca_file_that_is_none_is_named(tmp_path: Path) -> None:
    path = tmp_path / "ca.pem"
    path.write_text("no certificate")
    settings = Settings(schema_registry_url="https://localhost:1", ssl_ca_location=str(path))
    with pytest.raises(ConfigError, match="SSL_CA_LOCATION"):
        Registry.connect(settings)


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
