"""What was typed: the command that it names, its options, and whether they make sense together."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import click

from freezer_events.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class StreamCommand(click.Command):
    """A command whose standard output is a stream of data: its errors go to standard error."""


@dataclass(frozen=True)
class Given:
    """A command line, as far as it can be made sense of.

    Attributes:
        root: the program's command.
        command: the command that is named; the last group, where none of its commands is.
        path: the program and the words that name the command.
        options: what was given, by the name of the parameter: a value, or several in a tuple.
        repeated: the spellings of options that take one value and were given more often.
        as_json: a program reads the output.

    """

    root: click.Command
    command: click.Command
    path: tuple[str, ...]
    options: Mapping[str, Any] = field(default_factory=dict)
    repeated: tuple[str, ...] = ()
    as_json: bool = False

    @classmethod
    def read(cls, root: click.Command, prog: str, argv: Sequence[str]) -> Given:
        """Read a command line without running it; what is wrong with it is for click to say."""
        command, path, rest = find(root, argv)
        as_json = _asks_for_json(rest)
        context = click.Context(command, info_name=" ".join((prog, *path)))
        try:
            values, _, order = command.make_parser(context).parse_args(list(rest))
        except click.ClickException:
            return cls(root, command, (prog, *path), as_json=as_json)
        typed = [each for each in order if _is_once(each)]
        repeated = dict.fromkeys(each.opts[0] for each in typed if typed.count(each) > 1)
        if isinstance(command, click.Group):
            values = {}
        return cls(root, command, (prog, *path), values, tuple(repeated), as_json)

    @property
    def streams(self) -> bool:
        """Tell whether standard output is a stream of data, in which an error has no place."""
        return isinstance(self.command, StreamCommand)

    def refuse_repeated(self) -> None:
        """Refuse an option that is given twice: no value of the two is the obvious one.

        Raises:
            UsageError: there is one; names it.

        """
        for name in self.repeated:
            why = f"{name} is given more than once, and takes one value"
            raise UsageError(" ".join(self.path), why, f"give {name} once")


def find(
    root: click.Command, words: Sequence[str]
) -> tuple[click.Command, tuple[str, ...], Sequence[str]]:
    """Follow words down the tree of commands; return the command, its words and the others."""
    command, path = root, []
    for word in words:
        if not isinstance(command, click.Group):
            break
        named = command.get_command(click.Context(command), word)
        if named is None:
            break
        command = named
        path.append(word)
    return command, tuple(path), words[len(path) :]


def _is_once(parameter: click.Parameter) -> bool:
    return isinstance(parameter, click.Option) and not (parameter.multiple or parameter.count)


def _asks_for_json(words: Sequence[str]) -> bool:
    """Tell whether the output is to be JSON, however wrong the rest of the line is."""
    return "--output=json" in words or ("--output", "json") in pairwise(words)


def refuse_together(chosen: str, others: Sequence[str], why: str) -> None:
    """Refuse options that were given beside one that makes them meaningless.

    Args:
        chosen: the spelling of an option; nothing is refused where it was not given.
        others: the spellings of options that it rules out.
        why: the reason, as the end of the sentence "--seed is for simulated events".

    Raises:
        UsageError: one of the others was given; names both.

    """
    context = click.get_current_context()
    if _was_given(context, chosen):
        _refuse(context, others, f"with {chosen}", why)


def refuse_without(needed: str, others: Sequence[str], why: str) -> None:
    """Refuse options that mean nothing without another one.

    Raises:
        UsageError: `needed` was not given, and one of the others was.

    """
    context = click.get_current_context()
    if not _was_given(context, needed):
        _refuse(context, others, f"without {needed}", why)


def _refuse(context: click.Context, others: Sequence[str], how: str, why: str) -> None:
    for other in others:
        if _was_given(context, other):
            fix = f"leave out {other}" + (f", or add {how[8:]}" if how[:8] == "without " else "")
            raise UsageError(context.command_path, f"{other} {how}: {why}", fix)


def _was_given(context: click.Context, spelling: str) -> bool:
    for parameter in context.command.params:
        if spelling in (*parameter.opts, *parameter.secondary_opts):
            source = context.get_parameter_source(parameter.name or "")
            return source is click.core.ParameterSource.COMMANDLINE
    raise LookupError(spelling)
