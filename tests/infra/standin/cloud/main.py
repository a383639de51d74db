"""One run of the stand-in: read the login, parse for it, fail where told to, act, report."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from . import faults, home, state
from .context import Context
from .errors import CliError, UsageFailure
from .flags import Arguments, parse, usage
from .output import report
from .verbs import VERBS, Verb, split


def main(argv: list[str]) -> int:
    """Run `confluent argv…` and give the exit code."""
    with home.running() as together:
        where = {"home": os.environ["HOME"], "stdin": _stdin(), "together": together}
        state.log_call({"argv": argv, **where})
        return _run(argv)


def _stdin() -> str:
    try:
        return os.ttyname(0)
    except OSError:
        return "null" if os.fstat(0).st_rdev == Path(os.devnull).stat().st_rdev else "pipe"


def _run(argv: list[str]) -> int:
    name, rest = split(argv)
    if not name:
        unknown = argv[0] if argv else ""
        return report(UsageFailure(f'unknown command "{unknown}" for "confluent"'), "")
    verb = VERBS[name]
    known: dict[str, str] = {}
    try:
        context = Context(home.login(home.load()))
        known = verb.flags(logged_in=context.login is not None)
        arguments = _arguments(verb, name, rest, known)
        faults.before(name, logged_in=context.login is not None)
        if not verb.anyone and verb.platform is None:
            context.require_login()
        if verb.mutates:
            faults.before_mutation()
        verb.run(context, arguments)
    except CliError as error:
        sys.stdout.flush()
        return report(error, usage(verb.use, known))
    return 0


def _arguments(verb: Verb, name: str, rest: list[str], known: dict[str, str]) -> Arguments:
    arguments = parse(rest, known)
    lowest, highest = verb.words
    count = len(arguments.words)
    if highest == 0 and count:
        raise UsageFailure(f'unknown command "{arguments.words[0]}" for "confluent {name}"')
    if not lowest <= count <= highest:
        raise UsageFailure(f"accepts {lowest} arg(s), received {count}")
    given = {**arguments.flags, **arguments.lists}
    missing = [flag for flag in verb.required if flag not in given]
    if missing:
        listed = ", ".join(f'"{flag}"' for flag in missing)
        raise UsageFailure(f"required flag(s) {listed} not set")
    return arguments
