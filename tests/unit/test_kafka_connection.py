"""Asking a cluster that refuses, keeps silent or is gone: bounded, and the cause is told."""

from __future__ import annotations

import ast
import socket
import time
from typing import TYPE_CHECKING

import pytest
from confluent_kafka import KafkaError

from freezer_events import Settings
from freezer_events.errors import AccessError, ConfigError, EventError, UnreachableError
from freezer_events.kafka import codes
from freezer_events.kafka.topics import listed_partitions, partitions
from freezer_infra.admin.call import Admin
from freezer_infra.keys.accepted import Patience, until_cluster_accepts
from freezer_infra.local import probe
from tests.support.readme import ROOT
from tests.support.tls_server import silent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from freezer_events.testing import EventCluster

SOURCES = ("producer/freezer_events", "infra/freezer_infra")


@pytest.fixture
def closed() -> Iterator[str]:
    """Give an address where nobody listens: bound, so that nobody else takes it."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{held.getsockname()[1]}"


def told(ask: Callable[[], object]) -> EventError:
    with pytest.raises(EventError) as raised:
        ask()
    return raised.value


def test_a_refused_connection_is_told_as_the_cause_by_whoever_asked(closed: str) -> None:
    settings = Settings(bootstrap_servers=closed)
    for ask, fix in (
        (lambda: partitions(settings, "t", timeout_s=0.5), "BOOTSTRAP_SERVERS"),
        (lambda: listed_partitions(settings, "t", timeout_s=0.5), "BOOTSTRAP_SERVERS"),
        (lambda: Admin.connect(settings.kafka()).metadata("list topics"), "freezer local up"),
        (lambda: until_cluster_accepts(settings, "t", Patience(print, 0.0)), "run the same"),
    ):
        error = told(ask)
        assert isinstance(error, UnreachableError)
        assert "Connection refused" in error.why, error
        assert fix in error.fix
    assert "Connection refused" in str(probe.broker(settings.kafka()))


def test_a_port_that_never_answers_is_given_up_when_the_time_is_up() -> None:
    with silent() as address:
        settings = Settings(bootstrap_servers=address)
        for ask in (partitions, listed_partitions):
            error = told(lambda ask=ask: ask(settings, "t", timeout_s=0.5))  # type: ignore[misc]
            assert isinstance(error, UnreachableError)
            assert error.why == "no answer within 0.5 s"


def test_a_wait_that_ended_sooner_is_not_said_to_have_lasted_its_whole_time(closed: str) -> None:
    asked = iter((False, False, True))
    settings = Settings(bootstrap_servers=closed)
    error = told(lambda: partitions(settings, "t", timeout_s=60, stop=lambda: next(asked)))
    assert "no broker within" in error.why
    assert "60 s" not in error.why


def test_a_request_ends_when_it_is_told_to_stop() -> None:
    asked = iter((False, False, True))
    with silent() as address:
        begun = time.monotonic()
        error = told(
            lambda: partitions(
                Settings(bootstrap_servers=address), "t", timeout_s=60, stop=lambda: next(asked)
            )
        )
    assert isinstance(error, UnreachableError)
    assert time.monotonic() - begun < 30


def test_a_cluster_that_comes_up_while_it_is_asked_answers(event_cluster: EventCluster) -> None:
    event_cluster.cluster.create_topic("t", 5)
    event_cluster.cluster.take_down()
    error = told(lambda: listed_partitions(event_cluster.settings, "t", timeout_s=0.5))
    assert isinstance(error, UnreachableError)
    event_cluster.cluster.bring_up()
    assert listed_partitions(event_cluster.settings, "t") == 5


def test_a_property_that_librdkafka_refuses_is_named() -> None:
    error = told(lambda: Admin.connect({"bootstrap.servers": "b:1", "no.such.thing": "1"}))
    assert isinstance(error, ConfigError)
    assert "no.such.thing" in error.why


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (KafkaError._AUTHENTICATION, AccessError),
        (KafkaError.SASL_AUTHENTICATION_FAILED, AccessError),
        (KafkaError.TOPIC_AUTHORIZATION_FAILED, AccessError),
        (KafkaError.GROUP_AUTHORIZATION_FAILED, AccessError),
        (KafkaError.CLUSTER_AUTHORIZATION_FAILED, AccessError),
        (KafkaError.UNKNOWN_TOPIC_OR_PART, ConfigError),
        (KafkaError._TRANSPORT, UnreachableError),
        (KafkaError._SSL, UnreachableError),
        (KafkaError.BROKER_NOT_AVAILABLE, UnreachableError),
        (KafkaError.REQUEST_TIMED_OUT, UnreachableError),
        (KafkaError.INVALID_CONFIG, EventError),
    ],
)
def test_an_error_code_ends_with_one_exit_code_for_producers_and_provisioning(
    code: int, kind: type[EventError]
) -> None:
    error = KafkaError(code)
    assert type(codes.failure("do it", error, {})) is kind
    assert type(codes.explain(error, Settings(bootstrap_servers="b:1"), "t")) is kind


def test_a_request_without_an_answer_does_not_end_a_run_and_a_lost_broker_does() -> None:
    assert not codes.concerns_all(KafkaError(KafkaError.REQUEST_TIMED_OUT))
    assert codes.concerns_all(KafkaError(KafkaError._ALL_BROKERS_DOWN))


def test_only_the_kafka_package_builds_admin_clients_and_reads_error_codes() -> None:
    house = ROOT / "producer/freezer_events/kafka"
    others = [
        path
        for source in SOURCES
        for path in sorted((ROOT / source).rglob("*.py"))
        if house not in path.parents
    ]
    assert len(others) > 100
    assert [found for path in others for found in converses(path)] == []
    assert list(converses(house / "connection.py"))
    assert list(converses(house / "codes.py"))


def converses(path: Path) -> Iterator[str]:
    """Yield where a file builds an AdminClient, names an error code, or asks an error for its."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case (
                ast.Call(func=ast.Name(id="AdminClient") | ast.Attribute(attr="AdminClient"))
                | ast.Call(args=[ast.Name(id="AdminClient"), *_])
                | ast.Attribute(value=ast.Name(id="KafkaError"))
                | ast.Call(func=ast.Attribute(attr="code"), args=[])
            ):
                yield f"{path.name}:{node.lineno}: {ast.unparse(node)}"
            case _:
                pass
