"""A registry that misbehaves on purpose: answers as told, hangs, drips, breaks off or hangs up."""

from __future__ import annotations

import json
import ssl
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from pathlib import Path


@dataclass
class FaultyRegistry:
    """Answers every request the same way: a status and a body, or never, or not at all.

    With `drip` it sends a byte of the body from time to time, with `cut` only half of it. With a
    `certificate` (key and certificate in one file) it speaks TLS; with `clients` those must show
    one that this authority signed.
    """

    status: int = 200
    body: Any = field(default_factory=dict)
    hang: bool = False
    hang_up: bool = False
    drip: bool = False
    cut: bool = False
    certificate: Path | None = None
    clients: Path | None = None
    requests: list[tuple[str, str]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    asked: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        self._released = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        if self.certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self.certificate)
            if self.clients:
                context.load_verify_locations(self.clients)
                context.verify_mode = ssl.CERT_REQUIRED
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._released.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        if self.certificate:
            return f"https://localhost:{self._server.server_port}"
        return f"http://127.0.0.1:{self._server.server_port}"

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                outer.asked.set()
                outer.requests.append((self.command, self.path))
                outer.headers.append({k.lower(): v for k, v in self.headers.items()})
                if outer.hang:
                    outer._released.wait(60)
                if outer.hang or outer.hang_up:
                    self.close_connection = True
                    return
                body = outer.body
                data = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response(outer.status)
                self.send_header("Content-Type", "application/vnd.schemaregistry.v1+json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                if outer.drip:
                    with suppress(ConnectionError):  # whoever asked has given up
                        self._drip(data)
                    return
                if outer.cut:
                    self.close_connection = True
                self.wfile.write(data[: len(data) // 2] if outer.cut else data)

            def _drip(self, data: bytes) -> None:
                for byte in data:
                    if outer._released.wait(0.1):
                        return
                    self.wfile.write(bytes([byte]))

            do_GET = do_POST = do_PUT = do_DELETE = answer  # noqa: N815 - the names http.server calls

            def log_message(self, *_: Any) -> None:
                """Keep the test's output clean."""

        return Handler
