"""The bootstrap servers as addresses, and a plain connection to one."""

from __future__ import annotations

import errno
import os
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from freezer_events.errors import ConfigError, UnreachableError

if TYPE_CHECKING:
    from freezer_events.config import Settings

IN_PROCESS: Final[set[str]] = set()
"""The bootstrap servers of clusters inside this process, which answer no describe request."""

TIMEOUT_S: Final = 5.0
FIREWALL: Final = "check the port in BOOTSTRAP_SERVERS, and whether a firewall or VPN is between"
_DEFAULT_PORT: Final = 9092
_NO_FILES: Final = os.strerror(errno.EMFILE)


@dataclass(frozen=True, slots=True)
class Server:
    """One bootstrap server."""

    host: str
    port: int

    def __str__(self) -> str:
        """Give it as BOOTSTRAP_SERVERS does."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def servers(settings: Settings) -> list[Server]:
    """Return the bootstrap servers; a listener's name before `://` is dropped.

    Raises:
        ConfigError: none is named.

    """
    listed = settings.kafka()["bootstrap.servers"].split(",")
    found = list(dict.fromkeys(_server(each.strip()) for each in listed if each.strip()))
    if not found:
        raise ConfigError("BOOTSTRAP_SERVERS", "names no server", "write host:port")
    return found


def connected(server: Server, timeout_s: float) -> socket.socket:
    """Connect.

    Raises:
        UnreachableError: no connection in time.

    """
    try:
        return socket.create_connection((server.host, server.port), timeout_s)
    except TimeoutError as error:
        why = f"no connection within {timeout_s:g} s"
        raise UnreachableError("", why, FIREWALL) from error
    except OSError as error:
        fix = "check the port in BOOTSTRAP_SERVERS and that the broker is up"
        raise UnreachableError("", words(error), fix) from error


def words(error: Exception) -> str:
    """Return what the system says, without its number."""
    return str(getattr(error, "strerror", None) or error).strip()


def files_advice(words: str) -> str:
    """Return what to do where a connection failed for want of file descriptors, "" elsewhere."""
    return "let this process open more files: ulimit -n 1024" if _NO_FILES in words else ""


def _server(listed: str) -> Server:
    address = listed.rpartition("://")[2]
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal():  # librdkafka takes a host alone
        return Server(address.strip("[]"), _DEFAULT_PORT)
    return Server(host.strip("[]"), int(port))
