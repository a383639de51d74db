"""The registry as the person who releases sees it: never with the producer's key from `.env`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from freezer_events.config import Settings
from freezer_events.errors import ConfigError
from freezer_events.registry.client import Registry

if TYPE_CHECKING:
    from freezer_infra.planner.target import Target

_KEY: Final = ("SCHEMA_REGISTRY_API_KEY", "SCHEMA_REGISTRY_API_SECRET")
_EXPORT: Final = (
    f"export SCHEMA_REGISTRY_URL, and in the cloud {' and '.join(_KEY)} of a key that you make by: "
    "confluent api-key create --resource lsrc-…   or: --without-schemas"
)


def why_not(target: Target, settings: Settings) -> str | None:
    """Tell why that registry cannot be asked, without asking it; None where it can.

    Args:
        target: whose registry.
        settings: say the address where the target does not, and hold the producer's key.

    """
    url = target.registry_url or settings.schema_registry_url
    if url is None:
        return "no registry is named (SCHEMA_REGISTRY_URL)"
    if target.registry_url:
        asks = not target.is_local  # then it is the cloud's
    else:
        asks = bool(settings.schema_registry_api_key) or "confluent.cloud" in url
    if asks and not os.environ.get(_KEY[0]):
        return f"your own key for the registry is not in the environment ({_KEY[0]})"
    return None


def own_registry(target: Target, settings: Settings) -> Registry:
    """Connect with the key that the process's environment holds; without one where none is asked.

    Args:
        target: whose registry.
        settings: say the address where the target does not, and whom to trust.

    Raises:
        ConfigError: no registry is named, or it needs a key and the environment holds none.

    """
    if (why := why_not(target, settings)) is not None:
        doing = f"compare schemas with the registry of {target.name}"
        told = f"{why}; the one in .env is the producer's, which can only read"
        raise ConfigError(doing, told if settings.schema_registry_api_key else why, _EXPORT)
    key, secret = (os.environ.get(name) or None for name in _KEY)
    url = target.registry_url or settings.schema_registry_url
    return Registry.connect(
        Settings(
            schema_registry_url=url,
            schema_registry_api_key=key,
            schema_registry_api_secret=secret,
            schema_registry_ssl_ca_location=settings.schema_registry_ssl_ca_location,
        )
    )
