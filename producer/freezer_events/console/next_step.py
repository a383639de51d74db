"""Next steps that work when typed: the commands in them repeat the options of this run.

Whoever writes a next step names the command alone ("freezer schema register"). Here the options
that were given, and that this command takes as well, are added to it.
"""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import click

from freezer_events.console.given import find

if TYPE_CHECKING:
    from collections.abc import Iterator

    from freezer_events.console.given import Given

# Which event, of which files, and where: what a command means depends on these.
_REPEATED: Final = (
    "--env-file", "--topic", "-X", "--event", "--schemas", "--into", "--topics", "--target",
    "--cluster", "--environment", "--url", "--spool",
)  # fmt: skip
_PROGRAM: Final = re.compile(r"\bfreezer (?=[a-z])")
_WORD: Final = re.compile(r"""(?:'[^']*'|"[^"]*"|[^\s'"])+""")
_ENDS: Final = ",;:)."


class NamedCommand(NamedTuple):
    """A command that a text names.

    Attributes:
        command: click's.
        words: its arguments as they are written, without the program and the command's own words.
        end: where in the text it ends.

    """

    command: click.Command
    words: tuple[str, ...]
    end: int


class _Run:
    """The command line of this run; None where no command line is running."""

    given: Given | None = None


def set_given(given: Given | None) -> None:
    """Say what was typed, for all next steps of this run."""
    _Run.given = given


def next_step(text: str) -> str:
    """Add the options of this run to the commands that a text names."""
    given = _Run.given
    if given is None or "freezer " not in text:
        return text
    for named in reversed(list(commands_in(text, given.root))):
        added = "".join(f" {word}" for word in _repeated(named, given))
        text = text[: named.end] + added + text[named.end :]
    return text


def commands_in(text: str, root: click.Command) -> Iterator[NamedCommand]:
    """Yield the commands of this program that a text names, in their order."""
    for begin in _PROGRAM.finditer(text):
        words, ends = _words(text, begin.end())
        command, path, rest = find(root, words)
        if path and not isinstance(command, click.Group):
            taken = _arguments(command, rest)
            yield NamedCommand(command, tuple(rest[:taken]), ends[len(path) + taken - 1])


def _words(text: str, begin: int) -> tuple[list[str], list[int]]:
    """Return the words up to one that ends a clause, and where each ends."""
    words, ends = [], []
    for found in _WORD.finditer(text, begin):
        word = found[0].rstrip(_ENDS)
        if found[0].startswith("(") or not word or "\n" in text[begin : found.start()]:
            break
        words.append(word)
        ends.append(found.start() + len(word))
        if word != found[0] or text[found.end() : found.end() + 2] == "  ":
            break
    return words, ends


def _arguments(command: click.Command, words: Any) -> int:
    """Return how many of the words are options and arguments of a command."""
    room = sum(
        1 if each.nargs == 1 else len(words)
        for each in command.params
        if isinstance(each, click.Argument)
    )
    taken = 0
    while taken < len(words):
        word = words[taken]
        if word.startswith("-"):
            option = _option(command, word.partition("=")[0])
            if option is None:
                break
            taken += 1 if option.is_flag or "=" in word else 2
        elif room:
            room, taken = room - 1, taken + 1
        else:
            break
    return min(taken, len(words))


def _option(command: click.Command, spelling: str) -> click.Option | None:
    for each in command.params:
        if isinstance(each, click.Option) and spelling in (*each.opts, *each.secondary_opts):
            return each
    return None


def _repeated(named: NamedCommand, given: Given) -> Iterator[str]:
    for spelling in _REPEATED:
        typed = _option(given.command, spelling)
        value = typed and given.options.get(typed.name or "")
        if not value or spelling in {word.partition("=")[0] for word in named.words}:
            continue
        if _option(named.command, spelling) is not None:
            for each in value if isinstance(value, tuple | list) else (value,):
                yield f"{spelling} {shlex.quote(str(each))}"
        elif spelling == "--event" and _lacks_event(named):
            yield shlex.quote(str(value))


def _lacks_event(named: NamedCommand) -> bool:
    """Tell whether the event is the command's argument, and was not named."""
    takes = any(each.name == "event" for each in named.command.params)
    return takes and all(word.startswith("-") for word in named.words)
