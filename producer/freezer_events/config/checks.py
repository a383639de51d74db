"""What each setting must look like, checked before anything is connected."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from freezer_events.config.secrets import without_credentials
from freezer_events.errors import ConfigError

if TYPE_CHECKING:
    from freezer_events.config.settings import Settings

_PROTOCOLS: Final = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
_MECHANISMS: Final = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER", "GSSAPI")
_TOPIC: Final = re.compile(r"[A-Za-z0-9._-]{1,249}")
_HOST_PORT: Final = re.compile(r"(?:[A-Z_]+://)?(\[[0-9A-Fa-f:.]+\]|[^\s:,/@\[\]]+):(\d{1,5})")
_LAST_PORT: Final = 65535


def is_topic_name(name: str) -> bool:
    """Tell whether Kafka takes this topic name (org.apache.kafka.common.internals.Topic)."""
    return bool(_TOPIC.fullmatch(name)) and name not in {".", ".."}


def check(settings: Settings) -> None:
    """Refuse malformed values and contradictions.

    Raises:
        ConfigError: names the key and, unless it is a secret, the value.

    """
    for part in (_check_broker, _check_security, _check_registry, _check_files):
        part(settings)


def _check_broker(s: Settings) -> None:
    for server in (s.bootstrap_servers or "").split(",") if s.bootstrap_servers else ():
        matched = _HOST_PORT.fullmatch(server.strip())
        if not matched or not 0 < int(matched[2]) <= _LAST_PORT:
            raise ConfigError(
                "BOOTSTRAP_SERVERS", f"{server.strip()!r} is not of the form host:port"
            )
    if s.topic is not None and not is_topic_name(s.topic):
        raise ConfigError(
            "TOPIC",
            f"{s.topic!r} is not a topic name",
            "use up to 249 letters, digits, '.', '_' and '-'",
        )


def _check_security(s: Settings) -> None:
    for key, value, allowed in (
        ("SECURITY_PROTOCOL", s.security_protocol, _PROTOCOLS),
        ("SASL_MECHANISM", s.sasl_mechanism, _MECHANISMS),
    ):
        if value is not None and value not in allowed:
            raise ConfigError(key, f"{value!r} is none of {', '.join(allowed)}")
    _both("SASL_USERNAME", s.sasl_username, "SASL_PASSWORD", s.sasl_password)
    if s.sasl_username and not s.protocol.startswith("SASL"):
        raise ConfigError(
            "SECURITY_PROTOCOL",
            f"is {s.protocol}, which would leave SASL_USERNAME and SASL_PASSWORD unused",
            "remove SECURITY_PROTOCOL, or set it to SASL_SSL",
        )


def _check_registry(s: Settings) -> None:
    _both(
        "SCHEMA_REGISTRY_API_KEY",
        s.schema_registry_api_key,
        "SCHEMA_REGISTRY_API_SECRET",
        s.schema_registry_api_secret,
    )
    for url in (s.schema_registry_url or "").split(",") if s.schema_registry_url else ():
        parts = urlsplit(url.strip())
        if parts.scheme not in {"http", "https", "mock"} or not parts.hostname:
            raise ConfigError(
                "SCHEMA_REGISTRY_URL",
                f"{without_credentials(url)!r} is not of the form https://host[:port]",
            )


def _check_files(s: Settings) -> None:
    for key, path in (
        ("SSL_CA_LOCATION", s.ssl_ca_location),
        ("SCHEMA_REGISTRY_SSL_CA_LOCATION", s.schema_registry_ssl_ca_location),
    ):
        if path and path != "probe" and not Path(path).exists():
            raise ConfigError(key, f"{path!r} does not exist")


def _both(first: str, one: str | None, second: str, other: str | None) -> None:
    if bool(one) != bool(other):
        there, missing = (first, second) if one else (second, first)
        raise ConfigError(missing, f"is not set, though {there} is", "set both, or neither")
