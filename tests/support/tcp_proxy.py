"""A TCP proxy between client and broker that can be slow, deaf, lossy, or cut what it carries."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from typing import Final, Self

_CHUNK: Final = 4096
_RESET: Final = struct.pack("ii", 1, 0)  # SO_LINGER with no time: closing sends RST


class TcpProxy:
    """Carries bytes from a port of this machine to another one.

    Attributes:
        latency_s: how long each piece is held back, each way.
        bytes_per_s: how fast bytes go, each way and connection; None: as fast as they can.
        is_deaf: connections stay and are made, and nothing is carried: half open.
        loses_answers: what the broker says is thrown away; what the client says arrives.

    """

    def __init__(self, port: int, target: int) -> None:
        self.latency_s = 0.0
        self.bytes_per_s: float | None = None
        self.is_deaf = False
        self.loses_answers = False
        self._port = port
        self._target = target
        self._pairs: set[tuple[socket.socket, socket.socket]] = set()
        self._closed = False

    def __enter__(self) -> Self:
        self._listening = socket.create_server(("127.0.0.1", self._port), backlog=64)
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closed = True
        self._listening.close()
        self.reset()

    def heal(self) -> None:
        """Carry everything again, at once."""
        self.latency_s, self.bytes_per_s = 0.0, None
        self.is_deaf = self.loses_answers = False

    def reset(self) -> None:
        """End every connection with RST, both ways."""
        for pair in list(self._pairs):
            self._end(pair)

    def _accept(self) -> None:
        while not self._closed:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            try:
                broker = socket.create_connection(("127.0.0.1", self._target), 5)
            except OSError:
                client.close()
                continue
            broker.settimeout(None)
            pair = client, broker
            self._pairs.add(pair)
            for source, sink, answers in ((client, broker, False), (broker, client, True)):
                threading.Thread(
                    target=self._carry, args=(source, sink, pair), kwargs={"answers": answers},
                    daemon=True,
                ).start()  # fmt: skip

    def _carry(
        self,
        source: socket.socket,
        sink: socket.socket,
        pair: tuple[socket.socket, socket.socket],
        *,
        answers: bool,
    ) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(_CHUNK):
                time.sleep(self.latency_s)
                if self.bytes_per_s:
                    time.sleep(len(data) / self.bytes_per_s)
                while self.is_deaf and pair in self._pairs:
                    time.sleep(0.02)
                if not (answers and self.loses_answers):
                    sink.sendall(data)
        self._end(pair)

    def _end(self, pair: tuple[socket.socket, socket.socket]) -> None:
        self._pairs.discard(pair)
        for each in pair:
            with contextlib.suppress(OSError):
                each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                each.shutdown(socket.SHUT_RDWR)
            each.close()
