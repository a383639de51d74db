"""How the findings of a review are shown: to people, to machines, to GitHub."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from freezer_events.console.next_step import next_step
from freezer_events.console.words import counted
from freezer_events.console.wrap import wrapped
from freezer_events.schema.review import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from freezer_events.schema.review import Problem, Review

NO_CODE: Final = "generated code is not checked, as no package is named: --into PACKAGE_DIR"
_COMMANDS: Final = {
    Severity.BREAK: "error",
    Severity.STALE: "error",
    Severity.WARNING: "warning",
}


def lines(problem: Problem) -> Iterator[str]:
    """Yield a finding's lines: the place, then why, then what to do."""
    name = problem.code or problem.check.value
    yield f"{problem.place}: {problem.severity}: {name}"
    first, *shown = problem.why.splitlines()
    yield from wrapped(first, "  ")
    yield from (f"    {line}" for line in shown)
    if problem.fix:
        yield from wrapped(next_step(problem.fix), "  next: ")


def summary(found: Review) -> str:
    """Say in a line how it went."""
    counts = [(found.count(each), each) for each in Severity]
    events = len(found.rows)
    versions = sum(len(row.event.versions) for row in found.rows)
    looked = f"{counted(events, 'event')}, {counted(versions, 'version')}"
    said = [
        counted(number, "break") if severity is Severity.BREAK
        else counted(number, "warning") if severity is Severity.WARNING
        else f"{number} out of date"
        for number, severity in counts
        if number
    ]  # fmt: skip
    if found.code_named:
        return f"{looked}: {', '.join(said) or 'no problems'}"
    return f"{looked}: {', '.join(said) or 'no problems in the schemas'}; {NO_CODE}"


def annotation(problem: Problem) -> str:
    """Return a workflow command that GitHub shows at the line of the file.

    https://docs.github.com/actions/reference/workflow-commands-for-github-actions
    """
    where = {
        "file": _relative(problem.path),
        "line": str(problem.line or 1),
        "col": str(problem.column) if problem.column else "",
        "title": problem.code or f"{problem.check.value}: {problem.severity}",
    }
    written = ",".join(f"{key}={_property(value)}" for key, value in where.items() if value)
    text = f"{problem.why}\nnext: {next_step(problem.fix)}" if problem.fix else problem.why
    return f"::{_COMMANDS[problem.severity]} {written}::{_data(text)}"


def unchecked() -> str:
    """Return the workflow command that says that no generated code was looked at."""
    return f"::notice title={_property('code: not checked')}::{_data(NO_CODE)}"


def _relative(path: Path) -> str:
    """Return the path as GitHub knows it: from the folder of the checkout, with slashes."""
    path = path.resolve()
    here = Path.cwd().resolve()
    return path.relative_to(here).as_posix() if path.is_relative_to(here) else path.as_posix()


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
