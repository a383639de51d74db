"""TLS servers in this process, with certificates as wrong as a test wants them."""

from __future__ import annotations

import ssl
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from socketserver import BaseRequestHandler, ThreadingTCPServer
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Authority:
    """A certificate authority of its own; `ca` is what clients trust."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name("test CA")
        made = self._sign(
            "test CA",
            self._key.public_key(),
            days=(-400, 400),
            extension=x509.BasicConstraints(ca=True, path_length=0),
        )
        self.ca = folder / "ca.pem"
        self.ca.write_bytes(made.public_bytes(serialization.Encoding.PEM))

    def issue(self, host: str = "localhost", days: tuple[int, int] = (-1, 30)) -> Path:
        """Write key and certificate of a server, valid in these days from now, to one file."""
        key = ec.generate_private_key(ec.SECP256R1())
        made = self._sign(
            host,
            key.public_key(),
            days=days,
            extension=x509.SubjectAlternativeName([x509.DNSName(host)]),
        )
        path = self._folder / f"{host}.pem"
        path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            + made.public_bytes(serialization.Encoding.PEM)
        )
        return path

    def _sign(
        self,
        name: str,
        key: ec.EllipticCurvePublicKey,
        *,
        days: tuple[int, int],
        extension: x509.ExtensionType,
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(_name(name))
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + timedelta(days=days[0]))
            .not_valid_after(now + timedelta(days=days[1]))
            .add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
            .sign(self._key, hashes.SHA256())
        )


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


@contextmanager
def serving(certificate: Path) -> Iterator[str]:
    """Shake hands with whoever connects; gives `localhost:port`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    class Handler(BaseRequestHandler):
        def handle(self) -> None:
            try:
                with context.wrap_socket(self.request, server_side=True) as encrypted:
                    encrypted.recv(1)
            except OSError:
                pass  # the client refused, which is what the test is about

    with _running(Handler) as address:
        yield address


@contextmanager
def saying(answer: bytes) -> Iterator[str]:
    """Answer the first bytes with these, in clear, and hang up; gives `localhost:port`."""

    class Handler(BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(4096)
            self.request.sendall(answer)

    with _running(Handler) as address:
        yield address


@contextmanager
def silent() -> Iterator[str]:
    """Take connections and never answer; gives `localhost:port`."""
    released = threading.Event()

    class Handler(BaseRequestHandler):
        def handle(self) -> None:
            released.wait(60)

    with _running(Handler) as address:
        yield address
        released.set()


@contextmanager
def _running(handler: type[BaseRequestHandler]) -> Iterator[str]:
    with ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"localhost:{server.server_address[1]}"
        server.shutdown()
