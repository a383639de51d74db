"""Whom TLS trusts and who we are in it, for the cluster and for the registry.

One CA and one client certificate serve both sides, unless the registry has its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from freezer_events.config import own_certificate
from freezer_events.config.layers import system_ca
from freezer_events.config.own_certificate import CERTIFICATE, OURS
from freezer_events.config.properties import REGISTRY, registry_properties

if TYPE_CHECKING:
    from collections.abc import Mapping

PROBE: Final = "probe"
"""librdkafka's word for the system's own CAs, which Python finds where none is named."""

_CA: Final = "ssl.ca.location"


def kafka(properties: Mapping[str, str]) -> dict[str, str]:
    """Return what librdkafka needs beside its properties: it does not know SSL_CERT_FILE.

    Raises:
        ConfigError: the file in SSL_CERT_FILE is needed, and not there.

    """
    named = {_CA, "ssl.ca.pem"} & properties.keys()
    if named or not properties["security.protocol"].upper().endswith("SSL"):
        return {}
    ca = system_ca()
    return {_CA: ca} if ca else {}


def registry(properties: Mapping[str, str], own_ca: str | None, ca: str | None) -> dict[str, str]:
    """Return what the registry's client is given, beside its address and key.

    Args:
        properties: all properties; those that begin with `schema.registry.` are the registry's.
        own_ca: the CA that is named for the registry alone, or None.
        ca: the CA that is named for Kafka, or None.

    Raises:
        ConfigError: the file in SSL_CERT_FILE is needed, and not there; or our certificate or its
            key cannot be used.

    """
    found = registry_properties(properties)
    own = CERTIFICATE in found
    if not own and CERTIFICATE in properties:
        found |= {name: properties[name] for name in OURS if name in properties}
    # The registry's client would load them with a prompt for a password that is missing.
    own_certificate.refuse_unusable(found, REGISTRY if own else "")
    found.setdefault(_CA, own_ca or properties.get(_CA) or ca or system_ca() or PROBE)
    if found[_CA] == PROBE:
        del found[_CA]
    if "bearer.auth.token" in found:
        found.setdefault("bearer.auth.credentials.source", "STATIC_TOKEN")
    if "bearer.auth.credentials.source" in found:
        # Only Confluent Cloud has logical clusters, and the client insists on one.
        found.setdefault("bearer.auth.logical.cluster", "")
    return found
