"""Which spool is meant, and who may touch it."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from freezer_events.cli import options
from freezer_events.errors import ConfigError
from freezer_events.spool.database import FILE
from freezer_events.spool.folder import SpoolFolder
from freezer_events.spool.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def spool_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--spool` and `--env-file`."""
    named = click.option(
        "--spool",
        type=click.Path(file_okay=False, path_type=Path),
        metavar="DIR",
        help="The spool's folder.  [default: SPOOL_DIR]",
    )
    return named(options.env_file(function))


def folder(spool: Path | None, env_file: Path | None) -> Path:
    """Return the folder of the spool that is meant.

    Raises:
        ConfigError: none is named, or there is none.

    """
    if spool is None:
        named = options.load_settings(env_file).spool_dir
        if not named:
            raise ConfigError("the spool", "none is named", "name its folder: --spool DIR")
        spool = Path(named)
    if not (spool / FILE).exists():
        raise ConfigError(f"the spool {spool}", "is not there", "name its folder: --spool DIR")
    return spool


@contextmanager
def looking(path: Path) -> Iterator[Store]:
    """Give a spool to look at, which another process may be using."""
    store = Store(path, read_only=True)
    try:
        yield store
    finally:
        store.close()


@contextmanager
def held(path: Path) -> Iterator[Store]:
    """Give a spool to change, which no other process may be using.

    Raises:
        UnreachableError: one is.

    """
    place = SpoolFolder(path)
    try:
        store = Store(path)
        try:
            yield store
        finally:
            store.close()
    finally:
        place.release()
