"""A run with a spool goes on where its files were left, whatever became of them meanwhile."""

from __future__ import annotations

import gzip
import json
import signal
import time
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
from pyarrow import parquet

from tests.support.cli import Freezer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.cli import Running

NOWHERE = {"BOOTSTRAP_SERVERS": "localhost:1", "SCHEMA_REGISTRY_URL": "http://localhost:1"}
RUN = ("produce", "--spool", "spool", "--give-up-after", "0.3", "--no-lines", "--on-bad", "skip")
FOLLOW = (*RUN, "--from", "log.csv", "--follow")
HEAD = "sensor_id,temperature\n"
SPOOLED = 6  # the exit code of a run that leaves its readings on disk
GROWN = "its line 3 was read, and has grown since"
_WITHIN_S = 30.0


@pytest.fixture
def freezer(tmp_path: Path) -> Freezer:
    return Freezer(tmp_path, NOWHERE)


def rows(*numbers: float) -> str:
    return "".join(f"f,{number}\n" for number in numbers)


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


def append(path: Path, text: str) -> None:
    with path.open("a") as file:
        file.write(text)


def wait_to_hear(running: Running, text: str) -> None:
    assert running.process.stderr is not None
    for line in running.process.stderr:
        if text in line:
            return
    pytest.fail(f"it ended without saying {text!r}")


def stopped(running: Running, number: int = signal.SIGTERM) -> str:
    running.signal(number)
    return running.rest()[1]


def restarted(freezer: Freezer, count: int) -> list[float]:
    """Follow once more, until so many readings are on disk; returns them."""
    with freezer.start(*FOLLOW) as again:
        wait_for(freezer, count)
        stopped(again)
    return spooled(freezer)


def two_files(freezer: Freezer, last: str, meanwhile: str) -> str:
    """Read a.csv and b.csv, append to a.csv while b.csv is read, and run again.

    Returns what the second run says.
    """
    first = freezer.folder / "a.csv"
    first.write_text(HEAD + rows(1) + last)
    (freezer.folder / "b.csv").write_text(HEAD + rows(11, 12, 13))
    files = ("--from", "a.csv", "--from", "b.csv")
    with freezer.start(*RUN, *files, "--interval", "0.5") as running:
        wait_for(freezer, 3)  # of b.csv there is more to come
        append(first, meanwhile)
        running.rest()
        assert running.code == SPOOLED
    assert spooled(freezer) == [1, 2, 11, 12, 13]
    done = freezer(*RUN, *files)
    return done.stdout + done.stderr


def test_what_comes_to_a_file_while_a_later_one_is_read_is_for_the_next_run(
    freezer: Freezer,
) -> None:
    assert "1 reading read" in two_files(freezer, rows(2), rows(3))
    assert spooled(freezer) == [1, 2, 11, 12, 13, 3]


def test_half_a_line_that_grows_while_a_later_file_is_read_is_named(freezer: Freezer) -> None:
    assert GROWN in two_files(freezer, "f,2", "5.5\nf,3\n")


def test_an_input_that_is_moved_away_once_it_has_been_read_is_no_trouble(freezer: Freezer) -> None:
    folder = freezer.folder / "in"
    folder.mkdir()
    (folder / "a.csv").write_text(HEAD + rows(1, 2))
    (folder / "b.csv").write_text(HEAD + rows(11, 12, 13))
    with freezer.start(*RUN, "--from", "in", "--interval", "0.5") as running:
        wait_for(freezer, 3)
        (folder / "a.csv").rename(freezer.folder / "done.csv")
        _, errors = running.rest()
        assert running.code == SPOOLED, errors
    assert "nothing to do" in freezer(*RUN, "--from", "in").stderr
    assert spooled(freezer) == [1, 2, 11, 12, 13]


FORMS: dict[str, Callable[[str], bytes]] = {
    "utf-8": str.encode,
    "utf-16-le": lambda text: text.encode("utf-16-le"),
    "utf-16-be": lambda text: text.encode("utf-16-be"),
    "cr": lambda text: text.replace("\n", "\r").encode(),
    "crlf": lambda text: text.replace("\n", "\r\n").encode(),
    "gzip": lambda text: gzip.compress(text.encode()),
}
MARKS = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}


