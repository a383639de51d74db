"""Files into a spool by a run that is killed again and again: each reading is there once."""

from __future__ import annotations

import json
import random
import signal
import time
from collections import Counter
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
from pyarrow import parquet

from tests.support.cli import Freezer

if TYPE_CHECKING:
    from pathlib import Path

ROWS = 30_000
SENSORS = 5
RUN = ("produce", "--quiet", "--spool", "spool", "--give-up-after", "1")


@pytest.fixture
def nowhere(tmp_path: Path) -> Freezer:
    """Run where neither broker nor registry answers: capturing needs neither."""
    return Freezer(
        tmp_path,
        {"BOOTSTRAP_SERVERS": "localhost:1", "SCHEMA_REGISTRY_URL": "http://localhost:1"},
    )


def spooled(freezer: Freezer, *options: str) -> Counter[tuple[str, float]]:
    """Kill a run at random moments, let one come to its end, and return what the spool holds."""
    moments = random.Random()
    for _ in range(4):
        with freezer.start(*RUN, *options) as running:
            time.sleep(moments.uniform(0.4, 1.5))
            running.signal(signal.SIGKILL)
    done = freezer(*RUN, *options)
    assert done.returncode == 6, done.stderr
    assert "nothing is lost" in done.stderr
    again = freezer(*RUN, *options)
    assert "nothing to do" in again.stderr
    lines = freezer("spool", "export", "--spool", "spool").stdout.splitlines()
    return Counter((each["sensor_id"], each["temperature"]) for each in map(json.loads, lines))


