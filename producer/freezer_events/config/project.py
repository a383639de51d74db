"""The project around the working directory: where its files are, and what `[tool.freezer]` says.

Files are looked for in this folder and upwards to the root of the git repository; outside of a
repository in this folder only, so that a file in somebody's home says nothing about a project.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from freezer_events.config.toml_table import Table

if TYPE_CHECKING:
    from collections.abc import Iterator

_KEYS: Final = ("schemas", "into", "topics")


def upwards(name: str) -> Path | None:
    """Return the nearest file or folder of this name, as a path from the working directory."""
    found = (folder / name for folder in _folders())
    return next((path for path in found if path.exists()), None)


def _folders() -> Iterator[Path]:
    here = Path.cwd()
    repository = next((each for each in (here, *here.parents) if (each / ".git").exists()), here)
    yield Path()
    for each in here.parents:
        if not each.is_relative_to(repository):
            return
        yield Path(os.path.relpath(each, here))


@dataclass(frozen=True, slots=True)
class Project:
    """What `[tool.freezer]` in the nearest pyproject.toml names, as paths from here.

    Attributes:
        schemas: the folder of schemas, or None.
        into: the package folder of the generated events, or None.
        topics: the file that declares topics and access, or None.

    """

    schemas: Path | None = None
    into: Path | None = None
    topics: Path | None = None

    @classmethod
    def find(cls) -> Self:
        """Read it.

        Raises:
            ConfigError: pyproject.toml cannot be read, or names something that nobody knows.

        """
        path = upwards("pyproject.toml")
        if path is None:
            return cls()
        ours = Table.read(path).table("tool").table("freezer")
        ours.only(*_KEYS)
        named = {key: ours.get(key, str) for key in _KEYS}
        return cls(**{key: path.parent / value for key, value in named.items() if value})
