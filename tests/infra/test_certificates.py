"""The local stack's certificates: good for localhost; what to install where none can be made."""

from __future__ import annotations

import ssl
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from freezer_events.errors import ConfigError
from freezer_infra.local import certificates

if TYPE_CHECKING:
    from pathlib import Path


def test_a_client_that_trusts_the_ca_trusts_what_it_issued(tmp_path: Path) -> None:
    certificates.write(tmp_path / "secrets", {"admin": "a", "freezer": "f"})
    keystore, ca = (tmp_path / "secrets" / name for name in ("keystore.pem", "ca.pem"))
    server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context(cafile=ca)
    server.load_cert_chain(keystore)
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    here = server.wrap_bio(to_server, to_client, server_side=True)
    there = client.wrap_bio(to_client, to_server, server_hostname="localhost")
    for side in (there, here, there, here):
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            continue
    certificate = there.getpeercert()
    assert certificate is not None
    assert ("DNS", "localhost") in certificate["subjectAltName"]


def test_without_cryptography_the_extra_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "cryptography", None)
    monkeypatch.delitem(sys.modules, "freezer_infra.local.authority", raising=False)
    monkeypatch.delattr("freezer_infra.local.authority", raising=False)
    with pytest.raises(ConfigError, match="cryptography is not installed") as caught:
        certificates.write(tmp_path / "secrets", {"admin": "a"})
    assert caught.value.fix == "pip install 'freezer-events[local]'"
    assert not (tmp_path / "secrets").exists()


def test_all_other_commands_do_without_cryptography() -> None:
    script = (
        "import sys; sys.modules['cryptography'] = None\n"
        "from freezer_events.cli import main; main(['local', '--help'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
