"""How wide text is: as the terminal is, within reason; 80 columns in a pipe; nothing cut in two."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import termios
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from freezer_events.console.wrap import columns, wrapped
from tests.support.cli import FREEZER

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import TextIO

URL = (
    "https://docs.confluent.io/platform/current/schema-registry/fundamentals/schema-evolution.html"
)
TEXT = f"a word here and a well-known one there, {URL} is as long as it is; " * 3


@contextmanager
def terminal(wide: int) -> Iterator[tuple[TextIO, int]]:
    """Give a terminal so many columns wide, and what reads from it."""
    reader, writer = pty.openpty()
    fcntl.ioctl(writer, termios.TIOCSWINSZ, struct.pack("HHHH", 24, wide, 0, 0))
    try:
        with os.fdopen(writer, "w", closefd=True) as stream:
            yield stream, reader
    finally:
        os.close(reader)


@pytest.mark.parametrize(
    ("wide", "used"), [(80, 80), (90, 90), (120, 100), (400, 100), (10, 40), (0, 80)]
)
def test_lines_are_as_wide_as_the_terminal_within_reason(wide: int, used: int) -> None:
    with terminal(wide) as (stream, _):
        assert columns(stream) == used


def test_a_pipe_and_a_file_get_80_columns(tmp_path: Path) -> None:
    with (tmp_path / "file").open("w") as file:
        assert columns(file) == 80
    assert columns(file) == 80  # closed
    assert columns() == 80  # what pytest puts in place of standard output is no terminal


def test_words_urls_and_hyphens_stay_whole_and_lines_hang() -> None:
    lines = wrapped(TEXT, "  next: ", width=60)
    assert " ".join(line.strip() for line in lines) == f"next: {TEXT.strip()}"
    assert all(len(line) <= 60 or line.strip() == URL for line in lines)
    assert all(line.startswith("        ") for line in lines[1:])
    assert {line.strip() for line in lines if len(line) > 60} == {URL}
    assert wrapped("one two", "- ", "", width=5) == ["- one", "two"]
    assert wrapped("", "  next: ") == []


@pytest.mark.parametrize("wide", [50, 80, 120])
def test_a_command_fills_the_terminal_that_it_writes_to(tmp_path: Path, wide: int) -> None:
    name = "a" * 20
    record = '{"type": "record", "name": "R", "fields": [%s]}'
    field = f'{{"name": "{name}", "type": "string"}}'
    (tmp_path / "old.avsc").write_text(record % "")
    (tmp_path / "new.avsc").write_text(record % field)
    command: list[str | Path] = [
        FREEZER,
        "schema",
        "compare",
        tmp_path / "old.avsc",
        tmp_path / "new.avsc",
    ]
    with terminal(wide) as (stream, reader):
        subprocess.run(command, stdout=stream, cwd=tmp_path, check=False, timeout=30)
        shown = os.read(reader, 100_000).decode()
    piped = subprocess.run(
        command, capture_output=True, text=True, cwd=tmp_path, check=False, timeout=30
    ).stdout
    assert shown.split() == piped.split()
    sentences = [line.rstrip() for line in shown.splitlines() if "why" in line]
    assert sentences
    assert all(len(line) <= min(wide, 100) for line in sentences)
    assert (shown.splitlines() == piped.splitlines()) == (wide == 80)


@pytest.mark.parametrize(("wide", "used"), [(60, 60), (80, 80), (120, 100)])
def test_help_fills_the_terminal(wide: int, used: int) -> None:
    environ = {key: value for key, value in os.environ.items() if key != "COLUMNS"}
    with terminal(wide) as (stream, reader):
        subprocess.run(
            [FREEZER, "produce", "--help"], stdout=stream, check=True, env=environ, timeout=30
        )
        shown = os.read(reader, 100_000).decode().splitlines()
    assert used - 15 < max(map(len, shown)) <= used
