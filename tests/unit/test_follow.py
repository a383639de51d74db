"""`freezer produce --follow`: what is appended is taken, once, through rotation and kills."""

from __future__ import annotations

import json
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from freezer_events.cli.kept_readings import next_place
from freezer_events.console.stop import Stop
from freezer_events.errors import EventError
from freezer_events.events import FreezerReading
from freezer_events.send.pipeline import Pipeline
from freezer_events.sources import open_source
from tests.support.cli import Freezer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from freezer_events.sources import Rejected
    from freezer_events.sources.text_source import TextSource
    from freezer_events.testing import EventCluster
    from tests.support.cli import Running

NOWHERE = {"BOOTSTRAP_SERVERS": "localhost:1", "SCHEMA_REGISTRY_URL": "http://localhost:1"}
FOLLOW = ("produce", "--from", "log.csv", "--follow", "--spool", "spool", "--give-up-after", "0.5")
EVENT = FreezerReading.__event__
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


def followed(path: Path, *, follow: bool = True, start: tuple[int, int] = (1, 0)) -> TextSource:
    """Open a file that is followed for as long as something is there to be read."""

    def refuse(found: Rejected) -> None:
        pytest.fail(f"{found.place.shown} was rejected: {found.why}")

    return open_source(str(path), EVENT, refuse, wait=lambda: False, follow=follow, start=start)


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


def test_a_file_that_is_cut_and_filled_again_at_once_is_named(
    freezer: Freezer, running: Running
) -> None:
    wait_for(freezer, 3)
    with (freezer.folder / "log.csv").open("r+") as file:
        file.truncate()
        file.write(HEAD + "".join(f"f1,{n}.25\n" for n in range(9)))
    _, errors = running.rest()
    assert running.code not in {0, None}
    assert "it was cut and written anew" in errors
    assert "--restart" in errors
    assert "to go on" not in errors
    assert spooled(freezer) == [n + 0.5 for n in range(3)]


def test_a_file_that_is_cut_and_filled_again_while_a_run_pauses_is_named(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text(HEAD + rows(0, 2))
    source = followed(path)
    events = iter(source)
    taken = [next(events).temperature]
    path.write_text(HEAD + rows(2, 9))  # before the run comes back for more
    with pytest.raises(EventError, match="written anew"):
        taken.extend(event.temperature for event in events)
    source.close()
    assert taken == [0.5, 1.5]


OPEN = {
    "a quoted cell": (
        "log.csv",
        "sensor_id,temperature,note\nf1,1,a\n",
        'f2,2,"b\nc\n',
        'd"\n',
    ),
    "an array": (
        "log.json",
        '[\n{"sensor_id": "f1", "temperature": 1},\n',
        '{"sensor_id": "f2",\n',
        ' "temperature": 2}]\n',
    ),
}


@pytest.mark.parametrize("what", OPEN)
def test_a_row_that_stands_open_at_a_signal_waits_for_its_end(freezer: Freezer, what: str) -> None:
    name, first, half, rest = OPEN[what]
    path = freezer.folder / name
    path.write_text(first + half)
    run = (*FOLLOW[:2], name, *FOLLOW[3:], "--on-bad", "skip", "--rejects", "bad")
    with freezer.start(*run) as running:
        wait_for(freezer, 1)
        running.signal(signal.SIGTERM)
        lines, errors = running.rest()
    assert "rejected" not in "".join(lines)
    assert not (freezer.folder / "bad").exists()
    assert "to go on: the same command" in errors
    with path.open("a") as file:
        file.write(rest)
    with freezer.start(*run) as running:
        wait_for(freezer, 2)
        running.signal(signal.SIGTERM)
        running.rest()
    assert spooled(freezer) == [1, 2]


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("log.csv", "", 1),
        ("log.csv", "sensor_", 1),
        ("log.csv", 'sensor_id,"temperature\n', 1),
        ("log.csv", HEAD, 2),
        ("log.csv", HEAD + 'f1,"1\nf9,99\n', 2),
        ("log.jsonl", "", 1),
        ("log.jsonl", '{"sensor_id": "f1", ', 1),
        ("log.json", "[", 1),
        ("log.json", "[\n1", 2),
        ("log.json", '[\n{"sensor_id": "f1",\n', 2),
    ],
)
def test_where_no_row_was_whole_yet_reading_goes_on_with_the_first(
    tmp_path: Path, name: str, text: str, line: int
) -> None:
    path = tmp_path / name
    path.write_text(text)
    source = followed(path)
    assert list(source) == []
    source.close()
    assert source.left
    assert (source.rows.read, source.last.line + 1) == (0, line)


