"""Output as the CLI gives it: tables for people, JSON on request, an unknown `-o` gives tables."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence

from . import faults
from .errors import CliError, UsageFailure

Row = Mapping[str, object]


def serialized(form: str) -> bool:
    return form in ("json", "yaml")


def show_list(rows: Sequence[Row], form: str) -> None:
    if serialized(form):
        _print_json([faults.with_extra_field(row) for row in rows])
        return
    names = list(rows[0]) if rows else []
    _table([[_title(name) for name in names], *[[_cell(row[n]) for n in names] for row in rows]])


def show_one(row: Row, form: str) -> None:
    if serialized(form):
        _print_json(faults.with_extra_field(row))
        return
    _table([[_title(name), _cell(value)] for name, value in row.items()])


def _print_json(value: object) -> None:
    sys.stdout.write(faults.cut(json.dumps(value, indent=2) + "\n"))


def _table(rows: list[list[str]]) -> None:
    for row in rows:
        sys.stdout.write("  " + " | ".join(row) + "\n")


def _title(name: str) -> str:
    return name.replace("_", " ").title()


def _cell(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def report(error: CliError, usage: str) -> int:
    """Print an error the way the CLI does and give its exit code."""
    lines = [f"Error: {error.message}"]
    if isinstance(error, UsageFailure):
        lines.append(usage)
    if error.suggestions:
        lines += ["", "Suggestions:", *[f"    {line}" for line in error.suggestions]]
    sys.stderr.write("\n".join(lines) + "\n")
    return 1
