"""A registry that misbehaves on purpose: answers as told, hangs, or hangs up."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


@dataclass
class FaultyRegistry:
    """Answers every request the same way: a status and a body, or never, or not at all."""

    status: int = 200
    body: Any = field(default_factory=dict)
    hang: bool = False
    hang_up: bool = False
    requests: list[tuple[str, str]] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._released = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._released.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                outer.requests.append((self.command, self.path))
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
                self.wfile.write(data)

            do_GET = do_POST = do_PUT = do_DELETE = answer  # noqa: N815 - the names http.server calls

            def log_message(self, *_: Any) -> None:
                """Keep the test's output clean."""

        return Handler
