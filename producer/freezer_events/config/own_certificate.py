"""Our own certificate for TLS and its key: loaded without a prompt, or the file at fault is named.

OpenSSL asks the terminal for the password of an encrypted key, and waits for it without limit; and
what it says of a file that it cannot use names no file.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from freezer_events.errors import ConfigError

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping

CERTIFICATE: Final = "ssl.certificate.location"
KEY: Final = "ssl.key.location"
PASSWORD: Final = "ssl.key.password"  # noqa: S105 - the name of a property
OURS: Final = (CERTIFICATE, KEY, PASSWORD)
"""The properties that say who we are; the registry's have a prefix."""

_APART: Final = "KEY_VALUES_MISMATCH"  # what OpenSSL calls a key of another certificate


def refuse_unusable(conf: Mapping[str, str], prefix: str = "") -> None:
    """Refuse certificate and key, if there are any, as `load` does."""
    if conf.get(CERTIFICATE):
        load(_context(), conf, prefix)


def load(into: ssl.SSLContext, conf: Mapping[str, str], prefix: str = "") -> None:
    """Load certificate and key into a context, if there are any.

    Args:
        into: the context that shows them to servers.
        conf: properties, by the names of OURS.
        prefix: begins their names where they were set.

    Raises:
        ConfigError: a file cannot be used, or the key is encrypted and its password is missing or
            another one; names the property.

    """
    certificate, password = conf.get(CERTIFICATE), conf.get(PASSWORD)
    if not certificate:
        return
    key = conf.get(KEY) or certificate
    owner = prefix + (KEY if conf.get(KEY) else CERTIFICATE)
    for name, path in ((prefix + CERTIFICATE, certificate), (owner, key)):
        _refuse_unreadable(name, path)
    asked = []

    def answer() -> str:
        asked.append(True)
        return password or ""  # no answer at all would have OpenSSL ask the terminal

    try:
        into.load_cert_chain(certificate, key, answer)
    except (OSError, ValueError) as error:
        if asked and not password:
            why = f"{key!r} is encrypted, and {prefix}{PASSWORD} is not set"
            raise ConfigError(owner, why, f"set {prefix}{PASSWORD}") from error
        if getattr(error, "reason", None) == _APART:
            why = f"{key!r} is not the key of the certificate in {certificate!r}"
            raise ConfigError(
                owner, why, "name the key that the certificate was made for"
            ) from error
        if not _holds_certificate(certificate):
            why = f"{certificate!r} holds no certificate that can be read"
            raise ConfigError(prefix + CERTIFICATE, why, "name a PEM file") from error
        if asked:
            why = f"does not open the key in {key!r}"
            raise ConfigError(prefix + PASSWORD, why, "set the password of this key") from error
        why = f"{key!r} holds no private key that can be read"
        raise ConfigError(owner, why, "name a PEM file that holds the key") from error


def _refuse_unreadable(name: str, path: str) -> None:
    try:
        with Path(path).open("rb"):
            pass
    except OSError as error:
        why = f"{path!r} cannot be read: {error.strerror}"
        raise ConfigError(name, why, "name a PEM file that you can read") from error


def _context() -> ssl.SSLContext:
    import ssl  # noqa: PLC0415 - slow, and most settings name no certificate

    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _holds_certificate(path: str) -> bool:
    try:
        _context().load_verify_locations(path)
    except (OSError, ValueError):
        return False
    return True
