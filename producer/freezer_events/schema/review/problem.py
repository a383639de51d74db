"""What a review finds: which check, how bad, at which line, why, what to do."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, Self

if TYPE_CHECKING:
    from pathlib import Path

    from freezer_events.errors import EventError

_PLACE: Final = re.compile(r"(?::([0-9]+))?(?::([0-9]+))?")


class Aspect(StrEnum):
    """What is looked at, in this order."""

    NAMES = "names"
    """File names and version numbers."""
    SCHEMAS = "schemas"
    """Every version is a valid schema of a record."""
    LOCK = "lock"
    """Released versions are as they were."""
    LEVEL = "level"
    """Every version keeps what the compatibility level promises about older ones."""
    GOLDEN = "golden"
    """Committed bytes read as they did when they were released."""
    DECLARED = "event.toml"
    """The declaration fits the schemas."""
    CODE = "code"
    """Generated code is what generation gives."""


class Severity(StrEnum):
    """How bad it is."""

    BREAK = "break"
    """Somebody would be broken."""
    STALE = "stale"
    """Made by a command that has to be run again; nothing is broken."""
    WARNING = "warning"
    """Legal, and known to surprise."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding.

    Attributes:
        event: the event's name; "" where it concerns none that is there.
        check: which check found it.
        severity: break, stale or warning.
        path: the file to look at.
        line: from 1; 0 where it is about the file as such.
        column: from 1; 0 where no column is known.
        code: a stable name where there is one (`TYPE_NARROWED`), else "".
        why: what is wrong; the first line says it, further ones show it.
        fix: what to do, or "".

    """

    event: str
    check: Aspect
    severity: Severity
    path: Path
    why: str
    fix: str = ""
    line: int = 0
    column: int = 0
    code: str = ""

    @classmethod
    def of(cls, event: str, check: Aspect, error: EventError, *about: Path) -> Self:
        """Make a break from an error; `about` are the files that it may name, the likeliest first.

        An error says `file:line:column` in `doing`, or what was being done.
        """
        for path in about:
            place = _PLACE.fullmatch(error.doing.removeprefix(str(path)))
            if place and error.doing.startswith(str(path)):
                line, column = (int(each or 0) for each in place.groups())
                return cls(event, check, Severity.BREAK, path, error.why, error.fix, line, column)
        why = f"{error.doing}: {error.why}" if error.doing else error.why
        return cls(event, check, Severity.BREAK, about[0], why, error.fix)

    @property
    def place(self) -> str:
        """The file, with line and column where they are known."""
        numbers = [str(each) for each in (self.line, self.column) if each]
        return ":".join([str(self.path), *numbers])

    def as_json(self) -> dict[str, Any]:
        """Return the finding as values that JSON has."""
        return {
            "event": self.event,
            "check": self.check.value,
            "severity": self.severity.value,
            "code": self.code,
            "path": str(self.path),
            "line": self.line,
            "column": self.column,
            "why": self.why,
            "fix": self.fix,
        }
