"""A door in front of a broker that loses or delays the requests that end transactions."""

from __future__ import annotations

import contextlib
import struct
import threading
from typing import TYPE_CHECKING

from tests.support.broker_door import BrokerDoor

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterable

_HEAD = struct.Struct(">ih")  # length, and which request it is
_END_TXN = 26  # https://kafka.apache.org/protocol#protocol_api_keys
_LATE_S = 7.0  # longer than a client waits


class TransactionDoor(BrokerDoor):
    """Does with one EndTxn after the other what it is told; with the rest, nothing.

    Args:
        address: the broker's.
        fates: "pass", "swallow" (never passed on), "late" (passed on when nobody waits any more),
            "cut" (passed on, and the connection closed before the answer).

    Attributes:
        met: the fates that EndTxns have met.

    """

    def __init__(self, address: str, fates: Iterable[str]) -> None:
        super().__init__(address)
        self._fates = iter(fates)
        self.met: list[str] = []

    def _requests(self, client: socket.socket, broker: socket.socket) -> None:
        with contextlib.suppress(OSError), client.makefile("rb") as stream:
            while head := stream.read(_HEAD.size):
                length, kind = _HEAD.unpack(head)
                request = head + stream.read(length - 2)
                fate = next(self._fates, "pass") if kind == _END_TXN else "pass"
                if kind == _END_TXN:
                    self.met.append(fate)
                if fate == "late":
                    threading.Timer(_LATE_S, _send, (broker, request)).start()
                elif fate != "swallow":
                    broker.sendall(request)
                if fate == "cut":
                    client.close()


def _send(broker: socket.socket, request: bytes) -> None:
    with contextlib.suppress(OSError):
        broker.sendall(request)
