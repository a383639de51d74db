"""Private homes for the Confluent CLI: folders of mode 0700 that never outlive their use."""

from __future__ import annotations

import shutil
import signal
import sys
import tempfile
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

_ENDING = (signal.SIGTERM, signal.SIGHUP)


@contextmanager
def private_home() -> Iterator[Path]:
    """Give an empty home; it is removed afterwards, also after an error or a signal."""
    with signals_unwind(), tempfile.TemporaryDirectory(prefix="freezer-confluent-") as folder:
        yield Path(folder)  # mkdtemp's mode is 0700


@contextmanager
def copied_home(home: Path) -> Iterator[Path]:
    """Give a private copy of the CLI's login in `home`: what the CLI stores there is forgotten.

    `api-key create` writes the new secret into the CLI's own configuration.
    """
    with private_home() as copy:
        source = home / ".confluent"
        if source.is_dir():
            shutil.copytree(source, copy / ".confluent", ignore=_only_config)
        yield copy


def _only_config(folder: str, names: list[str]) -> set[str]:
    """Leave plugins, logs and caches out; the login is in `config.json`."""
    return {name for name in names if name != "config.json" or not (Path(folder) / name).is_file()}


@contextmanager
def signals_unwind() -> Iterator[None]:
    """Let a signal that would end Python on the spot unwind it, so what is temporary goes too."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {n: signal.signal(n, _leave) for n in _ENDING if signal.getsignal(n) is signal.SIG_DFL}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _leave(number: int, _frame: FrameType | None) -> None:
    sys.exit(128 + number)
