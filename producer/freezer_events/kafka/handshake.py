"""TLS with a server: who it is, and why its certificate or the handshake is refused.

What librdkafka and HTTP clients say of a refused certificate is one sentence for all causes. Here a
handshake with Python's own TLS finds the cause, and each side's setting is named with it.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from freezer_events.config import own_certificate
from freezer_events.config.trust import PROBE
from freezer_events.errors import ConfigError, EventError, UnreachableError
from freezer_events.kafka.servers import FIREWALL, connected, servers, words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from freezer_events.config import Settings
    from freezer_events.kafka.servers import Server

# X509_V_ERR_* of OpenSSL's x509_vfy.h.
_NOT_YET_VALID: Final = 9
_EXPIRED: Final = 10
_WRONG_NAME: Final = (62, 64)
_UNKNOWN_ISSUER: Final = (18, 19, 20, 21)
_NO_TLS: Final = frozenset({"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST"})
_PROBE_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class Side:
    """The settings that are about one side's TLS.

    Attributes:
        address: names its servers.
        ca: names whom to trust.
        owner: who renews its certificate, after "renew it on ".
        plain: what to set where it has no TLS.

    """

    address: str
    ca: str
    owner: str
    plain: str


KAFKA: Final = Side(
    "BOOTSTRAP_SERVERS",
    "SSL_CA_LOCATION",
    "the broker",
    "check the port in BOOTSTRAP_SERVERS; without TLS: SECURITY_PROTOCOL=PLAINTEXT",
)
REGISTRY: Final = Side(
    "SCHEMA_REGISTRY_URL",
    "SCHEMA_REGISTRY_SSL_CA_LOCATION (or SSL_CA_LOCATION, for both sides)",
    "the registry",
    "check the port in SCHEMA_REGISTRY_URL; without TLS it begins with http://",
)

_ENCRYPT: Final = {
    True: "set SECURITY_PROTOCOL=SASL_SSL",
    False: "set SASL_USERNAME and SASL_PASSWORD; without an account: SECURITY_PROTOCOL=SSL",
}


def context(conf: Mapping[str, str]) -> ssl.SSLContext:
    """Return what Python checks a server with, made of librdkafka's properties.

    Raises:
        ConfigError: a file cannot be used; names the setting that it is in.

    """
    ca = conf.get("ssl.ca.location", PROBE)
    try:
        made = _trusting(ca, conf.get("ssl.ca.pem"))
    except (OSError, ValueError) as error:  # SSLError is an OSError
        why = f"{ca!r} cannot be used: {words(error)}"
        raise ConfigError("SSL_CA_LOCATION", why, "name a PEM file that you can read") from error
    own_certificate.load(made, conf)
    verify = conf.get("enable.ssl.certificate.verification", "true") != "false"
    made.check_hostname = (
        verify and conf.get("ssl.endpoint.identification.algorithm", "https") != "none"
    )
    if not verify:
        made.verify_mode = ssl.CERT_NONE
    return made


def shake_hands(trust: ssl.SSLContext, timeout_s: float, server: Server) -> str:
    """Shake hands with a broker; returns the protocol and how long the certificate is valid.

    Raises:
        ConfigError: the certificate is refused, or there is no TLS on this port.
        UnreachableError: no connection or no answer in time, or the certificate has expired.

    """
    with connected(server, timeout_s) as raw:
        try:
            with trust.wrap_socket(raw, server_hostname=server.host) as encrypted:
                certificate = encrypted.getpeercert() or {}
                until = certificate.get("notAfter")
                return f"{encrypted.version()}" + (f", certificate until {until}" if until else "")
        except OSError as error:
            raise _handshake_error(server, error, timeout_s) from error


def speaks_tls(settings: Settings, timeout_s: float = 1.0) -> bool:
    """Tell whether the first bootstrap server shakes hands, whoever it is."""
    unchecked = context({"enable.ssl.certificate.verification": "false"})
    try:
        shake_hands(unchecked, timeout_s, servers(settings)[0])
    except EventError:
        return False
    return True


def cause(settings: Settings) -> EventError | None:
    """Return what TLS has to do with a cluster that does not answer; None where it is nothing."""
    conf = settings.kafka()
    protocol = conf["security.protocol"].upper()
    server = servers(settings)[0]
    try:
        connected(server, _PROBE_S).close()
    except EventError:
        return None
    if not protocol.endswith("SSL"):
        if not speaks_tls(settings):
            return None
        why = f"this port speaks TLS, and SECURITY_PROTOCOL is {protocol}"
        return ConfigError("", why, _ENCRYPT[protocol.startswith("SASL")])
    try:
        shake_hands(context(conf), _PROBE_S, server)
    except EventError as error:
        return error
    return None


def refusal(error: BaseException, host: str, side: Side) -> EventError | None:
    """Return the error that a failed request's TLS error says, found among its causes, or None."""
    for each in _chain(error):
        if isinstance(each, ssl.SSLCertVerificationError):
            return _certificate_error(host, each, side)
        if isinstance(each, ssl.SSLError) and each.reason in _NO_TLS:
            return ConfigError("", "does not speak TLS on this port", side.plain)
    return None


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _trusting(ca: str, pem: str | None) -> ssl.SSLContext:
    if pem:
        return ssl.create_default_context(cadata=pem)
    if ca == PROBE:
        return ssl.create_default_context()
    if Path(ca).is_dir():
        return ssl.create_default_context(capath=ca)
    return ssl.create_default_context(cafile=ca)


def _handshake_error(server: Server, error: OSError, timeout_s: float) -> EventError:
    if isinstance(error, ssl.SSLCertVerificationError):
        return _certificate_error(server.host, error, KAFKA)
    if isinstance(error, TimeoutError):
        why = f"takes connections, but no TLS answer within {timeout_s:g} s"
        return UnreachableError("", why, FIREWALL)
    plain = isinstance(error, ssl.SSLEOFError | ConnectionError)
    if plain or getattr(error, "reason", "") in _NO_TLS:
        why = "does not speak TLS on this port (a PLAINTEXT listener?)"
        return ConfigError("", why, KAFKA.plain)
    return UnreachableError("", f"the TLS handshake failed: {words(error)}", FIREWALL)


def _certificate_error(host: str, error: ssl.SSLCertVerificationError, side: Side) -> EventError:
    code = error.verify_code
    if code in _WRONG_NAME:
        why = f"its certificate is for another host than {host}"
        return ConfigError("", why, f"put the name in the certificate into {side.address}")
    if code in _UNKNOWN_ISSUER:
        return ConfigError(
            "",
            f"its certificate comes from an unknown issuer ({error.verify_message})",
            f"name the issuer's CA file in {side.ca}",
        )
    if code in {_EXPIRED, _NOT_YET_VALID}:
        state = "has expired" if code == _EXPIRED else "is not valid yet"
        fix = f"renew it on {side.owner}; if it is valid, set this machine's clock"
        return UnreachableError("", f"its certificate {state}", fix)
    return ConfigError("", f"its certificate is refused: {error.verify_message}", "renew it")
