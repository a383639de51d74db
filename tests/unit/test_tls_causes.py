"""TLS that fails: the cause and its setting are named, by produce as by doctor, on both sides."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from freezer_events.config import Settings
from freezer_events.config.settings import REGISTRY_TIMEOUT_S
from freezer_events.errors import ConfigError, EventError, UnreachableError
from freezer_events.kafka import topics
from freezer_events.registry.client import Registry
from tests.support.http_faults import FaultyRegistry
from tests.support.tls_server import Authority, saying, serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SCHEMA = '"string"'


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture(autouse=True)
def _no_ca(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)


@contextmanager
def asking_kafka(certificate: Path | None, ca: Path | None) -> Iterator[Callable[[], object]]:
    with serving(certificate) if certificate else saying(b"") as address:
        settings = Settings(
            bootstrap_servers=address,
            security_protocol="SSL",
            ssl_ca_location=str(ca) if ca else None,
        )
        yield lambda: topics.partitions(settings, "t", timeout_s=3)


@contextmanager
def asking_registry(certificate: Path | None, ca: Path | None) -> Iterator[Callable[[], object]]:
    with FaultyRegistry(certificate=certificate) as server:
        settings = Settings(
            schema_registry_url=server.url.replace("http://", "https://"),
            ssl_ca_location=str(ca) if ca else None,
        )
        with Registry.connect(settings, 3) as registry:
            yield lambda: registry.lookup("s", SCHEMA)


@pytest.mark.parametrize(
    ("side", "setting", "address"),
    [
        (asking_kafka, "SSL_CA_LOCATION", "BOOTSTRAP_SERVERS"),
        (asking_registry, "SCHEMA_REGISTRY_SSL_CA_LOCATION", "SCHEMA_REGISTRY_URL"),
    ],
)
class TestCauses:
    def refused(self, side: Any, certificate: Path | None, ca: Path | None) -> EventError:
        with side(certificate, ca) as ask, pytest.raises(EventError) as caught:
            ask()
        return caught.value

    def test_a_certificate_for_another_host(
        self, authority: Authority, side: Any, setting: str, address: str
    ) -> None:
        error = self.refused(side, authority.issue("other.example"), authority.ca)
        assert type(error) is ConfigError
        assert "for another host than localhost" in error.why
        assert address in error.fix
        assert setting not in error.fix

    @pytest.mark.parametrize(
        ("days", "words"), [((-30, -1), "has expired"), ((1, 30), "is not valid yet")]
    )
    def test_a_certificate_out_of_its_time(
        self,
        authority: Authority,
        side: Any,
        setting: str,
        address: str,
        days: tuple[int, int],
        words: str,
    ) -> None:
        error = self.refused(side, authority.issue(days=days), authority.ca)
        assert type(error) is UnreachableError
        assert words in error.why
        assert "renew it" in error.fix
        assert setting not in error.fix + address

    def test_an_unknown_issuer(
        self, authority: Authority, side: Any, setting: str, address: str
    ) -> None:
        error = self.refused(side, authority.issue(), None)
        assert type(error) is ConfigError
        assert "unknown issuer" in error.why
        assert setting in error.fix
        assert address not in error.fix

    def test_a_port_without_tls(self, side: Any, setting: str, address: str) -> None:
        error = self.refused(side, None, None)
        assert type(error) is ConfigError
        assert "does not speak TLS on this port" in error.why
        assert address in error.fix
        assert setting not in error.fix


def test_a_port_with_tls_is_asked_without(authority: Authority) -> None:
    with serving(authority.issue()) as address, pytest.raises(ConfigError) as caught:
        topics.partitions(Settings(bootstrap_servers=address), "t", timeout_s=2)
    assert "this port speaks TLS" in caught.value.why


def test_one_ca_serves_both_sides_unless_the_registry_has_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = {name: str(tmp_path / name) for name in ("ours", "registrys", "systems")}
    for path in names.values():
        tmp_path.joinpath(path).touch()
    settings = Settings(
        bootstrap_servers="b:1", security_protocol="SSL", schema_registry_url="https://r"
    )
    assert trusted(settings) == (None, None)
    monkeypatch.setenv("SSL_CERT_FILE", names["systems"])
    assert trusted(settings) == (names["systems"], names["systems"])
    settings = replace(settings, ssl_ca_location=names["ours"])
    assert trusted(settings) == (names["ours"], names["ours"])
    settings = replace(settings, schema_registry_ssl_ca_location=names["registrys"])
    assert trusted(settings) == (names["ours"], names["registrys"])


def test_without_tls_ssl_cert_file_is_not_kafkas_business(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere.pem")
    assert "ssl.ca.location" not in Settings(bootstrap_servers="b:1").kafka()
    with pytest.raises(ConfigError, match="SSL_CERT_FILE"):
        Settings(bootstrap_servers="b:1", security_protocol="SSL").kafka()


def trusted(settings: Settings) -> tuple[str | None, str | None]:
    return settings.kafka().get("ssl.ca.location"), settings.registry().get("ssl.ca.location")


def test_the_client_certificate_of_kafka_is_shown_to_the_registry(authority: Authority) -> None:
    who = str(authority.issue("client"))
    own = str(authority.issue("other"))
    properties = {"ssl.certificate.location": who, "ssl.key.location": who}
    with FaultyRegistry(
        certificate=authority.issue(), clients=authority.ca, status=404, body={"error_code": 40401}
    ) as server:
        settings = Settings(
            bootstrap_servers="b:1",
            schema_registry_url=server.url,
            ssl_ca_location=str(authority.ca),
            properties=properties,
        )
        assert Registry.connect(settings, REGISTRY_TIMEOUT_S).versions("s") == []
    assert settings.kafka()["ssl.certificate.location"] == who
    settings = replace(
        settings,
        properties=properties | {"schema.registry.ssl.certificate.location": own},
    )
    conf = settings.registry()
    assert conf["ssl.certificate.location"] == own
    assert "ssl.key.location" not in conf  # both are in one file
    assert settings.kafka()["ssl.certificate.location"] == who


PROPERTIES = """\
bootstrap.servers=b:1
{prefix}bearer.auth.credentials.source=STATIC_TOKEN
{prefix}bearer.auth.token=t0ken
{prefix}bearer.auth.logical.cluster=lsrc-1
{prefix}bearer.auth.identity.pool.id=pool-1
"""


@pytest.mark.parametrize("prefix", ["", "schema.registry."])
def test_a_bearer_token_of_client_properties_reaches_the_registry(
    tmp_path: Path, prefix: str
) -> None:
    path = tmp_path / "client.properties"
    path.write_text(PROPERTIES.format(prefix=prefix))
    with FaultyRegistry(status=404, body={"error_code": 40401}) as server:
        given = {"KAFKA_CONFIG": str(path), "SCHEMA_REGISTRY_URL": server.url}
        settings = Settings.load(options=given)
        with Registry.connect(settings) as registry:
            assert registry.versions("s") == []
        sent = server.headers[0]
    assert sent["authorization"] == "Bearer t0ken"
    assert sent["target-sr-cluster"] == "lsrc-1"
    assert not [name for name in settings.kafka() if "bearer" in name]
    assert "t0ken" not in f"{settings!r} {settings.shown()}"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("schema.registry.ssl.truststore.location=/x.jks", "schema.registry.ssl.ca.location"),
        ("schema.registry.ssl.keystore.location=/x.jks", "ssl.certificate.location"),
        ("schema.registry.proxy.host=p", "schema.registry.proxy=http://host:port"),
        ("basic.auth.credentials.source=SASL_INHERIT", "basic.auth.user.info"),
        ("bearer.auth.credentials.source=SASL_OAUTHBEARER_INHERIT", "STATIC_TOKEN"),
        ("bearer.auth.custom.provider.class=com.acme.X", "token"),
        ("schema.registry.no.such=1", "bearer.auth.token"),
        ("sasl.jaas.config=x", "sasl.password"),
    ],
)
def test_what_only_java_knows_is_explained(tmp_path: Path, line: str, said: str) -> None:
    path = tmp_path / "client.properties"
    path.write_text(f"{line}\n")
    with pytest.raises(ConfigError, match=r"client\.properties:1: ") as caught:
        Settings.load(options={"KAFKA_CONFIG": str(path)})
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"ssl.certificate.location": "/no.pem"}, "ssl.certificate.location"),
        ({"schema.registry.ssl.key.location": "/no.pem"}, "schema.registry.ssl.key.location"),
        ({"message.max.bytes": "1MB"}, "message.max.bytes"),
        ({"schema.registry.bearer.auth.credentials.source": "OAUTHBEARER"}, "bearer.auth"),
    ],
)
def test_a_property_that_cannot_be_used_is_named(given: dict[str, str], named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        Registry.connect(Settings(schema_registry_url="https://r", properties=given))
