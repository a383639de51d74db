"""`freezer schema check`: the gate. Everything that can be known without a network."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from freezer_events.cli import options
from freezer_events.cli.output import Output, note
from freezer_events.cli.profile_check import profile_problems
from freezer_events.cli.schema import review_text
from freezer_events.cli.table import table
from freezer_events.console.wrap import wrapped
from freezer_events.schema.history import committed
from freezer_events.schema.review import UNREADABLE, Aspect, Severity, review

if TYPE_CHECKING:
    from pathlib import Path

    from freezer_events.schema.review import Review


@click.command("check")
@options.schemas
@options.into
@click.option(
    "--against",
    metavar="REF",
    help="Git branch, tag or commit; what was released where this branch left it must be the same.",
)
@click.option(
    "--output",
    type=click.Choice(["text", "json", "github"]),
    default="text",
    show_default=True,
    help="For people, for machines, or annotations in a GitHub workflow.",
)
def command(*, schemas: Path | None, into: Path | None, against: str | None, output: str) -> int:
    """Check all events offline: the gate for CI.

    Names and numbers; every version a valid schema; released versions unchanged; every version
    against each older one under the event's level; committed bytes still read as they did;
    event.toml; profiles, whose samples give the events beside them; generated code, where a package
    for it is named.

    The exit code is 5 where somebody would be broken, 3 where nothing is broken but an event.toml
    cannot be read, 1 where nothing is broken but lock, golden files or generated code are out of
    date (the finding names the command that makes them), and 0 otherwise. Warnings change nothing.
    """
    catalogue = options.find_catalogue(schemas, into)
    then = committed(catalogue.root, against) if against else None
    found = review(catalogue, then=then)
    found = replace(found, problems=(*found.problems, *profile_problems(catalogue)))
    out = Output()
    match output:
        case "json":
            extra = {"against": then.said} if then else {}
            out.json({"exit_code": exit_code(found), **extra, **found.as_json()})
        case "github":
            for problem in found.problems:
                out.line(review_text.annotation(problem))
            if not found.code_named:
                out.line(review_text.unchecked())
        case _:
            _text(found, out, [f"compared with {then.said}"] if then else [])
            for error in catalogue.broken.values():
                note(str(error))
    return exit_code(found)


def exit_code(found: Review) -> int:
    """Return 5 for a break, 3 for a wrong event.toml alone, 1 for what is out of date, else 0."""
    breaks = [each for each in found.problems if each.severity is Severity.BREAK]
    if breaks and all(each.code == UNREADABLE for each in breaks):
        return 3
    if found.count(Severity.BREAK):
        return 5
    return 1 if found.count(Severity.STALE) else 0


def _text(found: Review, out: Output, end: list[str]) -> None:
    """Print the table, the findings, the worst first, and what they come to."""
    _show(found, out)
    for severity in Severity:
        for problem in (each for each in found.problems if each.severity is severity):
            out.line("")
            for line in review_text.lines(problem):
                out.line(line)
    out.line("")
    for text in (review_text.summary(found), *end):
        for line in wrapped(text, ""):
            out.line(line)


def _show(found: Review, out: Output) -> None:
    """Print a row per event, with a cell per check."""
    rows = [
        [row.event.name, str(len(row.event.versions)), *(found.verdict(row, c) for c in Aspect)]
        for row in found.rows
    ]
    short = {
        Aspect.SCHEMAS: "schema",
        Aspect.DECLARED: "toml",
    }  # eight columns in eighty characters
    heads = ["event", "versions", *(short.get(each, each.value) for each in Aspect)]
    for line in table(heads, rows):
        out.line(line)
