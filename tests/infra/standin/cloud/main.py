"""One run of the stand-in: read the login, parse for it, fail where told to, act, report."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from . import faults, state
from .call import Answer, Call
from .errors import NOT_LOGGED_IN, CliError, NotModelled, UsageFailure
from .flags import Arguments, parse, usage
from .verbs import VERBS, Verb, split

if TYPE_CHECKING:
    from .call import Row

_NOT_MODELLED = 99


def main(argv: list[str]) -> int:
    """Run `confluent argv…` and give the exit code."""
    with state.running() as together:
        null = os.fstat(0).st_rdev == Path(os.devnull).stat().st_rdev
        where = {"home": os.environ["HOME"], "stdin": "null" if null else "other"}
        state.log_call({"argv": argv, **where, "together": together})
        try:
            return _run(argv)
        except NotModelled as error:
            sys.stderr.write(f"the stand-in knows no more of it: {error}\n")
            return _NOT_MODELLED


def _run(argv: list[str]) -> int:
    name, rest = split(argv)
    known: dict[str, str] = {}
    try:
        if not name or not faults.running(name):
            return _unknown(argv)
        verb, email = VERBS[name], state.login()
        known = verb.flags(logged_in=bool(email))
        said = _arguments(verb, name, rest, known)
        if not (email or verb.anyone or verb.platform):
            raise NOT_LOGGED_IN
        faults.before(changes=bool(verb.changes))
        answer = verb.answer(Call(email, said))
        if verb.changes:
            faults.after(verb.changes)
    except CliError as error:
        sys.stdout.flush()
        return _report(error, usage(name, known))
    _show(answer, said.flags.get("output", ""))
    return 0


def _unknown(argv: list[str]) -> int:
    """Do as cobra does without such a verb: fail with flags, help and be content without."""
    flags = [word for word in argv if word.startswith("--")]
    if flags:
        return _report(UsageFailure(f"unknown flag: {flags[0]}"), usage("", {}))
    sys.stderr.write("Manage Confluent.\n\n" + usage("", {}))
    return 0


def _arguments(verb: Verb, name: str, rest: list[str], known: dict[str, str]) -> Arguments:
    said = parse(rest, known)
    lowest, highest = verb.words
    count = len(said.words)
    if highest == 0 and count:
        raise UsageFailure(f'unknown command "{said.words[0]}" for "confluent {name}"')
    if not lowest <= count <= highest:
        raise UsageFailure(f"accepts {lowest} arg(s), received {count}")
    given = {**said.flags, **said.lists}
    if missing := [f'"{flag}"' for flag in verb.needs if flag not in given]:
        raise UsageFailure(f"required flag(s) {', '.join(missing)} not set")
    return said


def _show(answer: Answer, form: str) -> None:
    """Print text as it is, rows as JSON; an unknown form gives a table, as no form does."""
    if isinstance(answer, str):
        sys.stdout.write(answer)
        return
    one = isinstance(answer, Mapping)
    rows: list[Row] = [answer] if isinstance(answer, Mapping) else list(answer)
    if form != "json":
        sys.stdout.writelines("  " + " | ".join(map(str, row.values())) + "\n" for row in rows)
        return
    if faults.active("extra-field") is not None:
        rows = [{"tier": {"since": "4.99", "tags": ["new"]}, **row} for row in rows]
    text = json.dumps(rows[0] if one else rows, indent=2) + "\n"
    sys.stdout.write(text if faults.active("cut-json") is None else text[: len(text) // 2])


def _report(error: CliError, help_text: str) -> int:
    lines = [f"Error: {error.message}"]
    if isinstance(error, UsageFailure):
        lines.append(help_text)
    if error.suggestions:
        lines += ["", "Suggestions:", *[f"    {line}" for line in error.suggestions]]
    sys.stderr.write("\n".join(lines) + "\n")
    return 1