def grown(freezer: Freezer, form: str, first: str, more: str) -> str:
    """Read a file, have it grow, read it again; returns what the second run says."""
    path = freezer.folder / ("a.csv.gz" if form == "gzip" else "a.csv")
    path.write_bytes(MARKS.get(form, b"") + FORMS[form](first))
    assert freezer(*RUN, "--from", path.name).returncode in {1, SPOOLED}
    with path.open("ab") as file:
        file.write(FORMS[form](more))
    done = freezer(*RUN, "--from", path.name)
    return done.stdout + done.stderr


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("last", ["f,2\n", "f,bad\n"], ids=["a reading", "a reject"])
def test_of_a_file_that_has_grown_only_what_is_new_is_read(
    freezer: Freezer, form: str, last: str
) -> None:
    said = grown(freezer, form, HEAD + rows(1) + last, rows(3))
    assert "1 reading read" in said
    assert "rejected" not in said
    assert spooled(freezer) == ([1, 2, 3] if "bad" not in last else [1, 3])


@pytest.mark.parametrize("form", [form for form in FORMS if form != "gzip"])
@pytest.mark.parametrize("last", ["f,2", "f,b"], ids=["a reading", "a reject"])
@pytest.mark.parametrize("more", ["5.5\n", "\n", "\nf,3\n"], ids=["grown", "ended", "more"])
def test_a_line_that_was_taken_and_has_grown_is_named_and_not_lost_in_silence(
    freezer: Freezer, form: str, last: str, more: str
) -> None:
    said = grown(freezer, form, HEAD + rows(1) + last, more)
    assert (GROWN in said) is (more == "5.5\n")
    new = [3.0] if more == "\nf,3\n" else []
    assert spooled(freezer) == [1, *([2] if last == "f,2" else []), *new]


@pytest.mark.parametrize("stop", [(), ("--count", "2")], ids=["whole", "count"])
def test_json_over_several_lines_goes_on(freezer: Freezer, stop: tuple[str, ...]) -> None:
    path = freezer.folder / "a.json"
    items = [f'{{\n  "sensor_id": "f",\n\n  "temperature": {n}\n}}\n' for n in range(4)]
    path.write_text("".join(items[:2]))
    freezer(*RUN, "--from", "a.json", *stop)
    append(path, "".join(items[2:]))
    done = freezer(*RUN, "--from", "a.json")
    assert done.returncode == SPOOLED, done.stderr
    assert spooled(freezer) == [0, 1, 2, 3]


def test_half_a_last_line_that_was_taken_is_looked_at_wherever_the_run_ended(
    freezer: Freezer,
) -> None:
    path = freezer.folder / "a.csv"
    path.write_text(HEAD + "f,1\nf,2")
    freezer(*RUN, "--from", "a.csv", "--count", "2")
    assert spooled(freezer) == [1, 2]
    append(path, "5.5\nf,3\n")
    assert GROWN in freezer(*RUN, "--from", "a.csv").stderr


def test_half_a_line_at_the_end_of_a_followed_file_is_no_trouble_for_the_next_run(
    freezer: Freezer,
) -> None:
    path = freezer.folder / "log.csv"
    path.write_text(HEAD + "f,1\nf,2")
    with freezer.start(*FOLLOW) as running:
        wait_for(freezer, 1)
        stopped(running)
    append(path, "5.5\nf,3\n")
    assert restarted(freezer, 3) == [1, 25.5, 3]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("later", [rows(11, 12, 13, 14, 15), rows(11), ""])
def test_another_file_with_the_same_number_is_refused(
    freezer: Freezer, number: int, later: str
) -> None:
    path = freezer.folder / "log.csv"
    path.write_text(HEAD)
    with freezer.start(*FOLLOW) as running:
        wait_for(freezer, 0)
        append(path, rows(1, 2, 3))
        wait_for(freezer, 3)
        stopped(running, number)
    path.write_text(HEAD + later)  # in place, as logrotate's copytruncate does it
    done = freezer(*FOLLOW)
    assert done.returncode == 2, done.stderr
    assert "--restart" in done.stderr
    assert spooled(freezer) == [1, 2, 3]
    path.write_text(HEAD + rows(1, 2, 3, 4))  # it is what it was
    assert restarted(freezer, 4) == [1, 2, 3, 4]


def turn_over(freezer: Freezer, to: int, text: str = HEAD) -> None:
    """Turn a log over as logrotate does it: each old one gets the next number."""
    for number in reversed(range(1, to)):
        (freezer.folder / f"log.csv.{number}").rename(freezer.folder / f"log.csv.{number + 1}")
    (freezer.folder / "log.csv").rename(freezer.folder / "log.csv.1")
    (freezer.folder / "log.csv").write_text(text)


