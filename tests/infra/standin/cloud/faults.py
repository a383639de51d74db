"""Faults a test switches on: `name[:number][@verb]`, comma-separated, in `$STANDIN_STATE/faults`.

hang, network, rate-limit, expired, no-permission, warn-stderr, old-version, cut-json, extra-field,
timeout-lie, kill-after:N (of N mutations the next one dies before acting), die (acts, then dies
before it says so), vanish (what was
listed is deleted before the next call), slow-key:N (a new key authenticates after N seconds).
"""

from __future__ import annotations

import os
import signal
import sys
import time
from typing import TYPE_CHECKING

from . import state
from .errors import EXPIRED, CliError

if TYPE_CHECKING:
    from collections.abc import Mapping

_current = {"verb": ""}


def active(name: str) -> int | None:
    """Give the fault's number (0 without one) when it is switched on for the running verb."""
    path = state.folder() / "faults"
    wanted = path.read_text().strip() if path.exists() else ""
    for part in filter(None, wanted.split(",")):
        what, _, verb = part.partition("@")
        title, _, number = what.partition(":")
        if title == name and (not verb or verb == _current["verb"]):
            return int(number or 0)
    return None


def before(verb: str, *, logged_in: bool) -> None:
    """Fail as the network, the session or the service would, before the verb does anything."""
    _current["verb"] = verb
    if active("hang") is not None:
        sys.stderr.write("waiting for nothing\n")
        time.sleep(600)
    if active("warn-stderr") is not None:
        sys.stderr.write("[WARN] Update available: v4.80.0. Run `confluent update`.\n")
    if verb == "version":
        return
    if active("network") is not None:
        raise CliError(
            'Get "https://api.confluent.cloud/org/v2/environments": '
            "dial tcp: lookup api.confluent.cloud: no such host"
        )
    if active("rate-limit") is not None:
        raise CliError("REST request failed: 429 Too Many Requests")
    if logged_in and active("expired") is not None and verb != "login":
        raise EXPIRED
    if active("no-permission") is not None:
        raise CliError("REST request failed: Authorization failed. (40301)")


def before_mutation() -> None:
    """Die where `kill-after:N` says, counting the mutations of this cloud."""
    limit = active("kill-after")
    if limit is None:
        return
    with state.opened() as cloud:
        cloud["mutations"] = cloud.get("mutations", 0) + 1
        over = cloud["mutations"] > limit
    if over:
        os.kill(os.getpid(), signal.SIGKILL)


def after_mutation() -> None:
    if active("die") is not None:
        os.kill(os.getpid(), signal.SIGKILL)


def cut(text: str) -> str:
    return text[: len(text) // 2] if active("cut-json") is not None else text


def with_extra_field(row: Mapping[str, object]) -> dict[str, object]:
    extra = {} if active("extra-field") is None else {"tier": {"since": "4.99", "tags": ["new"]}}
    return {**extra, **row}
