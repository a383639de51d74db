"""The small server that answers /metrics, /healthz and /readyz."""

from __future__ import annotations

import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar, Final, Protocol, Self

from freezer_events.errors import ConfigError, UsageError
from freezer_events.kafka import statistics
from freezer_events.observe.health import Health, is_alive, is_ready

_OK: Final = 200
_NOT_FOUND: Final = 404
_NOT_NOW: Final = 503
_PATIENCE_S: Final = 5.0  # with who connects and says nothing
_LOOK_S: Final = 0.5
_LAST_PORT: Final = 65535
_INSTALL: Final = "pip install 'freezer-events[metrics]'"


class MetricsServer:
    """Serves until it is closed, in threads that keep no program alive.

    Attributes:
        address: where it answers, as host:port; the port is the one that was found for port 0.

    """

    def __init__(self, address: str) -> None:
        host, port = _parsed(address)
        self._handler = _handler()
        try:
            server = _Server6 if ":" in host else _Server
            self._server = server((host, port), self._handler)
        except OSError as error:
            raise ConfigError(
                f"serve metrics at {address}", str(error.strerror), "name another address or port"
            ) from error
        shown = f"[{host}]" if ":" in host else host
        self.address = f"{shown}:{self._server.server_address[1]}"
        self._stopped = threading.Event()
        threading.Thread(
            target=self._server.serve_forever, name="freezer-metrics", daemon=True
        ).start()
        threading.Thread(target=self._look, name="freezer-look", daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Answer nobody any more."""
        if self._stopped.is_set():
            return
        statistics.want(wanted=False)
        self._stopped.set()
        self._server.shutdown()
        self._server.server_close()

    def _look(self) -> None:
        while not self._stopped.wait(_LOOK_S):
            self._handler.collector.look()


class _Server(ThreadingHTTPServer):
    daemon_threads = True


class _Server6(_Server):
    address_family = socket.AF_INET6


def serve_metrics(address: str) -> MetricsServer:
    """Serve metrics and health of all producers of this process over HTTP.

    `/metrics` is for Prometheus; `/healthz` answers 200 while the loops of this process move, and
    `/readyz` while an event can be taken; both 503 otherwise, with the reason. Call it before the
    producers are made: then the brokers' state is among the metrics.

    Args:
        address: where, as host:port, such as "127.0.0.1:9400". Whoever reaches it can read it:
            there is neither password nor encryption.

    Raises:
        UsageError: the address is none.
        ConfigError: it is in use, or the extra [metrics] is not installed.

    """
    statistics.want(wanted=True)
    return MetricsServer(address)


def _parsed(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or not port.isascii() or not port.isdecimal() or int(port) > _LAST_PORT:
        raise UsageError(
            f"--metrics {address}", "is not of the form ADDRESS:PORT", "write 127.0.0.1:9400"
        )
    return host, int(port)


def _handler() -> type[_Handler]:
    try:
        from prometheus_client import CollectorRegistry, generate_latest  # noqa: PLC0415 - an extra
        from prometheus_client.exposition import CONTENT_TYPE_LATEST  # noqa: PLC0415

        from freezer_events.observe.metrics import ProducerCollector  # noqa: PLC0415
    except ImportError as error:
        raise ConfigError(
            "serve metrics", "prometheus-client is not installed", f"install it: {_INSTALL}"
        ) from error
    registry = CollectorRegistry()
    own = ProducerCollector()
    registry.register(own)

    class MetricsHandler(_Handler):
        collector = own
        content_type = CONTENT_TYPE_LATEST

        def metrics(self) -> bytes:
            return generate_latest(registry)

    return MetricsHandler


class _Looks(Protocol):
    def look(self) -> float:
        """Look at what has to be looked at between two questions."""


class _Handler(BaseHTTPRequestHandler):
    timeout = _PATIENCE_S
    content_type = "text/plain"
    collector: ClassVar[_Looks]

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path == "/metrics":
            self._answer(_OK, self.metrics(), self.content_type)
        elif path == "/healthz":
            self._verdict(is_alive())
        elif path == "/readyz":
            self._verdict(is_ready())
        else:
            self._answer(_NOT_FOUND, b"/metrics, /healthz or /readyz\n")

    def metrics(self) -> bytes:
        raise NotImplementedError

    def log_message(self, *_: object) -> None:
        """Say nothing: it is asked every few seconds."""

    def _verdict(self, health: Health) -> None:
        self._answer(_OK if health.ok else _NOT_NOW, f"{health.why}\n".encode())

    def _answer(self, status: int, body: bytes, content_type: str = "text/plain") -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
