"""Settings: precedence, where a value came from, what is refused, and that secrets stay hidden."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from freezer_events.config import Settings, property_options
from freezer_events.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

SECRET = "s3cr$t${HOME}#x"


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("BOOTSTRAP_SERVERS", "TOPIC", "CLIENT_ID", "KAFKA_CONFIG", "SCHEMA_REGISTRY_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)  # some machines trust by it


def env_file(tmp_path: Path, text: str, name: str = ".env") -> Path:
    path = tmp_path / name
    path.write_bytes(text.encode())
    return path


def test_option_beats_environment_beats_env_file_beats_properties_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    env_file(tmp_path, "client.id=p\nbootstrap.servers=p:1\nlinger.ms=7\n", "client.properties")
    env_file(tmp_path, "KAFKA_CONFIG=client.properties\nCLIENT_ID=file\nTOPIC=file\n")
    monkeypatch.setenv("TOPIC", "environment")
    monkeypatch.setenv("CLIENT_ID", "environment")

    settings = Settings.load(options={"CLIENT_ID": "option"})

    assert settings.client_id == "option"
    assert settings.topic == "environment"
    assert settings.bootstrap_servers == "p:1"
    assert settings.kafka()["linger.ms"] == "7"
    assert settings.origins == {
        "CLIENT_ID": "option",
        "TOPIC": "environment",
        "KAFKA_CONFIG": ".env",
        "BOOTSTRAP_SERVERS": "client.properties",
        "linger.ms": "client.properties",
    }


def test_a_property_option_beats_the_properties_file(tmp_path: Path) -> None:
    env_file(tmp_path, "linger.ms=7\n", "client.properties")
    env_file(tmp_path, "BOOTSTRAP_SERVERS=b:1\nKAFKA_CONFIG=client.properties\n")
    assert Settings.load(properties={"linger.ms": "9"}).kafka()["linger.ms"] == "9"


def test_a_dollar_in_a_secret_is_not_expanded(tmp_path: Path) -> None:
    env_file(tmp_path, f"BOOTSTRAP_SERVERS=b:1\nSASL_USERNAME=u\nSASL_PASSWORD='{SECRET}'\n")
    assert Settings.load().kafka()["sasl.password"] == SECRET


def test_an_env_file_from_windows_is_read(tmp_path: Path) -> None:
    env_file(tmp_path, "\ufeffBOOTSTRAP_SERVERS=b:1\r\nexport TOPIC=t\r\n")
    settings = Settings.load()
    assert (settings.bootstrap_servers, settings.topic) == ("b:1", "t")


def test_the_local_stack_is_found_when_there_is_no_env_file(tmp_path: Path) -> None:
    env_file(tmp_path, "BOOTSTRAP_SERVERS=localhost:9092\n", ".env.local")
    assert Settings.load().origins["BOOTSTRAP_SERVERS"] == ".env.local"
    env_file(tmp_path, "BOOTSTRAP_SERVERS=cloud:9092\n")
    assert Settings.load().bootstrap_servers == "cloud:9092"


def test_credentials_mean_sasl_ssl_with_plain_and_none_mean_plaintext() -> None:
    with_credentials = Settings(bootstrap_servers="b:1", sasl_username="u", sasl_password="p")
    assert with_credentials.kafka() == {
        "bootstrap.servers": "b:1",
        "client.id": "freezer",
        "security.protocol": "SASL_SSL",
        "sasl.mechanism": "PLAIN",
        "sasl.username": "u",
        "sasl.password": "p",
    }
    assert Settings(bootstrap_servers="b:1").kafka()["security.protocol"] == "PLAINTEXT"


def test_the_clouds_client_properties_configure_cluster_and_registry(tmp_path: Path) -> None:
    path = env_file(
        tmp_path,
        "# Required connection configs\n"
        "bootstrap.servers=pkc-1.cloud:9092\nsecurity.protocol=SASL_SSL\nsasl.mechanisms=PLAIN\n"
        "sasl.username=KEY\nsasl.password=a=b\nsession.timeout.ms=45000\n"
        "schema.registry.url=https://psrc-1.cloud\nbasic.auth.credentials.source=USER_INFO\n"
        "basic.auth.user.info=SRKEY:SR:SECRET\n",
        "client.properties",
    )
    settings = Settings.load(options={"KAFKA_CONFIG": str(path)})
    assert settings.kafka()["sasl.password"] == "a=b"
    assert settings.registry()["basic.auth.user.info"] == "SRKEY:SR:SECRET"
    assert settings.properties == {"session.timeout.ms": "45000"}


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("BOOTSTRAP_SERVERS=localhost", "BOOTSTRAP_SERVERS"),
        ("BOOTSTRAP_SERVERS=a:1,b", "BOOTSTRAP_SERVERS"),
        ("BOOTSTRAP_SERVERS=http://a:1/", "BOOTSTRAP_SERVERS"),
        ("BOOTSTRAP_SERVERS=a:99999", "BOOTSTRAP_SERVERS"),
        (f"SASL_PASSWORD={SECRET}", "SASL_USERNAME"),
        ("SASL_USERNAME=u", "SASL_PASSWORD"),
        ("SECURITY_PROTOCOL=TLS", "SECURITY_PROTOCOL"),
        (
            f"SECURITY_PROTOCOL=PLAINTEXT\nSASL_USERNAME=u\nSASL_PASSWORD={SECRET}",
            "SECURITY_PROTOCOL",
        ),
        ("SASL_MECHANISM=DIGEST", "SASL_MECHANISM"),
        ("TOPIC=a b", "TOPIC"),
        ("TOPIC=..", "TOPIC"),
        ("SCHEMA_REGISTRY_URL=localhost:8081", "SCHEMA_REGISTRY_URL"),
        ("SCHEMA_REGISTRY_URL=https://user:pass@", "SCHEMA_REGISTRY_URL"),
        ("SCHEMA_REGISTRY_API_KEY=k", "SCHEMA_REGISTRY_API_SECRET"),
        (f"SCHEMA_REGISTRY_API_SECRET={SECRET}", "SCHEMA_REGISTRY_API_KEY"),
        ("SSL_CA_LOCATION=nowhere.pem", "SSL_CA_LOCATION"),
        ("SCHEMA_REGISTRY_URL=http://[::1:8081", "SCHEMA_REGISTRY_URL"),
        ("SCHEMA_REGISTRY_URL=http://::1:8081", "SCHEMA_REGISTRY_URL"),
        ("SCHEMA_REGISTRY_URL=http://h:8o81", "SCHEMA_REGISTRY_URL"),
        ("SCHEMA_REGISTRY_URL=http://h:99999", "SCHEMA_REGISTRY_URL"),
        ("SCHEMA_REGISTRY_URL=http://a,,http://b", "SCHEMA_REGISTRY_URL"),
        ("BOOTSTRAP_SERVERS=[::1:9092", "BOOTSTRAP_SERVERS"),
        ("BOOTSTRAP_SERVERS=::1:9092", "BOOTSTRAP_SERVERS"),
        ("KAFKA_CONFIG=nowhere.properties", "KAFKA_CONFIG"),
    ],
)
def test_a_malformed_value_is_named_and_no_secret_shown(
    tmp_path: Path, text: str, key: str
) -> None:
    env_file(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        Settings.load()
    assert caught.value.doing == key
    assert SECRET not in str(caught.value)
    assert "pass" not in str(caught.value)


@pytest.mark.parametrize("servers", ["[::1]:9092", "SASL_SSL://h:9092", "a:1, b:2", "10.0.0.1:9"])
def test_addresses_as_people_write_them_are_accepted(servers: str) -> None:
    assert Settings(bootstrap_servers=servers).kafka()["bootstrap.servers"] == servers


def test_missing_addresses_are_named_when_they_are_needed() -> None:
    with pytest.raises(ConfigError, match="BOOTSTRAP_SERVERS"):
        Settings().kafka()
    with pytest.raises(ConfigError, match="SCHEMA_REGISTRY_URL"):
        Settings().registry()


def test_an_env_file_that_was_named_must_exist(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"other\.env"):
        Settings.load(tmp_path / "other.env")


def test_an_env_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"TOPIC=\xff\xfe\n")
    with pytest.raises(ConfigError, match="not UTF-8"):
        Settings.load()


@pytest.mark.parametrize("line", ["no equals sign", "=value", "sasl.jaas.config=x required y=z;"])
def test_a_bad_line_of_the_properties_file_is_named(tmp_path: Path, line: str) -> None:
    env_file(tmp_path, f"a=b\n\n{line}\n", "client.properties")
    with pytest.raises(ConfigError, match=r"client\.properties:3") as caught:
        Settings.load(options={"KAFKA_CONFIG": "client.properties"})
    assert "required" not in str(caught.value)


def test_nothing_that_is_shown_holds_a_secret() -> None:
    settings = Settings(
        bootstrap_servers="b:1",
        sasl_username="u",
        sasl_password=SECRET,
        schema_registry_url=f"https://me:{SECRET.replace('#', '')}@registry",
        properties={"ssl.key.password": SECRET, "linger.ms": "5"},
    )
    shown = {row.key: row.value for row in settings.shown()}
    assert SECRET not in repr(settings) + repr(settings.shown()) + settings.registry_address
    assert shown["SASL_PASSWORD"] == shown["ssl.key.password"] == "(hidden)"
    assert shown["SCHEMA_REGISTRY_URL"] == "https://registry"
    assert shown["linger.ms"] == "5"
    assert shown["SECURITY_PROTOCOL"] == "SASL_SSL"
    assert shown["TOPIC"] is None


@pytest.mark.parametrize(
    "name",
    ["sasl.password", "ssl.key.password", "ssl.key.pem", "sasl.oauthbearer.client.secret"],
)
def test_a_secret_on_the_command_line_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="secret") as caught:
        property_options((f"{name}=hunter2",))
    assert "hunter2" not in str(caught.value)


def test_property_options_are_pairs() -> None:
    assert property_options(("linger.ms=5", "a=b=c")) == {"linger.ms": "5", "a": "b=c"}
    with pytest.raises(UsageError, match="property=value"):
        property_options(("linger.ms",))


@pytest.mark.parametrize(
    "text",
    [
        "SCHEMA_REGISTRY_URL=http://[::1:8081",
        "SCHEMA_REGISTRY_URL=http://::1:8081",
        "BOOTSTRAP_SERVERS=[::1:9092",
        "BOOTSTRAP_SERVERS=::1:9092",
    ],
)
def test_an_ipv6_address_is_to_stand_in_brackets(tmp_path: Path, text: str) -> None:
    env_file(tmp_path, text)
    with pytest.raises(ConfigError, match="stands in brackets"):
        Settings.load()


# Secrets in files


@pytest.mark.parametrize("key", ["SASL_PASSWORD", "SCHEMA_REGISTRY_API_SECRET"])
@pytest.mark.parametrize("named_in", ["environment", ".env"])
def test_a_secret_may_be_in_a_file_that_is_mounted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str, named_in: str
) -> None:
    (tmp_path / "secret").write_text(f"{SECRET}\n")
    who = {
        "SASL_PASSWORD": "SASL_USERNAME",
        "SCHEMA_REGISTRY_API_SECRET": "SCHEMA_REGISTRY_API_KEY",
    }
    lines = f"{who[key]}=me\n"
    if named_in == ".env":
        lines += f"{key}_FILE={tmp_path / 'secret'}\n"
    else:
        monkeypatch.setenv(f"{key}_FILE", str(tmp_path / "secret"))
    env_file(tmp_path, lines)
    settings = Settings.load()
    assert getattr(settings, key.lower()) == SECRET
    assert settings.origins[key] == f"{named_in}: {key}_FILE"
    assert SECRET not in repr(settings.shown())


def test_a_file_in_the_environment_counts_over_a_value_in_env(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "secret").write_text(SECRET)
    env_file(tmp_path, "SASL_USERNAME=me\nSASL_PASSWORD=old\n")
    monkeypatch.setenv("SASL_PASSWORD_FILE", "secret")
    assert Settings.load().sasl_password == SECRET


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ("SASL_PASSWORD_FILE=missing\n", "No such file"),
        ("SASL_PASSWORD_FILE=empty\n", "is empty"),
        ("SASL_PASSWORD_FILE=.\n", "Is a directory"),
        (f"SASL_PASSWORD_FILE=empty\nSASL_PASSWORD={SECRET}\n", "and so is SASL_PASSWORD"),
    ],
)
def test_a_file_that_holds_no_secret_is_named(tmp_path: Path, lines: str, why: str) -> None:
    (tmp_path / "empty").write_text("\n")
    env_file(tmp_path, f"SASL_USERNAME=me\n{lines}")
    with pytest.raises(ConfigError, match=why) as raised:
        Settings.load()
    assert "SASL_PASSWORD_FILE" in raised.value.doing
    assert SECRET not in str(raised.value)
