"""`freezer produce --follow`: what is appended is taken, once, through rotation and kills."""

from __future__ import annotations

import json
import signal
import time
from typing import TYPE_CHECKING

import pytest

from tests.support.cli import Freezer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.cli import Running

NOWHERE = {"BOOTSTRAP_SERVERS": "localhost:1", "SCHEMA_REGISTRY_URL": "http://localhost:1"}
FOLLOW = ("produce", "--from", "log.csv", "--follow", "--spool", "spool", "--give-up-after", "0.5")
HEAD = "sensor_id,temperature\n"
_WITHIN_S = 30.0


@pytest.fixture
def freezer(tmp_path: Path) -> Freezer:
    return Freezer(tmp_path, NOWHERE)


@pytest.fixture
def running(freezer: Freezer) -> Iterator[Running]:
    write(freezer, HEAD + rows(0, 3))
    with freezer.start(*FOLLOW) as found:
        yield found


def rows(first: int, count: int) -> str:
    return "".join(f"f{n % 2},{n}.5\n" for n in range(first, first + count))


def write(freezer: Freezer, text: str) -> None:
    with (freezer.folder / "log.csv").open("a") as file:
        file.write(text)


def turn_over(freezer: Freezer, number: int) -> Path:
    """Rename the file, as logrotate does it, and give the old one."""
    return (freezer.folder / "log.csv").rename(freezer.folder / f"log.csv.{number}")


def spooled(freezer: Freezer) -> list[float]:
    done = freezer("spool", "export", "--spool", "spool")
    assert done.returncode == 0, done.stderr
    return [json.loads(line)["temperature"] for line in done.stdout.splitlines()]


def wait_for(freezer: Freezer, count: int) -> None:
    """Wait until so many readings are on disk."""
    deadline = time.monotonic() + _WITHIN_S
    while time.monotonic() < deadline:
        done = freezer("spool", "status", "--spool", "spool", "--output", "json")
        if done.returncode == 0 and json.loads(done.stdout)["waiting"] == count:
            return
    pytest.fail(f"not {count} readings within {_WITHIN_S:.0f} s: {done.stdout}{done.stderr}")


def test_what_is_appended_is_taken_and_half_a_line_waits(
    freezer: Freezer, running: Running
) -> None:
    wait_for(freezer, 3)
    write(freezer, rows(3, 2) + "f1,5")
    wait_for(freezer, 5)
    write(freezer, ".5\nf1,6")
    wait_for(freezer, 6)
    running.signal(signal.SIGTERM)
    lines, errors = running.rest()
    assert running.code == 143, errors
    assert "6 readings read" in lines[-1]
    assert "rejected" not in lines[-1]
    assert spooled(freezer) == [n + 0.5 for n in range(6)]


def test_a_file_that_is_turned_over_is_read_to_its_end_and_the_new_one_from_its_beginning(
    freezer: Freezer, running: Running
) -> None:
    wait_for(freezer, 3)
    for number, first in enumerate((3, 6), start=1):
        old = turn_over(freezer, number)
        with old.open("a") as file:  # who writes it has not noticed yet
            file.write(rows(first, 1))
        write(freezer, HEAD + rows(first + 1, 2))
        wait_for(freezer, first + 3)
    running.signal(signal.SIGTERM)
    running.rest()
    assert spooled(freezer) == [n + 0.5 for n in range(9)]


@pytest.mark.parametrize("turned", [False, True], ids=["the same file", "turned over meanwhile"])
def test_after_a_kill_the_same_command_takes_each_row_once(
    freezer: Freezer, running: Running, *, turned: bool
) -> None:
    wait_for(freezer, 3)
    running.signal(signal.SIGKILL)
    running.rest()
    write(freezer, rows(3, 4))
    if turned:
        turn_over(freezer, 1)
        write(freezer, HEAD)
    write(freezer, rows(7, 2))
    with freezer.start(*FOLLOW) as again:
        wait_for(freezer, 9)
        again.signal(signal.SIGTERM)
        again.rest()
    assert spooled(freezer) == [n + 0.5 for n in range(9)]


def test_a_file_that_is_cut_is_named(freezer: Freezer, running: Running) -> None:
    wait_for(freezer, 3)
    (freezer.folder / "log.csv").write_text(HEAD)  # as logrotate's copytruncate does it
    _, errors = running.rest()
    assert running.code not in {0, None}
    assert "it was cut to 22 bytes" in errors
    assert "copytruncate" in errors


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--from", "a.csv", "--from", "b.csv"), "follows one file"),
        (("--from", "-"), "follows one file"),
        (("--from", "."), "follows one file"),
        (("--from", "a.csv.gz"), "is packed"),
        ((), "--from"),
    ],
)
def test_what_cannot_be_followed_is_refused(
    freezer: Freezer, words: tuple[str, ...], said: str
) -> None:
    for name in ("a.csv", "b.csv"):
        (freezer.folder / name).write_text(HEAD)
    (freezer.folder / "a.csv.gz").write_bytes(b"\x1f\x8b\x08\x00")
    done = freezer("produce", *words, "--follow")
    assert done.returncode == 2, done.stderr
    assert said in done.stderr
