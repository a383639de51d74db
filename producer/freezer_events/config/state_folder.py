"""The folder for what belongs to this user on this machine, not to one checkout."""

from __future__ import annotations

import os
from pathlib import Path


def state_folder() -> Path:
    """Return `$XDG_STATE_HOME/freezer-events`, by default below `~/.local/state`.

    It may not exist yet: who writes there makes it, with mode 0700.
    https://specifications.freedesktop.org/basedir-spec/latest/
    """
    base = os.environ.get("XDG_STATE_HOME", "")
    # The specification tells programs to ignore a relative path.
    root = Path(base) if base.startswith("/") else Path.home() / ".local" / "state"
    return root / "freezer-events"
