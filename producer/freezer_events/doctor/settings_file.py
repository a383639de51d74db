"""Are the settings complete, and are the files that hold secrets private?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from freezer_events.config import private_files
from freezer_events.doctor.verdicts import Check
from freezer_events.errors import ConfigError

if TYPE_CHECKING:
    from freezer_events.config import Settings

NAME: Final = ".env"
_CLOUD: Final = ".confluent.cloud"  # every listener there asks for credentials
_EXAMPLE: Final = "xxxxx"  # what .env.example has in the place of a cluster's id
_BY_PASSWORD: Final = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")


@dataclass(frozen=True, slots=True)
class Gap:
    """A setting that is missing: its key, why it is needed, and the check that cannot run."""

    key: str
    why: str
    stops: str


def gaps(settings: Settings) -> list[Gap]:
    """Return what is missing for a producer: an address, an account, a registry."""
    return _broker_gaps(settings) + _registry_gaps(settings)


def env_file(settings: Settings) -> Check:
    """Check that nothing is missing and that others cannot read the secrets.

    Raises:
        ConfigError: something is missing; names every key.

    """
    missing = gaps(settings)
    if missing:
        keys = " and ".join(dict.fromkeys(gap.key for gap in missing))
        raise ConfigError(
            "", "; ".join(f"{gap.key} {gap.why}" for gap in missing), f"put {keys} into .env"
        )
    exposed = private_files.exposed(settings)
    if exposed:
        names = " ".join(exposed)
        return Check.warn(
            NAME, f"other users can read the secrets in {names}", f"chmod 600 {names}"
        )
    files = private_files.files(settings)
    whence = f"from {', '.join(files)}" if files else "all from the environment and options"
    private = ", secrets private" if private_files.secret(settings) else ""
    return Check.ok(NAME, f"complete: {whence}{private}")


def _broker_gaps(settings: Settings) -> list[Gap]:
    servers = settings.bootstrap_servers
    if not servers:
        return [Gap("BOOTSTRAP_SERVERS", "is not set", "dns")]
    if _EXAMPLE in servers:
        return [Gap("BOOTSTRAP_SERVERS", "still has the example's value", "dns")]
    conf = settings.kafka()
    sasl = conf["security.protocol"].upper().startswith("SASL")
    by_password = sasl and conf.get("sasl.mechanism", "PLAIN") in _BY_PASSWORD
    cloud = _CLOUD in servers and not sasl
    if (by_password or cloud) and not conf.get("sasl.username"):
        who = "Confluent Cloud" if cloud else conf["security.protocol"]
        why = f"is not set, though {who} asks for an account"
        return [Gap("SASL_USERNAME", why, "authentication")]
    return []


def _registry_gaps(settings: Settings) -> list[Gap]:
    url = settings.schema_registry_url
    if not url:
        return [Gap("SCHEMA_REGISTRY_URL", "is not set", "registry")]
    if _EXAMPLE in url:
        return [Gap("SCHEMA_REGISTRY_URL", "still has the example's value", "registry")]
    parts = urlsplit(url.split(",")[0].strip())
    if (parts.hostname or "").endswith(_CLOUD) and not parts.username:
        if settings.schema_registry_api_key:
            return []
        why = "is not set, though Confluent Cloud asks for a key"
        return [Gap("SCHEMA_REGISTRY_API_KEY", why, "registry")]
    return []
