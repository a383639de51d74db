"""A door in front of a broker that a test can shut, or freeze, while a client is connected.

Answers name the broker's own address, where the client would go next and past the door; the port
in them is replaced by the door's, which changes no length. PLAINTEXT only.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from typing import Self

_LENGTH = struct.Struct(">i")


class BrokerDoor:
    """Passes connections on to the broker at `address` until it is told otherwise.

    Args:
        address: the broker's.
        bytes_per_s: how fast a client's bytes go, each connection; None: as fast as they can.

    """

    def __init__(self, address: str, bytes_per_s: float | None = None) -> None:
        self._bytes_per_s = bytes_per_s
        host, _, port = address.rpartition(":")
        self._broker = (host, int(port))
        self._open = threading.Event()
        self._open.set()
        self._sockets: list[socket.socket] = []

    def __enter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._theirs, self._ours = map(self._named, (self._broker[1], self.port))
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shut()
        self._open.set()

    @property
    def address(self) -> str:
        return f"{self._broker[0]}:{self.port}"

    def freeze(self) -> None:
        """Pass no byte on any more, and keep every connection."""
        self._open.clear()

    def shut(self) -> None:
        """Close every connection and refuse new ones: the broker is gone."""
        self._close(self._listener)
        for each in self._sockets:
            self._close(each)

    def reopen(self) -> None:
        """Take connections again, where they were taken before."""
        self._listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, daemon=True).start()

    def _named(self, port: int) -> bytes:
        return self._broker[0].encode() + _LENGTH.pack(port)

    def _accept(self) -> None:
        while True:
            try:
                client = self._listener.accept()[0]
                broker = socket.create_connection(self._broker)
            except OSError:
                return
            self._sockets += [client, broker]
            threading.Thread(target=self._requests, args=(client, broker), daemon=True).start()
            threading.Thread(target=self._answers, args=(broker, client), daemon=True).start()

    def _requests(self, client: socket.socket, broker: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := client.recv(1 << 16 if self._bytes_per_s is None else 1 << 10):
                self._open.wait()
                if self._bytes_per_s is not None:
                    time.sleep(len(data) / self._bytes_per_s)
                broker.sendall(data)

    def _answers(self, broker: socket.socket, client: socket.socket) -> None:
        """Pass whole answers on: an address could be cut in two otherwise."""
        with contextlib.suppress(OSError), broker.makefile("rb") as stream:
            while head := stream.read(_LENGTH.size):
                body = stream.read(*_LENGTH.unpack(head))
                self._open.wait()
                client.sendall(head + body.replace(self._theirs, self._ours))

    @staticmethod
    def _close(each: socket.socket) -> None:
        with contextlib.suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
        each.close()
