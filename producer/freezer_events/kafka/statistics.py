"""librdkafka's statistics, once somebody wants them: the last report of each producer's client.

https://github.com/confluentinc/librdkafka/blob/master/STATISTICS.md
"""

from __future__ import annotations

import json
import time
from typing import Any, Final

_EVERY_MS: Final = 5000
_OLD_S: Final = 20.0  # a client that has said nothing for so long is gone


class _Heard:
    """What the clients of this process reported last."""

    wanted = 0  # how many want it
    reports: Final[dict[int, tuple[float, str]]] = {}


class _Listener:
    """Takes one client's reports; they are read when somebody asks."""

    def __call__(self, text: str) -> None:
        """Keep the last report."""
        _Heard.reports[id(self)] = time.monotonic(), text


def want(*, wanted: bool) -> None:
    """Have the clients that are made from now on report, until as many want it no longer."""
    _Heard.wanted += 1 if wanted else -1


def properties() -> dict[str, Any]:
    """Return what makes a client report, if anybody wants that."""
    if not _Heard.wanted:
        return {}
    return {"statistics.interval.ms": _EVERY_MS, "stats_cb": _Listener()}


def latest() -> list[dict[str, Any]]:
    """Return the last report of each client that is there."""
    now = time.monotonic()
    found = []
    for key, (at, text) in list(_Heard.reports.items()):
        if now - at > _OLD_S:
            _Heard.reports.pop(key, None)
        else:
            found.append(json.loads(text))
    return found
