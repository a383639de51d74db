"""The command line as cobra and pflag read it: kinds of flags, their errors, the usage text."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field

from .errors import CliError, NotModelled, UsageFailure

_SHORT = {"o": "output", "h": "help", "v": "verbose"}
_GLOBAL = {"help": "bool", "unsafe-trace": "bool", "verbose": "bool"}


@dataclass
class Arguments:
    """What a command line said: positional words, and flags by their long name."""

    words: list[str] = field(default_factory=list)
    flags: dict[str, str] = field(default_factory=dict)
    lists: dict[str, list[str]] = field(default_factory=dict)

    def text(self, name: str) -> str:
        return self.flags.get(name, "")

    def on(self, name: str) -> bool:
        return self.flags.get(name) == "true"

    def number(self, name: str) -> int | None:
        return int(self.flags[name]) if name in self.flags else None


def kinds(spec: str) -> dict[str, str]:
    """Read `name:kind name` into a table; a flag without a kind takes a text."""
    return {name: kind or "string" for name, _, kind in (p.partition(":") for p in spec.split())}


def parse(argv: list[str], known: dict[str, str]) -> Arguments:
    """Read flags anywhere on the line, as pflag does; `--` ends them."""
    known = {**known, **_GLOBAL}
    found = Arguments()
    rest = list(argv)
    while rest:
        word = rest.pop(0)
        if word == "--":
            found.words += rest
            break
        if word.startswith("--"):
            _long(word[2:], rest, known, found)
        elif word.startswith("-") and word != "-":
            _short(word, rest, known, found)
        else:
            found.words.append(word)
    return found


def _long(text: str, rest: list[str], known: dict[str, str], found: Arguments) -> None:
    name, equals, value = text.partition("=")
    if f"*{name}" in known:
        raise NotModelled(f"--{name}")
    if name not in known:
        raise UsageFailure(f"unknown flag: --{name}")
    if known[name] == "bool":
        found.flags[name] = value if equals else "true"
        return
    if not equals:
        if not rest:
            raise UsageFailure(f"flag needs an argument: --{name}")
        value = rest.pop(0)
    _store(name, value, known[name], found)


def _short(word: str, rest: list[str], known: dict[str, str], found: Arguments) -> None:
    name = _SHORT.get(word[1], "")
    if name not in known:
        raise UsageFailure(f"unknown shorthand flag: '{word[1]}' in {word}")
    if known[name] == "bool":
        found.flags[name] = "true"
        return
    value = word[2:].removeprefix("=")
    if not value:
        if not rest:
            raise UsageFailure(f"flag needs an argument: '{word[1]}' in {word}")
        value = rest.pop(0)
    _store(name, value, known[name], found)


def _store(name: str, value: str, kind: str, found: Arguments) -> None:
    if kind == "strings":
        found.lists.setdefault(name, []).extend(next(csv.reader([value]), [""]))
        return
    if kind == "uint32" and not value.isdecimal():
        raise UsageFailure(
            f'invalid argument "{value}" for "--{name}" flag: '
            f'strconv.ParseUint: parsing "{value}": invalid syntax'
        )
    found.flags[name] = value


def key_values(items: list[str]) -> dict[str, str]:
    """Join what the comma split tore apart: a piece without `=` belongs to the piece before it."""
    joined: list[str] = []
    for item in items:
        if "=" in item:
            joined.append(item)
        elif joined:
            joined[-1] += "," + item
        else:
            raise CliError(f'failed to parse "key=value" pattern from configuration: {item}')
    pairs = dict(item.split("=", 1) for item in joined)
    return {key: value.replace("\\n", "\n").replace("\\t", "\t") for key, value in pairs.items()}


def usage(use: str, known: dict[str, str]) -> str:
    """Give the usage block that follows an error of the command line."""
    lines = [
        f"      --{name}{'' if kind == 'bool' else ' ' + kind}" for name, kind in known.items()
    ]
    return "\n".join(["Usage:", f"  confluent {use} [flags]", "", "Flags:", *lines, ""])