def test_files_that_were_turned_over_while_nobody_followed_are_all_read(freezer: Freezer) -> None:
    (freezer.folder / "log.csv.1").write_text(HEAD + rows(-1))  # older than all that was read
    path = freezer.folder / "log.csv"
    path.write_text(HEAD + rows(1))
    with freezer.start(*FOLLOW) as running:
        wait_for(freezer, 1)
        stopped(running, signal.SIGKILL)
    append(path, rows(2))
    turn_over(freezer, 2, HEAD + rows(3, 4))
    turn_over(freezer, 3, HEAD + rows(5))
    turn_over(freezer, 4, HEAD + rows(6))
    assert restarted(freezer, 6) == [1, 2, 3, 4, 5, 6]


def test_a_new_file_that_gave_nothing_before_a_kill_is_found_when_it_was_turned_over(
    freezer: Freezer,
) -> None:
    path = freezer.folder / "log.csv"
    path.write_text(HEAD + rows(1))
    with freezer.start(*FOLLOW) as running:
        wait_for(freezer, 1)
        turn_over(freezer, 1)
        wait_to_hear(running, "is another file now")
        stopped(running, signal.SIGKILL)
    append(path, rows(2))
    turn_over(freezer, 2, HEAD + rows(3))
    assert restarted(freezer, 3) == [1, 2, 3]


def test_a_file_that_is_gone_with_what_came_to_it_is_named(freezer: Freezer) -> None:
    path = freezer.folder / "log.csv"
    path.write_text(HEAD + rows(1))
    with freezer.start(*FOLLOW) as running:
        wait_for(freezer, 1)
        stopped(running)
    other = freezer.folder / "other"
    other.write_text(HEAD + rows(2))
    other.replace(path)
    with freezer.start(*FOLLOW) as running:
        wait_to_hear(running, "what came behind its")
        wait_for(freezer, 2)
        stopped(running)


def test_a_link_that_leads_to_another_file_now_is_followed_from_the_old_one_on(
    freezer: Freezer,
) -> None:
    link, first = freezer.folder / "log.csv", freezer.folder / "1.csv"
    first.write_text(HEAD + rows(1))
    link.symlink_to("1.csv")
    with freezer.start(*FOLLOW) as running:
        wait_for(freezer, 1)
        stopped(running)
    append(first, rows(2))
    (freezer.folder / "2.csv").write_text(HEAD + rows(3))
    link.unlink()
    link.symlink_to("2.csv")
    assert restarted(freezer, 3) == [1, 2, 3]


@pytest.mark.parametrize("wrong", ["sensor,temp\nf,2\n", ""], ids=["header", "empty"])
def test_a_file_of_which_nothing_was_read_may_be_corrected(freezer: Freezer, wrong: str) -> None:
    (freezer.folder / "a.csv").write_text(HEAD + rows(1))
    second = freezer.folder / "b.csv"
    second.write_text(wrong)
    run = ("produce", "--spool", "spool", "--give-up-after", "0.3", "--no-lines")
    files = ("--from", "a.csv", "--from", "b.csv")
    assert freezer(*run, *files).returncode in {2, 5}
    second.write_text(HEAD + rows(2))  # in place
    done = freezer(*run, *files)
    assert done.returncode == SPOOLED, done.stderr
    assert spooled(freezer) == [1, 2]


def test_a_file_that_is_not_there_is_named_so(freezer: Freezer) -> None:
    done = freezer(*RUN, "--from", "missing.csv")
    assert done.returncode == 2
    assert "No such file" in done.stderr


def test_one_file_under_two_names_is_refused(freezer: Freezer) -> None:
    (freezer.folder / "a.csv").write_text(HEAD + rows(1))
    (freezer.folder / "b.csv").symlink_to("a.csv")
    done = freezer(*RUN, "--from", "a.csv", "--from", "b.csv")
    assert done.returncode == 2
    assert "is the same file as a.csv" in done.stderr


def test_a_columnar_file_with_other_rows_behind_the_same_beginning_is_another_one(
    freezer: Freezer,
) -> None:
    path = freezer.folder / "a.parquet"

    def write(last: float) -> None:
        names = [f"{n:0500d}" for n in range(99)]
        table = pa.table({"sensor_id": names, "temperature": [*[0.0] * 98, last]})
        with path.open("wb") as file:  # in place: the same inode
            parquet.write_table(table, file)

    write(1.0)
    assert freezer(*RUN, "--from", path.name).returncode == SPOOLED
    assert "nothing to do" in freezer(*RUN, "--from", path.name).stderr
    write(2.0)
    assert "--restart" in freezer(*RUN, "--from", path.name).stderr
