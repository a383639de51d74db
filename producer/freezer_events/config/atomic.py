"""Replace files so that nobody ever sees half of one: all are written first, then swapped in."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from freezer_events.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def replace_all(texts: Mapping[Path, str], remove: Iterable[Path] = ()) -> list[Path]:
    """Write every file whose text differs from what is there, then remove the others.

    Files are swapped in in the order given: what says that all the others are there comes last.

    Returns:
        the files that were changed or removed, in order.

    Raises:
        UsageError: a folder or file cannot be written; everything is as it was then.

    """
    changed = {path: text for path, text in texts.items() if read_or_none(path) != text}
    remove = list(remove)
    before: dict[Path, bytes | None] = {}
    staged: list[tuple[Path, Path]] = []
    try:
        for path, text in changed.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            staged.append((_stage(path, text), path))
        for temporary, path in staged:
            before[path] = path.read_bytes() if path.exists() else None
            temporary.replace(path)
        for path in remove:
            before[path] = path.read_bytes()
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
            with suppress(FileNotFoundError):
                temporary.unlink()
    return [*changed, *remove]


def read_or_none(path: Path) -> str | None:
    """Return a file's text, None where there is no such file or it is not UTF-8."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None


def _restore(before: Mapping[Path, bytes | None]) -> None:
    """Put back what was there; the last one may be as it was, for its swap failed."""
    for path, data in before.items():
        with suppress(OSError):
            if data is None:
                path.unlink()
            elif not path.is_file() or path.read_bytes() != data:
                path.write_bytes(data)


def _stage(path: Path, text: str) -> Path:
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        mode = path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask()
        Path(name).chmod(mode)
    except OSError:
        Path(name).unlink()
        raise
    return Path(name)


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current
