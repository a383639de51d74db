"""From a host name to a connection: DNS and TCP of every bootstrap server."""

from __future__ import annotations

import socket
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from freezer_events.doctor.verdicts import Check, Step, Verdict, run
from freezer_events.errors import UnreachableError
from freezer_events.kafka.servers import FIREWALL, TIMEOUT_S, Server, connected, servers, words

if TYPE_CHECKING:
    from collections.abc import Callable

    from freezer_events.config import Settings

_DNS: Final = "check the network and its DNS server"


def dns(settings: Settings, timeout_s: float = TIMEOUT_S) -> Check:
    """Check that every bootstrap host has an address."""
    return of_all("dns", servers(settings), _resolve, timeout_s, _DNS)


def tcp(settings: Settings, timeout_s: float = TIMEOUT_S) -> Check:
    """Check that every bootstrap server takes a connection."""
    return of_all("tcp", servers(settings), partial(_connect, timeout_s), timeout_s, FIREWALL)


def reachable(name: str, listed: list[Server], fix: str, timeout_s: float = TIMEOUT_S) -> Check:
    """Check that servers which somebody else named take connections; `fix` is for all of them."""
    check = of_all(name, listed, partial(_connect, timeout_s), timeout_s, FIREWALL)
    return check if check.verdict is Verdict.OK else replace(check, fix=fix)


def of_all(
    name: str, listed: list[Server], probe: Callable[[Server], str], timeout_s: float, hint: str
) -> Check:
    """Probe all servers at once; a client needs one of them.

    Args:
        name: the check's name.
        listed: the servers.
        probe: returns what it saw, or raises EventError.
        timeout_s: the bound that the probe keeps by itself.
        hint: what to look at where it does not.

    """

    def one(server: Server) -> Check:
        return Check.ok(str(server), probe(server))

    # A little more than the probe's own bound, which has the better words.
    steps = [
        Step(str(server), partial(one, server), timeout_s=timeout_s + 0.5, hint=hint)
        for server in listed
    ]
    return combined(name, list(run(steps, timeout_s + 1)))


def combined(name: str, checks: list[Check]) -> Check:
    """Judge a group of servers: fail where all fail, warn where some do."""
    bad = [check for check in checks if check.verdict is not Verdict.OK]
    detail = "; ".join(f"{check.name}: {check.detail}" for check in bad or checks)
    if not bad:
        return Check.ok(name, detail)
    if len(bad) < len(checks):
        return Check.warn(name, f"{detail} (another one answers)", bad[0].fix)
    return Check(name, Verdict.FAIL, detail, bad[0].fix, bad[0].exit_code, blocks=True)


def _resolve(server: Server) -> str:
    try:
        found = socket.getaddrinfo(server.host, server.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise UnreachableError(
            "",
            f"the name has no address: {words(error)}",
            "check the host in BOOTSTRAP_SERVERS; a private cluster needs its VPN or DNS zone",
        ) from error
    return ", ".join(dict.fromkeys(str(each[4][0]) for each in found))


def _connect(timeout_s: float, server: Server) -> str:
    with connected(server, timeout_s):
        return "takes connections"
