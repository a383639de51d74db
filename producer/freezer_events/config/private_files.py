"""Files of settings that hold secrets, and whether other users of this machine can read them."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Final

from freezer_events.config.secrets import is_secret, without_credentials

if TYPE_CHECKING:
    from freezer_events.config.settings import Settings

_NO_FILES: Final = frozenset({"option", "environment", "code"})


def files(settings: Settings) -> list[str]:
    """Return the files that settings came from, in the order in which they count."""
    return [name for name in dict.fromkeys(settings.origins.values()) if name not in _NO_FILES]


def secret(settings: Settings) -> list[str]:
    """Return those among the files that hold a secret."""
    return [name for name in files(settings) if _holds_secret(settings, name)]


def exposed(settings: Settings) -> list[str]:
    """Return those among the files that hold a secret and that others can read."""
    return [name for name in secret(settings) if _others_may_read(Path(name))]


def warnings(settings: Settings) -> list[str]:
    """Return what a command says of files that others can read, each with its next step."""
    return [
        f"warning: other users can read the secrets in {file}\n  next: chmod 600 {file}"
        for file in exposed(settings)
    ]


def _holds_secret(settings: Settings, file: str) -> bool:
    keys = [key for key, origin in settings.origins.items() if origin == file]
    url = settings.schema_registry_url or ""
    embedded = "SCHEMA_REGISTRY_URL" in keys and without_credentials(url) != url
    return embedded or any(is_secret(key) for key in keys)


def _others_may_read(path: Path) -> bool:
    if os.name != "posix" or not path.exists():
        return False  # elsewhere a file's mode says nothing about who may read it
    return bool(path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO))
