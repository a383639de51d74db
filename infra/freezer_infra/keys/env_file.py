"""The `.env` that gets credentials: a pure edit of its text, and whether it may be written.

Comments, order, other keys, line endings and a byte order mark stay as they are.
"""

from __future__ import annotations

import io
import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from dotenv.parser import parse_stream

from freezer_events.config.atomic import write_private
from freezer_events.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_BOM: Final = "\ufeff"
_PLAIN: Final = re.compile(r"[A-Za-z0-9_@%+=:,./~-]*")
# One binding as dotenv's parser cuts them out, blank lines before it included.
_BINDING: Final = re.compile(
    r"""(?P<start>\s*(?:export[^\S\r\n]+)?(?:'[^']+'|[^=\#\s]+))[^\S\r\n]*
    (?:=[^\S\r\n]*
      (?:'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|[^\r\n]*?)
      (?P<comment>[^\S\r\n]+\#[^\r\n]*)?
    )?
    (?P<end>[^\S\r\n]*(?:\r\n|\r|\n)?)""",
    re.VERBOSE,
)
_HEADER: Final = "# Written by `freezer topics apply`. It holds secrets: keep it out of git.\n"


@dataclass(frozen=True, slots=True)
class EnvFile:
    """One `.env`, there or not."""

    path: Path

    def read(self) -> dict[str, str]:
        """Give the settings it holds; none where there is no file.

        Raises:
            ConfigError: it cannot be read.

        """
        return {key: value for key, value in values(self._text() or "").items() if value}

    def check(self) -> None:
        """Find out whether it could be written, without writing.

        Raises:
            ConfigError: it is a symbolic link, read-only, not a file, or its folder is closed.

        """
        if (why := self._why_not()) is not None:
            fix = "name another file: --write-env FILE"
            raise ConfigError(f"write credentials to {self.path}", why[0], why[1] or fix)
        self._text()

    def write(self, settings: Mapping[str, str]) -> None:
        """Set these keys, atomically, at mode 0600; they are on the disk when this returns.

        Raises:
            ConfigError: it cannot be written; what was there is still there.

        """
        self.check()
        before = self._text()
        after = edit(_HEADER if before is None else before, settings)
        # dotenv before 1.2 misreads some backslashes: better an error than another value.
        if values(after) != values(before or "") | dict(settings):
            raise ConfigError(f"write credentials to {self.path}", "a value does not read back")
        self._replace(after)

    def _text(self) -> str | None:
        try:
            return self.path.read_bytes().decode()
        except FileNotFoundError:
            return None
        except UnicodeDecodeError as error:
            raise ConfigError(str(self.path), "is not UTF-8 text") from error
        except OSError as error:
            raise ConfigError(str(self.path), f"cannot be read: {error.strerror}") from error

    def _why_not(self) -> tuple[str, str] | None:
        """Say why it cannot be written, and what to do about it if that is special."""
        if self.path.is_symlink():
            # Replacing it would leave its target without the key; following it may leave the
            # secret where others look.
            real = self.path.resolve()
            return f"is a symbolic link to {real}", f"name that file: --write-env {real}"
        if self.path.exists() and not self.path.is_file():
            return "is not a file", ""
        # The mode counts for root too, who could write: somebody has said that nothing may change.
        if self.path.exists() and not self.path.stat().st_mode & 0o200:
            return "is read-only", f"chmod u+w {self.path}"
        if not self.path.parent.is_dir():
            return f"there is no folder {self.path.parent}", ""
        if not os.access(self.path.parent, os.W_OK):
            return f"its folder {self.path.parent} cannot be written to", ""
        return None

    def _replace(self, text: str) -> None:
        try:
            write_private(self.path, text)
        except OSError as error:
            why = f"cannot be written: {error.strerror}"
            raise ConfigError(str(self.path), why, "name another file: --write-env FILE") from error


def values(text: str) -> dict[str, str | None]:
    """Read settings as the producer does: no interpolation, the last of a key counts."""
    bindings = parse_stream(io.StringIO(text.removeprefix(_BOM), newline=""))
    return {binding.key: binding.value for binding in bindings if binding.key is not None}


def edit(text: str, settings: Mapping[str, str]) -> str:
    """Set keys in the text of a `.env`: each where it stands, new ones at the end.

    A key that is given more than once is set where it counts, at its last place.
    """
    mark, body = (_BOM, text[1:]) if text.startswith(_BOM) else ("", text)
    end = "\r\n" if "\r\n" in body else "\n"
    bindings = list(parse_stream(io.StringIO(body, newline="")))
    last = {binding.key: place for place, binding in enumerate(bindings)}
    pieces = [binding.original.string for binding in bindings]
    for key, value in settings.items():
        if key in last:
            pieces[last[key]] = _set(pieces[last[key]], key, value)
            continue
        if pieces and not pieces[-1].endswith(("\n", "\r")):
            pieces[-1] += end
        pieces.append(f"{key}={_quoted(value)}{end}")
    return mark + "".join(pieces)


def _set(original: str, key: str, value: str) -> str:
    """Replace the value of one binding; what stands before and after it stays."""
    found = _BINDING.fullmatch(original)
    if found is None:
        return f"{key}={_quoted(value)}{original[len(original.rstrip()) :]}"
    return f"{found['start']}={_quoted(value)}{found['comment'] or ''}{found['end']}"


def _quoted(value: str) -> str:
    if _PLAIN.fullmatch(value):
        return value
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
