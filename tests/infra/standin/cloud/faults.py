"""Faults a test switches on: `name[:number][@verb]`, comma-separated, in `$STANDIN_STATE/faults`.

Before the verb acts: hang, network, busy (429 and 5xx), expired, no-permission, old (the verb is
unknown), kill-after:N (of N changes the next one dies). After it: die, late-busy, timeout-lie.
Beside it: warn-stderr, old-version, cut-json, extra-field, vanish (what was listed is deleted),
slow-key:N (a new key works after N seconds), lag:N (a change is not shown to the next N readers),
unseen (this login may not see the keys of others).
"""

from __future__ import annotations

import os
import signal
import sys
import time

from . import state
from .errors import CliError

_current = {"verb": ""}
_URL = "https://api.confluent.cloud/iam/v2/api-keys"
_RAISED = {
    "network": CliError(f'Get "{_URL}": dial tcp: lookup api.confluent.cloud: no such host'),
    # github.com/hashicorp/go-retryablehttp; the real one has tried for about 15 s by then.
    "busy": CliError(f'Get "{_URL}": GET {_URL} giving up after 5 attempt(s)'),
    "expired": CliError("expired token", "Your session has timed out, you need to log in again."),
    "no-permission": CliError("REST request failed: Authorization failed."),
}


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


def running(verb: str) -> bool:
    """Note which verb runs; tell whether this version has it."""
    _current["verb"] = verb
    return active("old") is None


def before(*, changes: bool) -> None:
    if active("hang") is not None:
        sys.stderr.write("waiting for nothing\n")
        time.sleep(600)
    if active("warn-stderr") is not None:
        sys.stderr.write("[WARN] Update available: v4.80.0. Run `confluent update`.\n")
    if _current["verb"] not in ("version", "login", "logout"):
        for name, error in _RAISED.items():
            if active(name) is not None:
                raise error
    limit = active("kill-after")
    if changes and limit is not None:
        with state.opened() as cloud:
            cloud["mutations"] = cloud.get("mutations", 0) + 1
            over = cloud["mutations"] > limit
        if over:
            os.kill(os.getpid(), signal.SIGKILL)


def after(changed: str) -> None:
    """Fail after a change, or hide it from the next readers of its kind."""
    if (readers := active("lag")) is not None:
        with state.opened() as cloud:
            cloud.setdefault("hidden", {})[changed] = readers
    if active("die") is not None:
        os.kill(os.getpid(), signal.SIGKILL)
    if active("late-busy") is not None:
        raise _RAISED["busy"]


def hides(kind: str) -> bool:
    """Tell whether a change of that kind is not shown yet; it was asked for once more now."""
    with state.opened() as cloud:
        left = cloud.get("hidden", {}).get(kind, 0)
        if left:
            cloud["hidden"][kind] = left - 1
    return bool(left)
