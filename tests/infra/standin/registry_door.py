"""The cloud's door to its Schema Registry: keys and roles, before a registry that has neither.

It knows the stand-in's keys: a person's key may do everything, a service account's key may read
the subjects it has a role on.
"""

from __future__ import annotations

import base64
import http.client
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.infra.standin.harness import Standin

_KEPT = ("content-type", "accept")


@contextmanager
def door(standin: Standin, registry_url: str) -> Iterator[str]:
    """Give the URL of a registry that asks for the stand-in's keys."""

    class Handler(_Handler):
        cloud = standin
        behind = urlsplit(registry_url)

    server = _Server(("localhost", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://localhost:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """Pass over a caller that hangs up; doctor reads headers only."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type] # as it came


class _Handler(BaseHTTPRequestHandler):
    cloud: Standin
    behind: SplitResult
    protocol_version = "HTTP/1.1"

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        status = self._verdict()
        if status:
            self._reply(status, b'{"error_code": %d, "message": "refused"}' % status)
            return
        self._reply(*self._ask(body))

    do_GET = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815 - http.server's names

    def _verdict(self) -> int:
        """Give 401 for no valid key, 403 for no right, 0 for come in."""
        key, _, secret = _credentials(self.headers.get("Authorization", "")).partition(":")
        state = self.cloud.state()
        kept = state["api_keys"].get(key)
        if kept is None or kept["secret"] != secret or kept["resource"].startswith("lkc-"):
            return 401
        if not kept["owner"].startswith("sa-"):
            return 0
        roles = [
            role
            for role in state["role_bindings"]
            if role["principal"] == f"User:{kept['owner']}" and role["resource_type"] == "Subject"
        ]
        return 0 if self._reads(roles) else 403

    def _reads(self, roles: list[dict[str, str]]) -> bool:
        parts = [unquote(part) for part in urlsplit(self.path).path.split("/") if part]
        looks_up = self.command == "POST" and parts[:1] == ["subjects"] and len(parts) == 2
        if self.command != "GET" and not looks_up:
            return False
        if parts[:1] != ["subjects"] or len(parts) == 1:
            return True
        return any(
            parts[1].startswith(role["name"])
            if role["pattern_type"] == "PREFIXED"
            else parts[1] == role["name"]
            for role in roles
        )

    def _ask(self, body: bytes) -> tuple[int, bytes]:
        where = self.behind
        to = http.client.HTTPConnection(where.hostname or "", where.port, timeout=20)
        try:
            kept = {name: self.headers[name] for name in _KEPT if name in self.headers}
            to.request(self.command, where.path.rstrip("/") + self.path, body or None, kept)
            answer = to.getresponse()
            return answer.status, answer.read()
        finally:
            to.close()

    def _reply(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/vnd.schemaregistry.v1+json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        """Keep quiet; tests look at answers."""


def _credentials(header: str) -> str:
    kind, _, text = header.partition(" ")
    return base64.b64decode(text).decode() if kind == "Basic" else ""
