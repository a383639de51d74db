"""The commands and programs in README.md and docs/, so that tests can run what is documented."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
README = "README.md"
ELIDED = "…"


@dataclass(frozen=True)
class Block:
    """One fenced block: its page, the second-level heading it is under ("" before the first)."""

    page: str
    heading: str
    language: str
    text: str


@dataclass(frozen=True)
class Shown:
    """One command in a `console` block, and the output that the page shows for it."""

    command: str
    output: str


def pages() -> list[str]:
    """Return the pages for users, as paths from the root."""
    return [README, *sorted(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md"))]


def text_of(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def every_block() -> list[Block]:
    """Return the fenced blocks of all pages, in order."""
    found = []
    for page in pages():
        sections = re.split(r"^## (.+)\n", text_of(page), flags=re.MULTILINE)
        for heading, section in zip(["", *sections[1::2]], sections[0::2], strict=True):
            fenced = re.findall(r"^```(\w*)\n(.*?)^```$", section, re.DOTALL | re.MULTILINE)
            found += [Block(page, heading, language, text) for language, text in fenced]
    return found


def blocks(page: str, heading: str | None, language: str) -> list[str]:
    """Return the blocks of a language under a heading of a page; None stands for the whole page."""
    found = [
        each.text
        for each in every_block()
        if (each.page, each.language) == (page, language) and heading in {None, each.heading}
    ]
    assert found, f"{page} has no {language} block under {heading!r}"
    return found


def shown(page: str, heading: str | None = None) -> list[Shown]:
    """Return the commands under a heading of a page, in order; without one, of the whole page."""
    return [each for block in blocks(page, heading, "console") for each in _commands(block)]


def programs(page: str, heading: str | None = None) -> dict[str, str]:
    """Return, by file name, the Python blocks whose first line is a comment with that name."""
    found = {}
    for text in blocks(page, heading, "python"):
        named = re.match(r"# (\w+\.py)\n", text)
        if named:
            found[named[1]] = text
    return found


def shape(output: str) -> list[str]:
    """Return the lines of an output without what differs from run to run: numbers, ids, spaces."""
    lines = (re.sub(r"[0-9a-f-]*\d[0-9a-f.,:-]*", "0", line) for line in output.splitlines())
    return [" ".join(line.split()) for line in lines if line.strip()]


def assert_alike(actual: list[str], told: list[str], command: str) -> None:
    """Compare what a command printed with what a page shows; a line `…` stands for any lines."""
    pattern = "".join(r"(?:.*\n)*?" if line == ELIDED else re.escape(f"{line}\n") for line in told)
    if not re.fullmatch(pattern, "".join(f"{line}\n" for line in actual)):
        difference = "\n".join(difflib.unified_diff(told, actual, "shown", "printed", lineterm=""))
        raise AssertionError(f"{command}\n{difference}")


def _commands(block: str) -> list[Shown]:
    """A line that begins with `$ ` is a command; a backslash at its end continues it."""
    joined = block.replace("\\\n", " ")
    parts = re.split(r"^\$ ", joined, flags=re.MULTILINE)[1:]
    return [Shown(*(part.partition("\n")[0::2])) for part in parts]
