"""TLS with every bootstrap server: certificate chain and host name, checked as the client does."""

from __future__ import annotations

import ssl
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from freezer_events.doctor.network import (
    FIREWALL,
    TIMEOUT_S,
    Server,
    connected,
    of_all,
    servers,
    words,
)
from freezer_events.doctor.verdicts import Check, Verdict
from freezer_events.errors import ConfigError, EventError, UnreachableError

if TYPE_CHECKING:
    from freezer_events.config import Settings

# X509_V_ERR_* of OpenSSL's x509_vfy.h.
_NOT_YET_VALID: Final = 9
_EXPIRED: Final = 10
_WRONG_NAME: Final = (62, 64)
_UNKNOWN_ISSUER: Final = (18, 19, 20, 21)


def tls(settings: Settings, timeout_s: float = TIMEOUT_S) -> Check:
    """Check the certificate chain and host name of every bootstrap server, as the client does.

    Raises:
        ConfigError: a certificate file cannot be used.

    """
    conf = settings.kafka()
    protocol = conf["security.protocol"].upper()
    if not protocol.endswith("SSL"):
        return Check.skip("tls", f"not used: SECURITY_PROTOCOL is {protocol}")
    shake = partial(_shake_hands, context(conf), timeout_s)
    check = of_all("tls", servers(settings), shake, timeout_s, FIREWALL)
    if check.verdict is Verdict.OK and conf.get("enable.ssl.certificate.verification") == "false":
        return Check.warn(
            "tls",
            "encrypted, but nobody checks who answers",
            "remove enable.ssl.certificate.verification=false; set SSL_CA_LOCATION",
        )
    return check


def context(conf: dict[str, str]) -> ssl.SSLContext:
    """Return what Python checks a server with, made of librdkafka's properties.

    Raises:
        ConfigError: a file cannot be read, or is not PEM.

    """
    ca = conf.get("ssl.ca.location", "probe")
    try:
        made = _trusting(ca, conf.get("ssl.ca.pem"))
        if conf.get("ssl.certificate.location"):
            made.load_cert_chain(
                conf["ssl.certificate.location"],
                conf.get("ssl.key.location"),
                lambda: conf.get("ssl.key.password", ""),
            )
    except (OSError, ValueError) as error:  # SSLError is an OSError
        named = conf.get("ssl.certificate.location", "")
        why = f"{ca if ca != 'probe' else named!r} cannot be used: {words(error)}"
        raise ConfigError("SSL_CA_LOCATION", why, "name a PEM file that you can read") from error
    verify = conf.get("enable.ssl.certificate.verification", "true") != "false"
    made.check_hostname = (
        verify and conf.get("ssl.endpoint.identification.algorithm", "https") != "none"
    )
    if not verify:
        made.verify_mode = ssl.CERT_NONE
    return made


def _trusting(ca: str, pem: str | None) -> ssl.SSLContext:
    if pem:
        return ssl.create_default_context(cadata=pem)
    if ca == "probe":
        return ssl.create_default_context()
    if Path(ca).is_dir():
        return ssl.create_default_context(capath=ca)
    return ssl.create_default_context(cafile=ca)


def speaks_tls(settings: Settings, timeout_s: float = 1.0) -> bool:
    """Tell whether the first bootstrap server shakes hands, whoever it is."""
    unchecked = context({"enable.ssl.certificate.verification": "false"})
    try:
        _shake_hands(unchecked, timeout_s, servers(settings)[0])
    except EventError:
        return False
    return True


def _shake_hands(trust: ssl.SSLContext, timeout_s: float, server: Server) -> str:
    with connected(server, timeout_s) as raw:
        try:
            with trust.wrap_socket(raw, server_hostname=server.host) as encrypted:
                certificate = encrypted.getpeercert() or {}
                until = certificate.get("notAfter")
                return f"{encrypted.version()}" + (f", certificate until {until}" if until else "")
        except OSError as error:
            raise _tls_error(server, error, timeout_s) from error


def _tls_error(server: Server, error: OSError, timeout_s: float) -> EventError:
    if isinstance(error, ssl.SSLCertVerificationError):
        return _certificate_error(server, error)
    if isinstance(error, TimeoutError):
        why = f"takes connections, but no TLS answer within {timeout_s:g} s"
        return UnreachableError("", why, FIREWALL)
    plain = isinstance(error, ssl.SSLEOFError | ConnectionError)
    if plain or getattr(error, "reason", "") in {"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE"}:
        return ConfigError(
            "",
            "does not speak TLS on this port (a PLAINTEXT listener?)",
            "check the port in BOOTSTRAP_SERVERS; without TLS: SECURITY_PROTOCOL=PLAINTEXT",
        )
    return UnreachableError("", f"the TLS handshake failed: {words(error)}", FIREWALL)


def _certificate_error(server: Server, error: ssl.SSLCertVerificationError) -> EventError:
    code = error.verify_code
    if code in _WRONG_NAME:
        why = f"its certificate is for another host than {server.host}"
        return ConfigError("", why, "put the name in the certificate into BOOTSTRAP_SERVERS")
    if code in _UNKNOWN_ISSUER:
        return ConfigError(
            "",
            f"its certificate comes from an unknown issuer ({error.verify_message})",
            "name the issuer's CA file in SSL_CA_LOCATION",
        )
    if code in {_EXPIRED, _NOT_YET_VALID}:
        state = "has expired" if code == _EXPIRED else "is not valid yet"
        fix = "renew it on the broker; if it is valid, set this machine's clock"
        return UnreachableError("", f"its certificate {state}", fix)
    return ConfigError("", f"its certificate is refused: {error.verify_message}", "renew it")