@pytest.mark.parametrize("follow", [True, False])
def test_a_run_that_followed_says_where_to_go_on_and_begins_there(
    tmp_path: Path, event_cluster: EventCluster, *, follow: bool
) -> None:
    path = tmp_path / "log.csv"
    path.write_text(HEAD + rows(0, 2) + "f1,2" * follow)
    found = []
    for start, more in ((1, ".5\n" * follow + rows(3, 1)), (4, "")):
        source = followed(path, follow=follow, start=(start, 0))
        with event_cluster.producer() as producer:
            pipeline = Pipeline(producer, Stop())
            pipeline.run(source, source=source)
        assert pipeline.exhausted is not follow
        found.append(next_place(source, [], kept=False, ended=pipeline.exhausted))
        source.close()
        with path.open("a") as file:
            file.write(more)
    assert found == ([(str(path), 4), (str(path), 6)] if follow else [None, None])
    sent = sorted(event.temperature for event in event_cluster.events(FreezerReading))
    assert sent == ([0.5, 1.5, 2.5, 3.5] if follow else [0.5, 1.5, 3.5])


def test_following_begins_at_the_line_that_is_named(freezer: Freezer) -> None:
    write(freezer, HEAD + rows(0, 3))
    with freezer.start(*FOLLOW, "--start-at", "4") as running:
        wait_for(freezer, 1)
        write(freezer, rows(3, 1))
        wait_for(freezer, 2)
        running.signal(signal.SIGTERM)
        running.rest()
    assert running.code == 143
    assert spooled(freezer) == [2.5, 3.5]


def test_a_stray_quote_in_what_was_read_before_waits_for_nothing(freezer: Freezer) -> None:
    write(freezer, HEAD + 'f1,0.5\nf1,"1.5\nf1,2.5\n')
    done = freezer(*FOLLOW[:3], *FOLLOW[4:], "--on-bad", "skip")
    assert "1 rejected" in done.stdout, done.stderr
    write(freezer, "f1,3.5\n")
    with freezer.start(*FOLLOW) as running:
        wait_for(freezer, 3)
        running.signal(signal.SIGTERM)
        running.rest()
    assert running.code == 143
    assert spooled(freezer) == [0.5, 2.5, 3.5]


def test_an_array_without_a_value_is_read_to_its_end(freezer: Freezer) -> None:
    (freezer.folder / "log.json").write_text("[]\n")
    run = ("produce", "--from", "log.json", "--spool", "spool", "--give-up-after", "0.3")
    for said in ("0 readings read", "has been read to its end before"):
        done = freezer(*run)
        assert said in done.stdout + done.stderr
        assert done.returncode == 0


@pytest.mark.parametrize("kind", ["known by its columns", "known by its header"])
def test_an_empty_file_that_is_turned_over_and_one_that_stays_empty_are_no_trouble(
    freezer: Freezer, kind: str
) -> None:
    (freezer.folder / "mine.toml").write_text('header = ["sensor_id", "temperature"]\n')
    write(freezer, HEAD + rows(0, 3))
    with freezer.start(*FOLLOW, *(("--as", "mine.toml") if "header" in kind else ())) as running:
        follow_what_is_empty(freezer, running)
    assert running.code == 143
    assert spooled(freezer) == [n + 0.5 for n in range(4)]


def follow_what_is_empty(freezer: Freezer, running: Running) -> None:
    wait_for(freezer, 3)
    for number in (1, 2):
        turn_over(freezer, number)
        write(freezer, "")
        wait_to_open(freezer, running)
    write(freezer, HEAD + rows(3, 1))
    wait_for(freezer, 4)
    turn_over(freezer, 3)
    write(freezer, "")
    wait_to_open(freezer, running)
    running.signal(signal.SIGTERM)
    running.rest()


def wait_to_open(freezer: Freezer, running: Running) -> None:
    """Wait until it has the file open that has the name now."""
    deadline = time.monotonic() + _WITHIN_S
    wanted = (freezer.folder / "log.csv").stat().st_ino
    while time.monotonic() < deadline:
        for each in Path(f"/proc/{running.process.pid}/fd").iterdir():
            with suppress(OSError):  # closed meanwhile
                if each.stat().st_ino == wanted:
                    return
        time.sleep(0.01)
    pytest.fail(f"not opened within {_WITHIN_S:.0f} s")


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
