"""What a setting's value must look like: each function refuses one kind of malformed value.

Pure, but for `refuse_missing_file`; nothing here knows which settings there are.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from freezer_events.config.secrets import redacted, without_credentials
from freezer_events.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Collection

_TOPIC: Final = re.compile(r"[A-Za-z0-9._-]{1,249}")
_HOST_PORT: Final = re.compile(r"(?:[A-Z_]+://)?(\[[0-9A-Fa-f:.]+\]|[^\s:,/@\[\]]+):(\d{1,5})")
_LAST_PORT: Final = 65535
_COLONS: Final = 2  # those of a URL: after its scheme, before its port
_BRACKETS: Final = "an IPv6 address stands in brackets: [::1]:9092"


def is_topic_name(name: str) -> bool:
    """Tell whether Kafka takes this topic name (org.apache.kafka.common.internals.Topic)."""
    return bool(_TOPIC.fullmatch(name)) and name not in {".", ".."}


def refuse_bad_topic(key: str, name: str | None) -> None:
    """Refuse what Kafka takes for no topic name."""
    if name is not None and not is_topic_name(name):
        raise ConfigError(
            key,
            f"{redacted(name)!r} is not a topic name",
            "use up to 249 letters, digits, '.', '_' and '-'",
        )


def refuse_account(key: str, servers: str | None) -> None:
    """Refuse an account before an address: Kafka has it elsewhere, and addresses are shown."""
    if servers and "@" in servers:
        why = f"holds an account, before {without_credentials(servers)!r}"
        fix = "write host:port alone; an account goes into SASL_USERNAME and SASL_PASSWORD"
        raise ConfigError(key, why, fix)


def refuse_bad_servers(key: str, servers: str | None) -> None:
    """Refuse anything but a list of host:port; show no credentials."""
    refuse_account(key, servers)
    for server in servers.split(",") if servers else ():
        matched = _HOST_PORT.fullmatch(server.strip())
        if not matched or not 0 < int(matched[2]) <= _LAST_PORT:
            fix = _BRACKETS if server.count(":") > 1 and "://" not in server else ""
            raise ConfigError(
                key, f"{redacted(server.strip())!r} is not of the form host:port", fix
            )


def refuse_bad_urls(key: str, urls: str | None) -> None:
    """Refuse anything but a list of URLs that the registry's client knows; show no credentials."""
    for url in urls.split(",") if urls else ():
        if not _is_url(url.strip()):
            # All of it: a comma may be part of a password.
            shown = without_credentials(urls or "")
            fix = _BRACKETS if urls and urls.count(":") > _COLONS and "@" not in urls else ""
            if urls and "@" in urls:
                fix = "before the last @ write / as %2F, @ as %40, : as %3A, # as %23, comma as %2C"
            raise ConfigError(key, f"{shown!r} is not of the form https://host[:port]", fix)


def _is_url(url: str) -> bool:
    """Tell whether this is a URL whose host nobody can mistake; `mock://` is confluent_kafka's."""
    try:
        parts = urlsplit(url)
        port = parts.port  # refuses what is no number
    except ValueError:
        return False
    told = parts.scheme in {"http", "https", "mock"} and bool(parts.hostname) and port != 0
    return told and "@" not in parts.path and not parts.query and not parts.fragment


def refuse_unknown(key: str, value: str | None, allowed: Collection[str]) -> None:
    """Refuse a value that is none of those allowed."""
    if value is not None and value not in allowed:
        raise ConfigError(key, f"{redacted(value)!r} is none of {', '.join(allowed)}")


def refuse_half(pair: tuple[str, str], first: str | None, second: str | None) -> None:
    """Refuse one of two settings that mean something together only."""
    if bool(first) != bool(second):
        there, missing = pair if first else reversed(pair)
        raise ConfigError(missing, f"is not set, though {there} is", "set both, or neither")


def refuse_missing_file(key: str, path: str | None) -> None:
    """Refuse a path where nothing is; "probe" is librdkafka's word for the system's own CAs."""
    if path and path != "probe" and not Path(path).exists():
        fix = "name a PEM file (or a folder of them) that you can read"
        raise ConfigError(key, f"{redacted(path)!r} does not exist", fix)
