"""What a setting's value must look like: each function refuses one kind of malformed value.

Pure, but for `refuse_missing_file`; nothing here knows which settings there are.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from freezer_events.config.secrets import without_credentials
from freezer_events.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Collection

_TOPIC: Final = re.compile(r"[A-Za-z0-9._-]{1,249}")
_HOST_PORT: Final = re.compile(r"(?:[A-Z_]+://)?(\[[0-9A-Fa-f:.]+\]|[^\s:,/@\[\]]+):(\d{1,5})")
_LAST_PORT: Final = 65535


def is_topic_name(name: str) -> bool:
    """Tell whether Kafka takes this topic name (org.apache.kafka.common.internals.Topic)."""
    return bool(_TOPIC.fullmatch(name)) and name not in {".", ".."}


def refuse_bad_topic(key: str, name: str | None) -> None:
    """Refuse what Kafka takes for no topic name."""
    if name is not None and not is_topic_name(name):
        raise ConfigError(
            key,
            f"{name!r} is not a topic name",
            "use up to 249 letters, digits, '.', '_' and '-'",
        )


def refuse_bad_servers(key: str, servers: str | None) -> None:
    """Refuse anything but a list of host:port."""
    for server in servers.split(",") if servers else ():
        matched = _HOST_PORT.fullmatch(server.strip())
        if not matched or not 0 < int(matched[2]) <= _LAST_PORT:
            raise ConfigError(key, f"{server.strip()!r} is not of the form host:port")


def refuse_bad_urls(key: str, urls: str | None) -> None:
    """Refuse anything but a list of URLs that the registry's client knows; show no credentials."""
    for url in urls.split(",") if urls else ():
        parts = urlsplit(url.strip())
        if parts.scheme not in {"http", "https", "mock"} or not parts.hostname:
            shown = without_credentials(url)
            raise ConfigError(key, f"{shown!r} is not of the form https://host[:port]")


def refuse_unknown(key: str, value: str | None, allowed: Collection[str]) -> None:
    """Refuse a value that is none of those allowed."""
    if value is not None and value not in allowed:
        raise ConfigError(key, f"{value!r} is none of {', '.join(allowed)}")


def refuse_half(pair: tuple[str, str], first: str | None, second: str | None) -> None:
    """Refuse one of two settings that mean something together only."""
    if bool(first) != bool(second):
        there, missing = pair if first else reversed(pair)
        raise ConfigError(missing, f"is not set, though {there} is", "set both, or neither")


def refuse_missing_file(key: str, path: str | None) -> None:
    """Refuse a path where nothing is; "probe" is librdkafka's word for the system's own CAs."""
    if path and path != "probe" and not Path(path).exists():
        raise ConfigError(key, f"{path!r} does not exist")
