"""A client certificate that cannot be used: the file at fault is named, and nobody is asked."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives import serialization

from freezer_events import Settings
from freezer_events.doctor.clock import clock
from freezer_events.doctor.tls import tls
from freezer_events.errors import ConfigError
from freezer_events.registry.client import Registry
from tests.support.http_faults import FaultyRegistry
from tests.support.tls_server import Authority

if TYPE_CHECKING:
    from pathlib import Path

CERTIFICATE, KEY, PASSWORD = (
    f"ssl.{name}" for name in ("certificate.location", "key.location", "key.password")
)


def files(
    folder: Path, password: bytes | None, authority: Authority | None = None
) -> dict[str, str]:
    """Write a certificate and, in a file of its own, its key; the pair's properties."""
    certificate = (authority or Authority(folder)).issue("client")
    made = serialization.load_pem_private_key(certificate.read_bytes(), None)
    key = folder / "client.key"
    key.write_bytes(
        made.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.BestAvailableEncryption(password)
            if password
            else serialization.NoEncryption(),
        )
    )
    text = certificate.read_text()
    certificate.write_text(text[text.index("-----BEGIN CERTIFICATE") :])
    return {CERTIFICATE: str(certificate), KEY: str(key)}


def bad(folder: Path, fault: str) -> tuple[dict[str, str], str, str]:
    """Return properties with one fault, the property that is at fault, and what is said of it."""
    given = files(folder, b"s3same" if fault in {"encrypted", "password"} else None)
    match fault:
        case "encrypted":
            return given, KEY, f"is encrypted, and PREFIX{PASSWORD} is not set"
        case "password":
            return given | {PASSWORD: "0ther"}, PASSWORD, "does not open the key"
        case "no certificate":
            (folder / "client.pem").write_text("nothing")
            return given, CERTIFICATE, "holds no certificate"
        case "no key":
            (folder / "client.key").write_text("nothing")
            return given, KEY, "holds no private key"
    (folder / "other").mkdir()
    other = files(folder / "other", None)
    return given | {KEY: other[KEY]}, KEY, "is not the key of the certificate"


# OpenSSL asks /dev/tty, whatever standard input is: so the program has a terminal of its own.
ON_A_TERMINAL = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))"

FAULTS = ("encrypted", "password", "no certificate", "no key", "another key")


def settings(properties: dict[str, str]) -> Settings:
    return Settings(
        bootstrap_servers="127.0.0.1:1",
        security_protocol="SSL",
        schema_registry_url="https://127.0.0.1:1",
        properties=properties,
    )


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("prefix", ["", "schema.registry."])
def test_the_registrys_client_names_what_is_at_fault(
    tmp_path: Path, fault: str, prefix: str
) -> None:
    given, name, said = bad(tmp_path, fault)
    with pytest.raises(ConfigError) as caught:
        Registry.connect(settings({prefix + each: value for each, value in given.items()}))
    assert caught.value.doing == prefix + name
    assert said.replace("PREFIX", prefix) in caught.value.why
    assert "0ther" not in str(caught.value)


@pytest.mark.parametrize("fault", FAULTS)
def test_the_doctor_names_what_is_at_fault(tmp_path: Path, fault: str) -> None:
    given, name, said = bad(tmp_path, fault)
    with pytest.raises(ConfigError) as caught:
        tls(settings(given))
    assert caught.value.doing == name
    assert said.replace("PREFIX", "") in caught.value.why


@pytest.mark.parametrize("name", [CERTIFICATE, KEY])
def test_a_file_that_cannot_be_opened_is_named(tmp_path: Path, name: str) -> None:
    given = files(tmp_path, None) | {name: str(tmp_path)}
    with pytest.raises(ConfigError, match="cannot be read") as caught:
        Registry.connect(settings(given))
    assert caught.value.doing == name


@pytest.mark.parametrize("password", [None, b"s3same"])
def test_a_key_that_can_be_used_is(tmp_path: Path, password: bytes | None) -> None:
    given = files(tmp_path, password) | ({PASSWORD: password.decode()} if password else {})
    Registry.connect(settings(given)).close()


@pytest.mark.parametrize("password", [None, b"s3same"])
def test_the_doctor_asks_the_registrys_clock_with_it(
    tmp_path: Path, password: bytes | None
) -> None:
    authority = Authority(tmp_path)
    server, ca = authority.issue(), tmp_path / "ca.pem"
    given = files(tmp_path, password, authority) | (
        {PASSWORD: password.decode()} if password else {}
    )
    with FaultyRegistry(certificate=server, clients=ca) as registry:
        asked = replace(settings(given), schema_registry_url=registry.url, ssl_ca_location=str(ca))
        assert clock(asked).verdict == "ok"


@pytest.mark.parametrize(("args", "code"), [(("doctor",), 6), (("schema", "status"), 3)])
def test_nobody_is_asked_for_a_password_on_a_terminal(
    tmp_path: Path, args: tuple[str, ...], code: int
) -> None:
    given = files(tmp_path, b"s3same")
    (tmp_path / "p").write_text("".join(f"schema.registry.{k}={v}\n" for k, v in given.items()))
    (tmp_path / ".env").write_text(
        "KAFKA_CONFIG=p\nBOOTSTRAP_SERVERS=127.0.0.1:1\nSCHEMA_REGISTRY_URL=https://127.0.0.1:1\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", ON_A_TERMINAL, sys.executable, "-m", "freezer_events.cli", *args],
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert "pass phrase" not in done.stdout
    assert done.returncode == code, done.stdout
    assert "is encrypted" in done.stdout
