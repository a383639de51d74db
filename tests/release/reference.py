"""`python -m tests.release.reference`: docs/reference.md, made of the public docstrings."""

from __future__ import annotations

import enum
import inspect
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import freezer_events
from freezer_events import testing
from tests.release.refusal import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "reference.md"
_SECTION: Final = re.compile(r"^(Args|Attributes|Raises|Returns|Yields):$")
_ENTRY: Final = re.compile(r"^    (\S[^:]*): (.*)$")
_HEAD: Final = """\
# Reference

You know what you want to call and look for its arguments. This page is made of the docstrings
(`make reference`); [Python](python.md) tells what to do with them.
"""


def page() -> str:
    """Return the page."""
    public = {name: getattr(freezer_events, name) for name in freezer_events.__all__}
    public["testing.EventCluster"] = testing.EventCluster
    names = sorted(public, key=str.lower)
    return "\n".join([_HEAD, *(line for name in names for line in _entry(name, public[name]))])


def check() -> None:
    """Refuse a page that is not that of the docstrings."""
    if PAGE.read_text(encoding="utf-8") != page():
        raise Refused("docs/reference.md is out of step: make reference")


def _entry(name: str, value: Any) -> Iterator[str]:
    yield f"## {name}\n"
    if inspect.isclass(value):
        if not issubclass(value, enum.Enum | BaseException) and value is not freezer_events.Event:
            yield from _signature(name.rpartition(".")[2], value)
        yield from _told(value)
        for member, each in _members(value):
            yield f"### {name}.{member}\n"
            if not isinstance(each, property):
                yield from _signature(member, getattr(value, member))
            yield from _told(each.fget if isinstance(each, property) else getattr(value, member))
    elif callable(value):
        yield from _signature(name, value)
        yield from _told(value)
    elif name == "KEY_FIELD":
        yield "The default of `send(key=…)`: the event's own key field.\n"
    else:
        yield from _told(value)


def _members(kind: type) -> list[tuple[str, Any]]:
    if issubclass(kind, BaseException):
        return []
    return [
        (name, each)
        for name, each in vars(kind).items()
        if not name.startswith("_")
        and (inspect.isfunction(each) or isinstance(each, property | classmethod))
    ]


def _signature(name: str, value: Any) -> Iterator[str]:
    try:
        signature = inspect.signature(value)
    except (TypeError, ValueError):
        return
    kept = [each for each in signature.parameters.values() if each.name not in {"self", "cls"}]
    shown = ", ".join(_parameter(each) for each in _with_star(kept))
    yield f"```text\n{name}({shown})\n```\n"


def _with_star(parameters: list[inspect.Parameter]) -> Iterator[inspect.Parameter | None]:
    """Yield the parameters, and None where those begin that need their name."""
    named = False
    for each in parameters:
        if each.kind is each.KEYWORD_ONLY and not named:
            named = True
            yield None
        named = named or each.kind is each.VAR_POSITIONAL
        yield each


def _parameter(each: inspect.Parameter | None) -> str:
    if each is None:
        return "*"
    stars = "*" * (each.kind is each.VAR_POSITIONAL) + "**" * (each.kind is each.VAR_KEYWORD)
    if each.default is each.empty:
        return f"{stars}{each.name}"
    default = "…" if callable(each.default) or "<" in repr(each.default) else repr(each.default)
    return f"{each.name}={default}"


def _told(value: Any) -> Iterator[str]:
    """Yield a docstring as Markdown: its sections become lists, its examples blocks."""
    section, out = "", list[str]()
    for example, lines in _parted((inspect.getdoc(value) or "").splitlines()):
        if example and not section:
            out += ["```text", *(line[4:] for line in lines), "```", ""]
            continue
        for line in lines:
            if found := _SECTION.match(line):
                section = found[1]
                out += [f"**{section}**", ""]
            elif entry := _ENTRY.match(line):
                out.append(f"- `{entry[1]}`: {entry[2]}")
            else:
                out.append(f"  {line.strip()}" if section and line.strip() else line)
    yield "\n".join(out).strip() + "\n"


def _parted(lines: list[str]) -> Iterator[tuple[bool, list[str]]]:
    """Yield paragraphs, and whether each is an example, which is indented; a blank line ends it."""
    held: list[str] = []
    for line in [*lines, ""]:
        if line.strip():
            held.append(line)
            continue
        if held:
            example = held[0].startswith("    ")
            yield example, held if example else [*held, ""]
        held = []


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    sys.stdout.write(f"wrote {PAGE}\n")
