"""Secrets: whatever is malformed, and wherever it is shown, they do not come along."""

from __future__ import annotations

import os
import string
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freezer_events.config import Settings, property_options
from freezer_events.config.secrets import is_secret, redacted, without_credentials
from freezer_events.errors import ConfigError, UsageError
from tests.support.cli import Freezer

if TYPE_CHECKING:
    from pathlib import Path

SECRET = "Tops3cret"
MALFORMED = [
    f"http://key:{SECRET}/x@host",
    f"http://a,http://u:{SECRET}@b",
    f"http://a, u:{SECRET}@b",
    f"u:{SECRET}@h:80",
    f"{SECRET}@h:80",
    f"https://{SECRET}@h",
    f"http://u:x{SECRET}@y@h",
    f"http://u:{SECRET},1@h:80",
    f"http://u:1,{SECRET}@h:80",
    f"http://u:{SECRET}#@h",
    f"http://u:{SECRET}@[::1",
    f"http://h?token={SECRET}",
    f"ftp://u:{SECRET}@h",
]


@pytest.mark.parametrize("url", MALFORMED)
def test_no_form_of_an_address_shows_what_is_before_its_host(url: str) -> None:
    assert SECRET not in without_credentials(url)
    assert SECRET not in f"{property_values(url)}"
    for key in ("BOOTSTRAP_SERVERS", "SCHEMA_REGISTRY_URL", "TOPIC", "SSL_CA_LOCATION"):
        assert SECRET not in told(key, url), key


@given(
    # Marked, so that it is no word of the message around it.
    secret=st.text(string.printable, min_size=2).map(lambda text: f"z9{text}9z"),
    before=st.sampled_from(["", "http://", "https://", "http://a,http://", "h:1,"]),
    user=st.sampled_from(["key:", "", "a:b:"]),
    after=st.sampled_from(["host", "host:80", "host:80/path", "host,http://b", "[::1]:9", ""]),
)
def test_a_secret_in_the_place_of_an_account_is_never_shown(
    secret: str, before: str, user: str, after: str
) -> None:
    text = f"{before}{user}{secret}@{after}"
    if secret not in f"{before}@{after}":
        assert secret not in without_credentials(text)
        assert secret not in told("SCHEMA_REGISTRY_URL", text)
        assert secret not in told("BOOTSTRAP_SERVERS", text)


def told(key: str, value: str) -> str:
    """Return all that is said of a setting with this value, be it refused or shown."""
    try:
        settings = replace(Settings(), **{key.lower(): value})  # type: ignore[arg-type]
    except ConfigError as error:
        return str(error)
    return f"{settings.shown()} {settings.registry_address} {settings!r}"


def property_values(value: str) -> list[str | None]:
    names = ("client.id", "metadata.broker.list", "schema.registry.proxy", "never.heard.of.it")
    found: list[str | None] = []
    for name in names:
        try:
            found += [row.value for row in Settings(properties={name: value}).shown()]
        except ConfigError as error:
            found.append(str(error))
    return found


@pytest.mark.parametrize(
    ("address", "seen"),
    [
        ("https://me:x@registry", "https://registry"),
        ("http://a:1,http://u:x@b:2/c", "http://a:1,http://b:2/c"),
        ("http://[::1]:8081", "http://[::1]:8081"),
        ("mock://here", "mock://here"),
    ],
)
def test_the_address_itself_is_shown(address: str, seen: str) -> None:
    assert without_credentials(address) == seen


def test_an_email_address_is_no_account() -> None:
    assert redacted("me@example.com") == "me@example.com"


@pytest.mark.parametrize(
    "name",
    [
        "sasl.password",
        "ssl.key.password",
        "ssl.key.pem",
        "ssl_key",
        "ssl.keystore.password",
        "sasl.oauthbearer.config",
        "sasl.oauthbearer.client.secret",
        "sasl.oauthbearer.client.credentials.client.secret",
        "sasl.oauthbearer.assertion.private.key.passphrase",
        "sasl.oauthbearer.assertion.private.key.pem",
        "schema.registry.bearer.auth.token",
        "schema.registry.bearer.auth.client.secret",
        "schema.registry.basic.auth.user.info",
        "schema.registry.ssl.key.password",
    ],
)
def test_a_secret_is_hidden_and_refused_on_the_command_line(name: str) -> None:
    assert is_secret(name)
    assert SECRET not in str(Settings(properties={name: SECRET}).shown())
    with pytest.raises(UsageError, match="secret") as caught:
        property_options((f"{name}={SECRET}",))
    assert SECRET not in str(caught.value)


def test_a_property_is_hidden_unless_it_is_known_to_be_harmless() -> None:
    given = {"linger.ms": "5", "sasl.username": "me", "acme.login": SECRET, "PASSWD": SECRET}
    seen = {row.key: row.value for row in Settings(properties=given).shown()}
    assert (seen["linger.ms"], seen["sasl.username"]) == ("5", "me")
    assert seen["acme.login"] == seen["PASSWD"] == "(hidden)"


@pytest.mark.parametrize("line", [SECRET, f"PASS WORD {SECRET}", f"SASL_PASSWORD='{SECRET}", "A"])
def test_a_malformed_line_of_env_is_named_by_its_number(tmp_path: Path, line: str) -> None:
    path = tmp_path / ".env"
    path.write_text(f"TOPIC=t\n\n{line}\n")
    with pytest.raises(ConfigError, match=r"\.env:3: is not of the form") as caught:
        Settings.load(path)
    assert line not in str(caught.value)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("line", [SECRET, f"sasl.password {SECRET}=x", f"={SECRET}"])
def test_a_malformed_line_of_properties_is_named_by_its_number(tmp_path: Path, line: str) -> None:
    path = tmp_path / "client.properties"
    path.write_text(f"a=b\n{line}\n")
    with pytest.raises(ConfigError, match=r"client\.properties:2: is not of the form") as caught:
        Settings.load(options={"KAFKA_CONFIG": str(path)})
    assert SECRET not in str(caught.value)


@pytest.mark.skipif(os.name != "posix", reason="a file's mode says nothing there")
@pytest.mark.parametrize(
    "args",
    [
        ("produce", "--count", "1"),
        ("consume",),
        ("config",),
        ("schema", "status"),
        ("topics", "plan"),
    ],
)
def test_every_command_warns_once_of_secrets_that_others_can_read(
    tmp_path: Path, args: tuple[str, ...]
) -> None:
    path = tmp_path / ".env"
    path.write_text(f"SASL_USERNAME=me\nSASL_PASSWORD={SECRET}\n")
    path.chmod(0o640)
    freezer = Freezer(tmp_path)
    done = freezer(*args)
    assert done.stderr.count("warning: other users can read the secrets in .env") == 1
    assert SECRET not in done.stderr + done.stdout
    path.chmod(0o600)
    assert "warning" not in freezer(*args).stderr
    path.write_text("CLIENT_ID=me\n")
    path.chmod(0o644)
    assert "warning" not in freezer(*args).stderr
