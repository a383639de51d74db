"""TLS with every bootstrap server: certificate chain and host name, checked as the client does."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from freezer_events.doctor.network import of_all
from freezer_events.doctor.verdicts import Check, Verdict
from freezer_events.kafka import handshake
from freezer_events.kafka.servers import FIREWALL, TIMEOUT_S, servers

if TYPE_CHECKING:
    from freezer_events.config import Settings


def tls(settings: Settings, timeout_s: float = TIMEOUT_S) -> Check:
    """Check the certificate chain and host name of every bootstrap server, as the client does.

    Raises:
        ConfigError: a certificate file cannot be used.

    """
    conf = settings.kafka()
    protocol = conf["security.protocol"].upper()
    if not protocol.endswith("SSL"):
        return Check.skip("tls", f"not used: SECURITY_PROTOCOL is {protocol}")
    shake = partial(handshake.shake_hands, handshake.context(conf), timeout_s)
    check = of_all("tls", servers(settings), shake, timeout_s, FIREWALL)
    if check.verdict is Verdict.OK and conf.get("enable.ssl.certificate.verification") == "false":
        return Check.warn(
            "tls",
            "encrypted, but nobody checks who answers",
            "remove enable.ssl.certificate.verification=false; set SSL_CA_LOCATION",
        )
    return check
