"""What counts as a secret, and how a value is shown without it."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from freezer_events.errors import UsageError

_SECRET: Final = re.compile(
    r"password|secret|\.pem$|private|credentials|user\.info|jaas|oauthbearer\.config|token"
)
HIDDEN: Final = "(hidden)"


def is_secret(name: str) -> bool:
    """Tell whether a setting or librdkafka property of this name holds a secret."""
    return bool(_SECRET.search(name.lower())) and not name.endswith((".url", ".location"))


def property_options(pairs: tuple[str, ...]) -> dict[str, str]:
    """Turn `-X property=value` options into a mapping.

    Raises:
        UsageError: a pair has no `=`, or names a secret, which argv would show to everybody.

    """
    found = {}
    for pair in pairs:
        name, sep, value = pair.partition("=")
        if not sep or not name.strip():
            raise UsageError(f"-X {name}", "is not of the form property=value")
        if is_secret(name):
            raise UsageError(
                f"-X {name}",
                "is a secret, and every user of this machine can read a command line",
                "put it into .env, or into the properties file that KAFKA_CONFIG names",
            )
        found[name.strip()] = value.strip()
    return found


def without_credentials(url: str) -> str:
    """Drop `user:password@` from a URL."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
