"""What counts as a secret, and how a value is shown without it.

A text is redacted for where a secret may stand in it, not by how a URL is parsed: what is malformed
is shown in errors, and that is when a password must not come along.
"""

from __future__ import annotations

import re
from typing import Final

from freezer_events.config.harmless import HARMLESS
from freezer_events.errors import UsageError

_SECRET: Final = re.compile(
    r"password|passphrase|secret|\.pem$|^ssl_key$|private|credentials|user\.?info|jaas"
    r"|oauthbearer\.(config|extensions)|token|kinit\.cmd"
)
_NOT_SECRET: Final = (".url", ".location", ".source", ".file", ".id")
HIDDEN: Final = "(hidden)"

_SCHEME: Final = re.compile(r"\s*(?:https?|mock)://", re.IGNORECASE)
_HOST: Final = r"(?:\[[0-9A-Fa-f:.%]+\]|[^\s:,/?#@\[\]]+)(?::\d{1,5})?"
_URL: Final = re.compile(
    rf"\s*(?P<scheme>https?://)(?:[^\s/?#@,]*@)?(?P<rest>{_HOST}(?:/[^\s?#@,]*)?)\s*", re.IGNORECASE
)


def is_secret(name: str) -> bool:
    """Tell whether a setting or librdkafka property of this name holds a secret."""
    return bool(_SECRET.search(name.lower())) and not name.lower().endswith(_NOT_SECRET)


def shown_setting(key: str, value: str) -> str:
    """Return a setting's value as it may be shown."""
    return HIDDEN if is_secret(key) else redacted(value)


def shown_property(name: str, value: str) -> str:
    """Return a property's value as it may be shown: hidden unless it is known to be harmless.

    A client may take passwords under names that nobody here has heard of.
    """
    return shown_setting(name, value) if name in HARMLESS else HIDDEN


def redacted(text: str) -> str:
    """Drop `user:password@` from a text that may be an address; an e-mail address stays."""
    return without_credentials(text) if ":" in text else text


def without_credentials(urls: str) -> str:
    """Drop user and password from a URL or a comma-separated list of them, well formed or not.

    In a list of well-formed URLs each loses its own. In anything else nobody can tell where a
    password ends, as it may hold `/`, `,` and `@`: all before the last `@` goes. So does a query,
    which may hold a token.
    """
    if "@" in urls:
        listed = [_URL.fullmatch(each) for each in urls.split(",")]
        if all(listed):
            return ",".join(f"{each['scheme']}{each['rest']}" for each in listed if each)
        scheme = _SCHEME.match(urls)
        urls = (scheme[0].strip() if scheme else "") + urls.rpartition("@")[2]
    return urls.partition("?")[0]


def property_options(pairs: tuple[str, ...]) -> dict[str, str]:
    """Turn `-X property=value` options into a mapping.

    Raises:
        UsageError: a pair has no `=`, or names a secret, which argv would show to everybody.

    """
    found = {}
    for pair in pairs:
        name, sep, value = pair.partition("=")
        if not sep or not name.strip():
            raise UsageError(f"-X {redacted(name)}", "is not of the form property=value")
        if is_secret(name):
            raise UsageError(
                f"-X {name}",
                "is a secret, and every user of this machine can read a command line",
                "put it into .env, or into the properties file that KAFKA_CONFIG names",
            )
        found[name.strip()] = value.strip()
    return found
