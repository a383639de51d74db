"""Replace files so that nobody ever sees half of one; secrets are private from the first byte.

A new text is written beside the file, under a name of its own, and then takes its place.
"""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from freezer_events.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

_MODE: Final = 0o777  # the part of a mode that says who may do what


def write_private(path: Path, text: str, mode: int = 0o600) -> None:
    """Write one file; nobody else can read it before it is whole, and by `mode` afterwards.

    It is on the disk when this returns: a cloud shows a secret once. A symbolic link is replaced,
    not followed: what it leads to may be where others look.

    Raises:
        OSError: it cannot be written; what was there is still there.

    """
    temporary = _stage(path, text.encode(), mode)
    try:
        temporary.replace(path)
    except BaseException:  # Ctrl-C as well
        temporary.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # the new name, too
    finally:
        os.close(folder)


def replace_all(texts: Mapping[Path, str], remove: Iterable[Path] = ()) -> list[Path]:
    """Write every file whose text differs from what is there, then remove the others.

    Files are swapped in in the order given: what says that all the others are there comes last.
    Each keeps its mode, and where it is a symbolic link, the file that it leads to is replaced.

    Returns:
        the files that were changed or removed, in order.

    Raises:
        UsageError: a folder or file cannot be written; everything is as it was then.

    """
    changed = {path: text for path, text in texts.items() if read_or_none(path) != text}
    remove = list(remove)
    before: dict[Path, tuple[bytes, int] | None] = {}
    staged: list[tuple[Path, Path]] = []
    try:
        for path, text in changed.items():
            real = path.resolve() if path.is_symlink() else path
            real.parent.mkdir(parents=True, exist_ok=True)
            staged.append((_stage(real, text.encode(), _mode(real)), real))
        for temporary, real in staged:
            before[real] = _as_it_is(real)
            temporary.replace(real)
        for path in remove:
            before[path] = _as_it_is(path)
            path.unlink()
    except OSError as error:
        _restore(before)
        where = str(error.filename2 or error.filename or "")
        raise UsageError(where, f"cannot be written: {error.strerror}") from error
    except BaseException:  # Ctrl-C as well
        _restore(before)
        raise
    finally:
        for temporary, _ in staged:
            temporary.unlink(missing_ok=True)
    return [*changed, *remove]


def read_or_none(path: Path) -> str | None:
    """Return a file's text, None where there is no such file or it is not UTF-8."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None


def _stage(path: Path, data: bytes, mode: int | None) -> Path:
    """Write a file beside `path`, at this mode, or None for the one that new files have."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(temporary, flags, 0o666 if mode is None else 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            if mode is not None:
                os.fchmod(file.fileno(), mode)
            file.flush()
            os.fsync(file.fileno())  # or a crash may leave the new name with nothing in it
    except BaseException:  # Ctrl-C as well
        temporary.unlink(missing_ok=True)
        raise
    return temporary


def _mode(path: Path) -> int | None:
    return path.stat().st_mode & _MODE if path.exists() else None


def _as_it_is(path: Path) -> tuple[bytes, int] | None:
    return (path.read_bytes(), path.stat().st_mode & _MODE) if path.exists() else None


def _restore(before: Mapping[Path, tuple[bytes, int] | None]) -> None:
    """Put back what was there; the last one may be as it was, for its swap failed."""
    for path, was in before.items():
        with suppress(OSError):
            if was is None:
                path.unlink()
            elif _as_it_is(path) != was:
                _stage(path, *was).replace(path)
