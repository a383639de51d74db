"""Which proxy HTTP goes through: the environment says it, by the rules that HTTP clients share."""

from __future__ import annotations

import os
from typing import Final
from urllib.parse import urlsplit
from urllib.request import proxy_bypass

_ANY: Final = "ALL_PROXY"


def proxy_variable(url: str) -> str | None:
    """Return the variable that names a proxy for this URL ("HTTPS_PROXY"), None without one."""
    parts = urlsplit(url.partition(",")[0].strip())
    if proxy_bypass(parts.hostname or ""):
        return None
    named = (f"{parts.scheme}_proxy", _ANY.lower())
    found = (each for name in named for each in (name, name.upper()) if os.environ.get(each))
    return next(found, None)
