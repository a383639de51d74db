"""The README's commands, so that tests can run them: what is documented is what works."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Shown:
    """One command in a `console` block, and the output that the README shows for it."""

    command: str
    output: str


def shown(heading: str) -> list[Shown]:
    """Return the commands under a second-level heading, in order."""
    return [each for block in blocks(heading, "console") for each in _commands(block)]


def blocks(heading: str, language: str) -> list[str]:
    """Return the fenced blocks of a language under a second-level heading."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    section = re.search(
        rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", text, re.DOTALL | re.MULTILINE
    )
    assert section is not None, f"README.md has no section {heading!r}"
    found = re.findall(rf"^```{language}\n(.*?)^```$", section[1], re.DOTALL | re.MULTILINE)
    return [str(block) for block in found]


def shape(output: str) -> list[str]:
    """Return the lines of an output without what differs from run to run: numbers, ids, spaces."""
    lines = (re.sub(r"[0-9a-f-]*\d[0-9a-f.,:-]*", "0", line) for line in output.splitlines())
    return [" ".join(line.split()) for line in lines if line.strip()]


def _commands(block: str) -> list[Shown]:
    """A line that begins with `$ ` is a command; a backslash at its end continues it."""
    joined = block.replace("\\\n", " ")
    parts = re.split(r"^\$ ", joined, flags=re.MULTILINE)[1:]
    return [Shown(*(part.partition("\n")[0::2])) for part in parts]
