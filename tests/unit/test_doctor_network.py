"""DNS, TCP and TLS against real sockets: each way in which a connection does not come about."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from freezer_events import Settings
from freezer_events.doctor.network import dns, reachable, tcp
from freezer_events.doctor.tls import tls
from freezer_events.doctor.verdicts import Check, Step, run
from freezer_events.errors import ConfigError
from freezer_events.kafka.servers import Server, servers
from tests.support.tls_server import Authority, saying, serving, silent

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def closed() -> Iterator[str]:
    """Give an address where nobody listens: bound, so that nobody else takes it."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"localhost:{held.getsockname()[1]}"


def ssl_settings(
    address: str, ca: Path | None = None, properties: dict[str, str] | None = None
) -> Settings:
    return Settings(
        bootstrap_servers=address,
        security_protocol="SSL",
        ssl_ca_location=str(ca) if ca else None,
        properties=properties or {},
    )


def failure(check: Check, *words: str) -> Check:
    assert check.verdict == "fail", check
    assert check.blocks
    assert check.fix
    for word in words:
        assert word in check.detail
    return check


def test_servers_are_read_as_librdkafka_reads_them() -> None:
    listed = "SASL_SSL://a.example:9094, b.example:1,[::1]:9092,a.example:9094"
    found = servers(Settings(bootstrap_servers=listed))
    assert found == [Server("a.example", 9094), Server("b.example", 1), Server("::1", 9092)]
    assert str(found[2]) == "[::1]:9092"
    alone = Settings(bootstrap_servers="a:1", properties={"bootstrap.servers": "broker"})
    assert servers(alone) == [Server("broker", 9092)]


def test_a_host_without_address_is_named() -> None:
    check = failure(dns(Settings(bootstrap_servers="no-such-host.invalid:9092")), "no address")
    assert "no-such-host.invalid:9092" in check.detail
    assert check.exit_code == 6


def test_one_bootstrap_server_of_two_is_enough_and_the_other_is_named() -> None:
    check = dns(Settings(bootstrap_servers="no-such-host.invalid:9092,localhost:9092"))
    assert check.verdict == "warn"
    assert not check.blocks
    assert "no-such-host.invalid" in check.detail


def test_a_port_where_nobody_listens_is_named(closed: str) -> None:
    assert failure(tcp(Settings(bootstrap_servers=closed)), closed, "refused").exit_code == 6


def test_brokers_that_the_cluster_names_and_nobody_reaches_are_the_clusters_to_mend() -> None:
    with saying(b"") as address:
        here = Server("localhost", int(address.rpartition(":")[2]))
        away = Server("kafka.invalid", 19092)
        assert reachable("brokers", [here], "mend it").verdict == "ok"
        assert reachable("brokers", [here, away], "mend it").verdict == "warn"
        check = failure(reachable("brokers", [away], "mend it"), "kafka.invalid:19092")
    assert check.fix == "mend it"


def test_a_certificate_that_fits_passes(authority: Authority) -> None:
    with serving(authority.issue()) as address:
        check = tls(ssl_settings(address, authority.ca))
    assert check.verdict == "ok", check
    assert "certificate until" in check.detail


@pytest.mark.parametrize(
    ("host", "days", "words", "code"),
    [
        ("localhost", (-30, -1), "has expired", 6),
        ("localhost", (1, 30), "not valid yet", 6),
        ("broker.example", (-1, 30), "for another host than localhost", 3),
    ],
)
def test_a_certificate_that_does_not_fit_says_how(
    authority: Authority, host: str, days: tuple[int, int], words: str, code: int
) -> None:
    with serving(authority.issue(host, days)) as address:
        check = tls(ssl_settings(address, authority.ca))
    assert failure(check, address, words).exit_code == code


def test_an_unknown_issuer_asks_for_its_ca_file(authority: Authority) -> None:
    with serving(authority.issue()) as address:
        check = tls(ssl_settings(address))
    assert "SSL_CA_LOCATION" in failure(check, "unknown issuer").fix
    assert check.exit_code == 3


def test_checks_that_the_client_leaves_out_are_left_out_here_and_said(authority: Authority) -> None:
    with serving(authority.issue("broker.example")) as address:
        unverified = {"enable.ssl.certificate.verification": "false"}
        no_name = {"ssl.endpoint.identification.algorithm": "none"}
        assert tls(ssl_settings(address, authority.ca, no_name)).verdict == "ok"
        unchecked = tls(ssl_settings(address, None, unverified))
    assert unchecked.verdict == "warn"
    assert "nobody checks" in unchecked.detail


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n"])
def test_a_plaintext_port_is_recognised(answer: bytes) -> None:
    with saying(answer) as address:
        check = tls(ssl_settings(address))
    assert "SECURITY_PROTOCOL=PLAINTEXT" in failure(check, "does not speak TLS").fix
    assert check.exit_code == 3


def test_a_server_that_takes_connections_and_never_answers_is_given_up() -> None:
    with silent() as address:
        check = tls(ssl_settings(address), timeout_s=0.3)
    assert failure(check, "no TLS answer within 0.3 s").exit_code == 6


def test_without_tls_there_is_nothing_to_check_and_nothing_to_wait_for() -> None:
    check = tls(Settings(bootstrap_servers="localhost:9092"))
    assert check.verdict == "skip"
    assert not check.blocks


def test_a_ca_file_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("no certificate")
    settings = ssl_settings("localhost:9092", tmp_path / "ca.pem")
    with pytest.raises(ConfigError, match=r"SSL_CA_LOCATION.*ca\.pem"):
        tls(settings)
    (check,) = run([Step("tls", lambda: tls(settings))], 30)
    assert check.exit_code == 3
