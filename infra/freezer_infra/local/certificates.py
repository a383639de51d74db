"""Make the throwaway certificates and users of the local broker, in one folder it mounts.

    secrets/keystore.pem       the broker's key, its certificate, the CA's certificate
    secrets/ca.pem             what clients trust
    secrets/users.properties   the PLAIN users, as a JAAS line that server.properties refers to

They are worth nothing outside this machine: made when first needed, never committed.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from freezer_events.config.atomic import write_private
from freezer_events.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from freezer_infra.local.authority import Certificates

_PLAIN = "org.apache.kafka.common.security.plain.PlainLoginModule"


def write(folder: Path, passwords: Mapping[str, str]) -> None:
    """Make certificates and the PLAIN users' file in `folder`.

    The files are readable by all because the broker runs under a user id of its own in its
    container; the folder above must not be.

    Raises:
        ConfigError: cryptography is not installed.

    """
    made = issue()
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)
    write_private(folder / "keystore.pem", made.keystore, mode=0o644)
    write_private(folder / "ca.pem", made.ca, mode=0o644)
    write_private(folder / "users.properties", f"plain={jaas(passwords)}\n", mode=0o644)


def password() -> str:
    """Return a password that needs no quoting in JAAS, JSON or a shell."""
    return secrets.token_hex(16)


def jaas(passwords: Mapping[str, str]) -> str:
    """Return the JAAS line that makes these the PLAIN users; the first is the broker's own.

    Source: Apache Kafka documentation, "Configuring SASL/PLAIN".
    """
    own, own_password = next(iter(passwords.items()))
    users = " ".join(f'user_{user}="{value}"' for user, value in passwords.items())
    return f'{_PLAIN} required username="{own}" password="{own_password}" {users};'


def issue() -> Certificates:
    """Issue a CA and a certificate for localhost.

    Raises:
        ConfigError: cryptography is not installed: it is an extra.

    """
    try:
        from freezer_infra.local import authority  # noqa: PLC0415 - what it imports may be missing
    except ModuleNotFoundError as error:
        raise ConfigError(
            "make certificates for the local stack",
            f"{error.name} is not installed",
            "pip install 'freezer-events[local]'",
        ) from error
    return authority.issue()
