"""Where the local stack keeps its files, and who may touch them now.

The stack belongs to the machine: its compose file, secrets and addresses are in the user's state
folder, so every checkout finds the one that runs, and none takes it away by being deleted.
"""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, TextIO

from freezer_events.config.atomic import write_private
from freezer_events.config.file_lock import take
from freezer_events.config.project import upwards
from freezer_events.config.state_folder import state_folder
from freezer_events.errors import ConfigError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PACKAGED: Final = Path(__file__).resolve().parent
COMPOSE: Final = "compose.yaml"
PROPERTIES: Final = "server.properties"

_OTHERS_DONE_WITHIN_S: Final = 1800  # pulling or building images on a slow machine


def folder() -> Path:
    """Return the stack's folder on this machine; `alone` makes it."""
    return state_folder() / "local"


def secrets() -> Path:
    """Return the folder that the broker mounts: certificates and users."""
    return folder() / "secrets"


def stack_file() -> Path:
    """Return the file that holds addresses and logins of the stack."""
    return folder() / "stack.json"


def env_file() -> Path:
    """Return the `.env.local` of the project around the working directory."""
    project = upwards("pyproject.toml")
    return (project.parent if project else Path()).resolve() / ".env.local"


def install() -> None:
    """Put the compose file and the broker's properties where the containers mount them from."""
    for name in (COMPOSE, PROPERTIES):
        text = (PACKAGED / name).read_text(encoding="utf-8")
        write_private(folder() / name, text, mode=0o644)


def installed_differs() -> bool:
    """Tell whether the stack was started from other files than this version's."""
    pairs = ((folder() / name, PACKAGED / name) for name in (COMPOSE, PROPERTIES))
    return any(here.exists() and here.read_bytes() != ours.read_bytes() for here, ours in pairs)


@contextmanager
def alone(say: Callable[[str], None]) -> Iterator[None]:
    """Hold the stack's folder, made if need be, so that two starts at once do not build twice.

    Raises:
        ConfigError: it belongs to another user.
        UnreachableError: another process has held it for half an hour.

    """
    why = "another process is still starting or stopping it"
    refusal = UnreachableError("start or stop the local stack", why)
    waiting = "waiting for another process that is starting or stopping the local stack"
    with _lock_file() as file:
        take(file.fileno(), lambda: say(waiting), refusal, _OTHERS_DONE_WITHIN_S)
        yield  # closing the file lets go of the lock


def _lock_file() -> TextIO:
    try:
        folder().mkdir(mode=0o700, parents=True, exist_ok=True)
        return (folder() / "lock").open("w")
    except PermissionError as error:
        fix = f"remove that folder as the user who made it: `sudo rm -r {folder()}`"
        raise ConfigError("start or stop the local stack", str(error), fix) from error
