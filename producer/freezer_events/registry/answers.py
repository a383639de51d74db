"""What a registry's failures mean: decided by HTTP status, error code and kind, never by text.

Registries word them differently, and which HTTP library the client uses (httpx2 or httpx) depends
on what is installed: its exceptions are known by name.
"""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from freezer_events.config.proxy import proxy_variable
from freezer_events.config.secrets import redacted
from freezer_events.errors import (
    AccessError,
    ConfigError,
    EventError,
    SchemaError,
    UnreachableError,
)
from freezer_events.kafka import handshake
from freezer_events.kafka.servers import files_advice
from freezer_events.registry.bounded import StoppedWaiting

if TYPE_CHECKING:
    from freezer_events.config import Settings

_UNAUTHORIZED: Final = (401, 403)
_NOT_FOUND: Final = 404
_NO_CALL: Final = (404, 405, 501)
_LATER: Final = (408, 425, 429)
_CONFLICT: Final = 409
_INVALID: Final = 422
_SERVER: Final = 500

_CHECK_URL: Final = "check SCHEMA_REGISTRY_URL"
# What the client raises over a body that is no registry's: a proxy's page, null, half an answer.
_MISREAD: Final = (ValueError, TypeError, KeyError, AttributeError)


class NotRegistered(SchemaError):  # noqa: N818 - it names the state
    """The registry does not have this schema, id, subject or version."""


class NoSuchCall(UnreachableError):  # noqa: N818 - it names the state
    """The registry does not offer this call, or the address is not a registry's."""


class Incompatible(SchemaError):  # noqa: N818 - it names the state
    """The registry refused a schema as incompatible; `reason` holds the registry's own words."""

    def __init__(self, doing: str, reason: str, fix: str = "") -> None:
        super().__init__(doing, f"the registry refuses it as incompatible: {reason}", fix)
        self.reason = reason


def unusable(error: Exception, settings: Settings) -> ConfigError:
    """Make the error for settings that the registry's client does not take."""
    variable = proxy_variable(settings.schema_registry_url or "")
    if isinstance(error, ImportError):
        why = "names a SOCKS proxy, for which the package socksio is missing"
        fix = "pip install socksio; or leave the proxy out: NO_PROXY=<the registry's host>"
        return ConfigError(variable or "ALL_PROXY", why, fix)
    if isinstance(error, OSError):
        why = f"cannot be used: {error.strerror or _words(error)}"
        if isinstance(error, ssl.SSLError):
            why = "cannot be used: a file is not PEM, or key and certificate do not belong together"
        fix = "check SCHEMA_REGISTRY_SSL_CA_LOCATION, SSL_CA_LOCATION and SSL_CERT_FILE"
        return ConfigError("the certificates for the registry", why, fix)
    if variable and "proxy" in str(error).lower():
        return ConfigError(variable, "is not the URL of a proxy", "write http://host:port")
    return ConfigError(
        "the settings of the registry", f"cannot be used: {_words(error)}", "see: freezer config"
    )


def failure(at: str, address: str, error: Exception, timeout_s: float) -> EventError:
    """Make the error for a request that did not end well.

    Args:
        at: what was asked of which registry.
        address: the registry's, without credentials.
        error: what was raised.
        timeout_s: how long the answer might have taken, in seconds.

    """
    kind = type(error).__name__
    if hasattr(error, "http_status_code"):
        return _refused(at, error)
    if isinstance(error, StoppedWaiting):
        return UnreachableError(at, "interrupted before there was an answer")
    if "Timeout" in kind:  # Python's own and the client's
        why = f"no answer in time ({timeout_s:g} s)"
        return UnreachableError(at, why, f"{_CHECK_URL}, then try again")
    told = handshake.refusal(error, urlsplit(address).hostname or address, handshake.REGISTRY)
    if told is not None:
        return type(told)(at, told.why, told.fix)
    if kind == "OAuthTokenError":
        fix = "check the schema.registry.bearer.auth properties"
        return AccessError(at, f"no token: {_words(error)}", fix)
    return _unreachable(at, address, error)


def _unreachable(at: str, address: str, error: Exception) -> EventError:
    if isinstance(error, _MISREAD):
        return UnreachableError(at, "the answer is not a Schema Registry's", _CHECK_URL)
    if type(error).__name__ == "RemoteProtocolError":
        why = f"the answer breaks off, or is no HTTP: {_words(error)}"
        return UnreachableError(at, why, f"{_CHECK_URL} (https:// or http://?), then try again")
    variable = proxy_variable(address)
    if variable is None:
        why = f"not reachable: {_words(error)}"
        usual = f"{_CHECK_URL}, then try again"
        return UnreachableError(at, why, files_advice(why) or usual)
    why = f"not reachable through the proxy that {variable} names: {_words(error)}"
    fix = f"check {variable}, or leave the proxy out: NO_PROXY={urlsplit(address).hostname}"
    return UnreachableError(at, why, fix)


def _words(error: Exception) -> str:
    return redacted(" ".join(str(error).split())) or type(error).__name__


def _refused(doing: str, error: Any) -> EventError:
    status, code, words = error.http_status_code, error.error_code, error.error_message
    if status in _UNAUTHORIZED:
        return AccessError(
            doing,
            f"refused with HTTP {status}",
            "check SCHEMA_REGISTRY_API_KEY and SCHEMA_REGISTRY_API_SECRET, and the key's role",
        )
    if status == _NOT_FOUND and isinstance(code, int) and code // 100 == _NOT_FOUND:
        return NotRegistered(doing, f"{words} ({code})")
    if status == _CONFLICT:
        return Incompatible(doing, str(words))
    if status == _INVALID:
        return SchemaError(doing, f"the registry does not take it: {words} ({code})")
    if status in _NO_CALL:
        why = f"the registry answered HTTP {status}"
        return NoSuchCall(doing, why, "check the path in SCHEMA_REGISTRY_URL")
    later = status in _LATER or status >= _SERVER
    fix = "wait a little, then try again" if later else "check the path in SCHEMA_REGISTRY_URL"
    return UnreachableError(doing, f"the registry answered HTTP {status}", fix)
