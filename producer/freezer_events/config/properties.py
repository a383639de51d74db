"""Properties of librdkafka and of the registry's client: which there are, and reading their file.

The file is the `client.properties` that the Confluent Cloud console hands out. What Java calls
otherwise is explained, and what would run code is not taken from a file.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from freezer_events.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

REGISTRY: Final = "schema.registry."
"""Begins the names of what the registry's client is given."""

# What confluent_kafka.schema_registry's client takes, less what is a setting of ours.
_REGISTRY_NAMES: Final = """
    basic.auth.user.info bearer.auth.client.id bearer.auth.client.secret
    bearer.auth.credentials.source bearer.auth.identity.pool.id
    bearer.auth.issuer.endpoint.query bearer.auth.issuer.endpoint.url
    bearer.auth.logical.cluster bearer.auth.scope bearer.auth.token proxy ssl.ca.location
    ssl.certificate.location ssl.key.location ssl.key.password url
"""
_REGISTRY_KNOWN: Final = frozenset(_REGISTRY_NAMES.split())
_BEARER: Final = ("STATIC_TOKEN", "OAUTHBEARER", "OAUTHBEARER_AZURE_IMDS")

# Properties that only Java clients know; librdkafka would refuse them with a riddle.
_PEM: Final = "name PEM files in {0}ssl.certificate.location and {0}ssl.key.location"
_JAVA_ONLY: Final[Mapping[str, str]] = {
    "sasl.jaas.config": "put the user name into sasl.username, the password into sasl.password",
    "sasl.login.callback.handler.class": "set sasl.oauthbearer.method=oidc",
    "ssl.truststore.location": "name a PEM file in ssl.ca.location",
    "ssl.truststore.password": "remove it: the PEM file that ssl.ca.location names has none",
    "ssl.truststore.certificates": "put them into a file, and name it in ssl.ca.location",
    f"{REGISTRY}ssl.truststore.location": f"name a PEM file in {REGISTRY}ssl.ca.location",
    f"{REGISTRY}ssl.truststore.password": f"remove it: {REGISTRY}ssl.ca.location names a PEM file",
    f"{REGISTRY}ssl.keystore.location": _PEM.format(REGISTRY),
    f"{REGISTRY}ssl.keystore.password": _PEM.format(REGISTRY),
    f"{REGISTRY}proxy.host": f"write {REGISTRY}proxy=http://host:port",
    f"{REGISTRY}proxy.port": f"write {REGISTRY}proxy=http://host:port",
    f"{REGISTRY}bearer.auth.custom.provider.class": "give the token itself, or an OAuth client",
}

# librdkafka loads or runs what these name: whoever can write a file in the working directory could
# run code as us.
_RUN_CODE: Final = frozenset(
    {"plugin.library.paths", "sasl.kerberos.kinit.cmd", "ssl.engine.location", "ssl.providers"}
)

_NAME: Final = re.compile(r"[\w.-]+")


def read_properties(path: Path) -> dict[str, str]:
    """Return the properties of a file, `name=value` a line; `#` and `!` start a comment line.

    What is about the registry comes back as `schema.registry.…`, with or without that in the file.

    Raises:
        ConfigError: the file cannot be read, a line is no property, only Java knows it, or it names
            code to be run; names file and line, never a value.

    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise ConfigError("KAFKA_CONFIG", f"{path} cannot be read: {why}") from error
    found = {}
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if not line or line[0] in "#!":
            continue
        name, sep, value = (part.strip() for part in line.partition("="))
        if not sep or not _NAME.fullmatch(name):
            raise ConfigError(f"{path}:{number}", "is not of the form property=value")
        name = _registrys(name)
        why, fix = _refusal(name, value)
        if why:
            raise ConfigError(f"{path}:{number}: {name}", why, fix)
        found[name] = value
    found.pop(f"{REGISTRY}basic.auth.credentials.source", None)
    return found


def registry_properties(properties: Mapping[str, str]) -> dict[str, str]:
    """Return what the registry's client is given, by the names that it has there."""
    return {
        name.removeprefix(REGISTRY): value
        for name, value in properties.items()
        if name.startswith(REGISTRY)
    }


def refuse_bad(properties: Mapping[str, str]) -> None:
    """Refuse properties that no client takes, or that are malformed where we read them ourselves.

    Raises:
        ConfigError: names the property, no secret.

    """
    for name in properties:
        why, fix = _unknown(name)
        if why:
            raise ConfigError(name, why, fix)
    largest = properties.get("message.max.bytes")
    if largest is not None and not (largest.isascii() and largest.isdecimal()):
        raise ConfigError(
            "message.max.bytes", f"{largest!r} is no number of bytes", "1 MB: 1000000"
        )


def _registrys(name: str) -> str:
    """Return a property's full name; the cloud's file has `basic.auth.…` without its beginning."""
    return f"{REGISTRY}{name}" if name.startswith(("basic.auth.", "bearer.auth.")) else name


def _refusal(name: str, value: str) -> tuple[str, str]:
    """Return why a property is not taken from a file and what to do; ("", "") where it is."""
    if name in _RUN_CODE:
        return "runs code, and is not taken from a file", f"type it: -X {name}=…"
    if name == f"{REGISTRY}basic.auth.credentials.source":
        why = "SASL_INHERIT is known to Java clients only" if value == "SASL_INHERIT" else ""
        return why, f"put user:password into {REGISTRY}basic.auth.user.info"
    if name == f"{REGISTRY}bearer.auth.credentials.source" and value not in _BEARER:
        return f"is none of {', '.join(_BEARER)}", "Java's other sources are not known here"
    return _unknown(name)


def _unknown(name: str) -> tuple[str, str]:
    """Return why no client of ours knows a property and what to do; ("", "") where one may."""
    if name in _JAVA_ONLY:
        return "is a property of Java clients", _JAVA_ONLY[name]
    if name.startswith(REGISTRY) and name.removeprefix(REGISTRY) not in _REGISTRY_KNOWN:
        why = "is no property of the registry's client"
        return why, f"after {REGISTRY} there are: {', '.join(sorted(_REGISTRY_KNOWN))}"
    return "", ""