def test_each_row_of_several_files_and_each_reject_is_there_once(nowhere: Freezer) -> None:
    for name in "ab":
        rows = [f"{name},{'bad' if n % 1000 == 5 else n}\n" for n in range(ROWS)]
        path = nowhere.folder / f"{name}.csv"
        path.write_text("sensor_id,temperature\n" + "".join(rows))
    files = ("--from", "a.csv", "--from", "b.csv")
    found = spooled(nowhere, *files, "--on-bad", "skip", "--rejects", "bad/")
    assert found == {(k, float(n)): 1 for k in "ab" for n in range(ROWS) if n % 1000 != 5}
    for name in "ab":
        kept = (nowhere.folder / "bad" / f"{name}.csv").read_text().splitlines()
        assert kept == ["sensor_id,temperature", *[f"{name},bad"] * (ROWS // 1000)]


def test_each_row_of_columnar_files_and_each_reject_is_there_once(nowhere: Freezer) -> None:
    count = 5 * ROWS
    for name in "ab":
        numbers = [None if n % 1000 == 5 else float(n) for n in range(count)]
        table = pa.table({"sensor_id": [name] * count, "temperature": numbers})
        parquet.write_table(table, nowhere.folder / f"{name}.parquet")
    files = ("--from", "a.parquet", "--from", "b.parquet")
    found = spooled(nowhere, *files, "--on-bad", "skip", "--rejects", "bad/")
    assert found == {(k, float(n)): 1 for k in "ab" for n in range(count) if n % 1000 != 5}
    for name in "ab":
        kept = (nowhere.folder / "bad" / f"{name}.parquet.jsonl").read_text().splitlines()
        assert kept == [f'{{"sensor_id": "{name}", "temperature": null}}'] * (count // 1000)


def test_rejects_behind_the_last_reading_stay_when_another_file_comes(nowhere: Freezer) -> None:
    text = "sensor_id,temperature\na,1\na,bad1\na,2\na,bad2\n"
    for name in "ab":
        (nowhere.folder / f"{name}.csv").write_text(text)
    options = (*RUN, "--on-bad", "skip", "--rejects", "bad/", "--from", "a.csv")
    for more in ((), ("--from", "b.csv"), ()):
        assert nowhere(*options, *more).returncode == 6
        kept = (nowhere.folder / "bad" / "a.csv").read_text().splitlines()
        assert kept == ["sensor_id,temperature", "a,bad1", "a,bad2"]


def test_rejects_that_no_reading_has_followed_yet_are_known_after_a_kill(nowhere: Freezer) -> None:
    rows = "a,bad\n" * 10 * ROWS
    (nowhere.folder / "a.csv").write_text(f"sensor_id,temperature\n{rows}a,1\n")
    options = (*RUN, "--on-bad", "skip", "--rejects", "bad.csv", "--from", "a.csv")
    kept = nowhere.folder / "bad.csv"
    with nowhere.start(*options) as running:
        while not kept.exists() or not kept.stat().st_size:
            assert running.process.poll() is None
            time.sleep(0.001)
        running.signal(signal.SIGKILL)
    assert kept.read_text() != f"sensor_id,temperature\n{rows}"
    assert nowhere(*options).returncode == 6
    assert kept.read_text() == f"sensor_id,temperature\n{rows}"
    kept.write_text("another one's\n")
    done = nowhere("produce", *options[1:], "--restart")
    assert "is there already" in done.stderr
    assert kept.read_text() == "another one's\n"


HEAD = "sensor_id,temperature\n"


@pytest.mark.parametrize("bad", ["", "f1,bad1\n"], ids=["no reject", "one"])
@pytest.mark.parametrize("mine", [HEAD, ""], ids=["same header", "no header"])
def test_what_another_run_wrote_into_the_file_of_rejects_stays(
    nowhere: Freezer, bad: str, mine: str
) -> None:
    log, kept = nowhere.folder / "a.csv", nowhere.folder / "bad.csv"
    log.write_text(f"{HEAD}{bad}f1,1\n")
    options = (*RUN, "--on-bad", "skip", "--rejects", "bad.csv")
    assert nowhere(*options, "--from", "a.csv").returncode == 6
    kept.unlink(missing_ok=True)  # corrected, and fed in
    others = f"{mine}f2,bad2\nf2,bad3\nf2,bad4\n"
    if mine:
        (nowhere.folder / "b.csv").write_text(f"{others}f2,2\n")
        assert nowhere(*options, "--from", "b.csv").returncode == 6
    else:
        kept.write_text(others)
    assert kept.read_text() == others
    with log.open("a") as file:
        file.write("f1,2\nf1,bad9\n")
    refused = nowhere(*options, "--from", "a.csv")
    assert refused.returncode == 2
    assert "--rejects bad.csv: is there already" in refused.stderr
    assert kept.read_text() == others
    done = nowhere(*options[:-1], "more.csv", "--from", "a.csv")
    assert done.returncode == 6, done.stderr
    assert (nowhere.folder / "more.csv").read_text() == f"{HEAD}f1,bad9\n"


def test_what_another_wrote_while_a_killed_run_was_away_stays(nowhere: Freezer) -> None:
    """Nobody can tell before the first row comes: it may be what the killed run has left."""
    log, kept = nowhere.folder / "a.csv", nowhere.folder / "bad.csv"
    log.write_text(f"{HEAD}f1,1\n")
    options = (*RUN, "--on-bad", "skip", "--rejects", "bad.csv", "--from", "a.csv")
    with nowhere.start(*options, "--follow") as running:
        time.sleep(2)
        running.signal(signal.SIGKILL)
    kept.write_text(f"{HEAD}f2,bad2\n")
    with log.open("a") as file:
        file.write("f1,2\nf1,bad9\nf1,3\n")
    refused = nowhere(*options)
    assert refused.returncode == 2
    assert "--rejects bad.csv: is there already" in refused.stderr
    assert kept.read_text() == f"{HEAD}f2,bad2\n"
    kept.unlink()
    assert nowhere(*options).returncode == 6
    assert kept.read_text() == f"{HEAD}f1,bad9\n"
    lines = nowhere("spool", "export", "--spool", "spool").stdout.splitlines()
    assert [json.loads(each)["temperature"] for each in lines] == [1, 2, 3]


@pytest.mark.parametrize("of", [5, 22, 25, 29, 30, 34])
def test_what_a_killed_run_left_of_its_rejects_is_there_once(nowhere: Freezer, of: int) -> None:
    log, kept = nowhere.folder / "a.csv", nowhere.folder / "bad.csv"
    log.write_text(f"{HEAD}f1,1\n")
    options = (*RUN, "--on-bad", "skip", "--rejects", "bad.csv", "--from", "a.csv")
    assert nowhere(*options).returncode == 6
    rows = "".join(f"f1,bad{number}\n" for number in range(3))
    with log.open("a") as file:
        file.write(f"{rows * 20_000}f1,2\n")
    with nowhere.start(*options) as running:  # it was read to its end, and goes on
        while not kept.exists() or not kept.stat().st_size:
            assert running.process.poll() is None
            time.sleep(0.001)
        running.signal(signal.SIGKILL)
        running.process.wait()
    kept.write_bytes(kept.read_bytes()[:of])  # as far as a kill came
    assert nowhere(*options).returncode == 6
    assert kept.read_text() == HEAD + rows * 20_000


def test_a_row_that_ends_a_run_is_kept_once_it_is_passed(nowhere: Freezer) -> None:
    (nowhere.folder / "a.csv").write_text(f"{HEAD}f1,1\nf1,bad\nf1,2\n")
    options = (*RUN, "--rejects", "bad.csv", "--from", "a.csv")
    for _ in range(2):
        assert "go on past it: --on-bad skip" in nowhere(*options).stderr
    assert nowhere(*options, "--on-bad", "skip").returncode == 6
    assert (nowhere.folder / "bad.csv").read_text() == f"{HEAD}f1,bad\n"
    lines = nowhere("spool", "export", "--spool", "spool").stdout.splitlines()
    assert [json.loads(each)["temperature"] for each in lines] == [1, 2]


def test_each_reading_of_rows_that_hold_several_is_there_once(nowhere: Freezer) -> None:
    names = [f"s{n}" for n in range(SENSORS)]
    rows = [
        f"2026-10-01T08:00:00Z,{','.join(str(n * SENSORS + at) for at in range(SENSORS))}\n"
        for n in range(ROWS // SENSORS)
    ]
    text = f"timestamp,{','.join(names)}\n{''.join(rows)}"
    (nowhere.folder / "wide.csv").write_text(text)
    found = spooled(nowhere, "--from", "wide.csv", "--as", "wide", "--without", "recorded_at")
    whole = ROWS // SENSORS
    assert found == {
        (name, float(n * SENSORS + at)): 1 for n in range(whole) for at, name in enumerate(names)
    }


@pytest.mark.parametrize("name", ["a.csv", "a.parquet"])
def test_the_first_readings_leave_the_others_to_a_later_run(nowhere: Freezer, name: str) -> None:
    numbers = [*map(float, range(1000))]
    if name == "a.csv":
        lines = "".join(f"a,{number}\n" for number in numbers)
        (nowhere.folder / name).write_text(f"sensor_id,temperature\n{lines}")
    else:
        table = pa.table({"sensor_id": ["a"] * 1000, "temperature": numbers})
        parquet.write_table(table, nowhere.folder / name)
    (nowhere.folder / "b.csv").write_text("sensor_id,temperature\nb,1\n")
    options = (*RUN, "--from", name, "--from", "b.csv")
    for count, there in ((10, 10), (10, 10), (700, 700), (1000, 1000), (None, 1001), (None, 1001)):
        some = () if count is None else ("--count", str(count))
        assert nowhere(*options, *some).returncode == 6
        found = nowhere("spool", "export", "--spool", "spool").stdout.splitlines()
        assert len({*found}) == len(found) == there
    assert "nothing to do" in nowhere(*options).stderr
