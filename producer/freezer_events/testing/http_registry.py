"""The registry of a test's cluster, over HTTP: for services that connect by their own settings.

It speaks as much of Confluent's REST API as looking up, reading and registering Avro schemas takes
(https://docs.confluent.io/platform/current/schema-registry/develop/api.html), and can be broken.
"""

from __future__ import annotations

import json
import threading
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Final, Literal
from urllib.parse import unquote, urlsplit

from freezer_events.registry.client import same_schema
from freezer_events.registry.in_memory import IN_PROCESS

if TYPE_CHECKING:
    from freezer_events.registry.in_memory import MemoryRegistry

    Fault = Literal["refuse", "hang"] | int

_NOT_FOUND: Final = 404
_TYPE: Final = "application/vnd.schemaregistry.v1+json"


class HttpRegistry:
    """Serves a registry in memory on a free port of this machine.

    Args:
        registry: what is served.

    Attributes:
        url: for SCHEMA_REGISTRY_URL. Its path is its own, so that ids which another one gave are
            never taken for those of this one.
        fault: how requests fail: "hang" (never an answer) or an HTTP status; None: they do not.

    """

    def __init__(self, registry: MemoryRegistry) -> None:
        self._registry = registry
        self._root = f"{IN_PROCESS}{uuid.uuid4().hex}"
        self.fault: Literal["hang"] | int | None = None
        self._mended = threading.Event()
        self._server: ThreadingHTTPServer | None = None
        self._port = self._listen(0)
        self.url = f"http://127.0.0.1:{self._port}{self._root}"

    def fail(self, how: Fault) -> None:
        """Fail from now on: "refuse" connections, "hang", or answer with an HTTP status."""
        self.mend()
        if how == "refuse":
            self._stop()
        else:
            self._mended.clear()
            self.fault = how

    def mend(self) -> None:
        """Answer again."""
        self.fault = None
        self._mended.set()
        if self._server is None:
            self._listen(self._port)

    def close(self) -> None:
        """Stop serving."""
        self.fault = None
        self._mended.set()
        self._stop()

    def answer(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        """Return status and body of the answer to a request."""
        if isinstance(self.fault, int):
            return self.fault, {"error_code": self.fault * 100, "message": "as the test told it"}
        if self.fault is not None:
            self._mended.wait()
        place = path.removeprefix(self._root).strip("/").split("/")
        return self._read(place) if method == "GET" else self._write(place, body)

    def _read(self, place: list[str]) -> tuple[int, Any]:
        client = self._registry.client
        found, code = None, _NOT_FOUND
        match place:
            case ["schemas", "ids", number]:
                found, code = _texts(client).get(number), 40403
            case ["subjects"]:
                return 200, client.get_subjects()
            case ["subjects", subject, "versions"]:
                found, code = client.get_versions(subject), 40401
            case ["subjects", subject, "versions", number]:
                there = {str(each["version"]): each for each in _versions(client, subject)}
                found, code = there.get(number), 40402
        return (200, found) if found else _missing(code)

    def _write(self, place: list[str], body: Any) -> tuple[int, Any]:
        match place:
            case ["subjects", subject]:
                there = _versions(self._registry.client, subject)
                same = [each for each in there if same_schema(each["schema"], body["schema"])]
                return (200, same[0]) if same else _missing(40403)
            case ["subjects", subject, "versions"]:
                return 200, {"id": self._registry.register(subject, body["schema"]).schema_id}
        return _missing(_NOT_FOUND)

    def _listen(self, port: int) -> int:
        self._server = ThreadingHTTPServer(("127.0.0.1", port), _handler(self))
        self._server.daemon_threads = True
        self._server.block_on_close = False  # those that hang are let go by `mend` or the end
        serve = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        serve.start()
        return int(self._server.server_address[1])

    def _stop(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None


def _handler(registry: HttpRegistry) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length) or "null")
            path = unquote(urlsplit(self.path).path)
            status, found = registry.answer(self.command, path, body)
            text = json.dumps(found).encode()
            self.send_response(status)
            self.send_header("Content-Type", _TYPE)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = _answer  # noqa: N815 - the names that the base class calls

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's
            """Say nothing: a test's output is its own."""

    return Handler


def _versions(client: Any, subject: str) -> list[dict[str, Any]]:
    found = [client.get_version(subject, number) for number in client.get_versions(subject)]
    return [
        {
            "subject": subject,
            "version": each.version,
            "id": each.schema_id,
            "schema": each.schema.schema_str,
        }
        for each in found
    ]


def _texts(client: Any) -> dict[str, dict[str, str]]:
    every = [each for subject in client.get_subjects() for each in _versions(client, subject)]
    return {str(each["id"]): {"schema": each["schema"]} for each in every}


def _missing(code: int) -> tuple[int, dict[str, Any]]:
    return _NOT_FOUND, {"error_code": code, "message": "not found"}
