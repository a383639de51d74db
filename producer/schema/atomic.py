"""Replace files so that nobody ever sees half of one: all are written first, then swapped in."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from producer.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping


def replace_all(texts: Mapping[Path, str]) -> list[Path]:
    """Write every file whose text differs from what is there; returns those, in order.

    Raises:
        UsageError: a folder or file cannot be written; nothing has been replaced then.

    """
    changed = {path: text for path, text in texts.items() if read_or_none(path) != text}
    staged: list[tuple[Path, Path]] = []
    try:
        for path, text in changed.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            staged.append((_stage(path, text), path))
        for temporary, path in staged:
            temporary.replace(path)
    except OSError as error:
        raise UsageError(
            str(error.filename or ""), f"cannot be written: {error.strerror}"
        ) from error
    finally:
        for temporary, _ in staged:
            with suppress(FileNotFoundError):
                temporary.unlink()
    return list(changed)


def read_or_none(path: Path) -> str | None:
    """Return a file's text, None where there is no such file or it is not UTF-8."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None


def _stage(path: Path, text: str) -> Path:
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
        file.write(text)
    mode = path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask()
    Path(name).chmod(mode)
    return Path(name)


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current
