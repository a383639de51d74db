"""How a run that failed says so: a sentence and a next step, or one JSON object of the same."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from typing import Any, Final

import click

from freezer_events.console import streams
from freezer_events.console.escape import as_json
from freezer_events.console.next_step import next_step
from freezer_events.errors import EventError

OUR_FAULT: Final = 70  # EX_SOFTWARE of sysexits.h


@dataclass(frozen=True)
class Ending:
    """What is told of a failure.

    Attributes:
        code: what kind it is, for programs: the class of the error in snake case.
        message: what was being done, to what, and why it failed.
        fix: what to do next; empty where nobody can know.
        exit_code: that of the process.

    """

    code: str
    message: str
    fix: str
    exit_code: int

    @classmethod
    def of(cls, error: BaseException) -> Ending:
        """Describe an error; one that nobody foresaw is our own fault."""
        if isinstance(error, EventError):
            message = f"{error.doing}: {error.why}" if error.doing else error.why
            return cls(_snake(error), message, next_step(error.fix), error.exit_code)
        if isinstance(error, click.UsageError):
            path = error.ctx.command_path if error.ctx else ""
            fix = f"{path} --help" if path else ""
            return cls("usage_error", error.format_message(), fix, error.exit_code)
        if isinstance(error, click.ClickException):
            return cls("usage_error", error.format_message(), "", error.exit_code)
        said = f"unexpected: {type(error).__name__}: {error}".rstrip(": ")
        fix = "run the same again with --debug, and report the traceback that it shows"
        return cls("unexpected", said, fix, OUR_FAULT)

    def text(self) -> str:
        """Return the lines for people; further lines of a message cannot pass for ours."""
        head = self.message.replace("\n", "\n    ")
        if self.code not in {"unexpected", "interrupted"}:
            head = f"error: {head}"
        return f"{head}\n  next: {self.fix}" if self.fix else head

    def as_object(self) -> dict[str, Any]:
        """Return the object for programs."""
        return {
            "code": self.code,
            "message": self.message,
            "next_step": self.fix or None,
            "exit_code": self.exit_code,
        }


def tell(failure: Ending, *, as_json_to: str | None = None) -> None:
    """Tell of a failure.

    Args:
        failure: what happened.
        as_json_to: "out" or "err" for a JSON object on that stream; None for text.

    """
    if as_json_to is None:
        streams.tell_surely(failure.text())
    elif as_json_to == "err" or streams.used(sys.stdout):
        streams.tell_surely(as_json(failure.as_object()))
    else:
        streams.conclude(as_json(failure.as_object()))


def _snake(error: EventError) -> str:
    """Return the name of the class that `freezer_events.errors` has for it."""
    kind = next(each for each in type(error).__mro__ if each.__module__ == EventError.__module__)
    return re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower()
