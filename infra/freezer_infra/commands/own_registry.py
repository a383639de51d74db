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


def own_registry(target: Target, settings: Settings) -> Registry:
    """Connect with the key that the process's environment holds; without one where none is asked.

    Args:
        target: whose registry.
        settings: say the address where the target does not, and whom to trust.

    Raises:
        ConfigError: no registry is named, or it needs a key and the environment holds none.

    """
    key, secret = (os.environ.get(name) or None for name in _KEY)
    url = target.registry_url or settings.schema_registry_url
    if key is None and (
        settings.schema_registry_api_key or url is None or "confluent.cloud" in url
    ):
        raise ConfigError(
            f"compare schemas with the registry of {target.name}",
            f"your own key for it is not in the environment ({', '.join(_KEY)}); the one in .env "
            "is the producer's, which can only read",
            "confluent api-key create --resource lsrc-…   and export both; or: --without-schemas",
        )
    return Registry.connect(
        Settings(
            schema_registry_url=url,
            schema_registry_api_key=key,
            schema_registry_api_secret=secret,
            schema_registry_ssl_ca_location=settings.schema_registry_ssl_ca_location,
        )
    )
