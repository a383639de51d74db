"""The next step of a run without a spool, typed as it is printed: each row ends in one place."""

from __future__ import annotations

import json
import re
import resource
import shlex
import signal
import subprocess
import time
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from tests.support.cli import FREEZER

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.cli import Freezer

HEAD = "sensor_id,temperature\n"
_STEP = re.compile(r"to go on: the same options, (?:but (?P<other>.*), )?--start-at (?P<line>\d+)")
_RUN = ("produce", "--from", "a.csv", "--quiet")


def there(freezer: Freezer) -> list[float]:
    done = freezer("consume", "--from-beginning", "--until-end", "--output", "json")
    assert done.returncode == 0, done.stderr
    return sorted(json.loads(each)["temperature"] for each in done.stdout.splitlines())


def step_of(errors: str, options: tuple[str, ...]) -> tuple[str, ...]:
    """Return the options with which the input goes on, as the run has said it."""
    assert errors.count("to go on:") == 1
    assert errors.count("--start-at") == 1
    found = _STEP.search(errors)
    assert found is not None, errors
    said = shlex.split(found["other"] or "")
    left = list(options)
    for name, value in zip(said[::2], said[1::2], strict=True):
        left[left.index(name) + 1] = value
    return (*left, "--start-at", found["line"])


def kept(folder: Path) -> Counter[str]:
    """Return the rows in all files of rejects."""
    files = [each for each in folder.glob("bad*/**/*") if each.is_file()]
    files += [each for each in folder.glob("bad*") if each.is_file() and each.stat().st_size]
    lines = [line for each in files for line in each.read_text().splitlines(keepends=True)]
    assert lines.count(HEAD) == len(files)
    return Counter(line for line in lines if line != HEAD)


@pytest.mark.parametrize("rejects", ["bad.csv", "bad rows.2.csv", "bad/"])
def test_a_run_that_stops_at_each_bad_row_goes_on_behind_it(freezer: Freezer, rejects: str) -> None:
    rows = [f"f1,{'bad' * (n % 3 == 1)}{n}\n" for n in range(8)]
    (freezer.folder / "a.csv").write_text(HEAD + "".join(rows))
    given: tuple[str, ...] = ("--rejects", rejects, "--start-at", "1")
    for _ in range(3):
        done = freezer(*_RUN, *given)
        assert done.returncode == 5, done.stderr
        given = step_of(done.stderr, given[:2])
    assert freezer(*_RUN, *given).returncode == 0
    assert kept(freezer.folder) == Counter(rows[1::3])
    assert there(freezer) == [0, 2, 3, 5, 6]


def test_a_run_that_a_signal_ended_goes_on_behind_its_last_row(freezer: Freezer) -> None:
    rows = [f"f1,{'bad' * (n % 3 == 0)}{n}\n" for n in range(40)]
    (freezer.folder / "a.csv").write_text(HEAD + "".join(rows))
    options = ("--on-bad", "skip", "--rejects", "bad.csv", "--interval", "0.1")
    with freezer.start(*_RUN, *options) as running:
        while not (freezer.folder / "bad.csv").exists():
            time.sleep(0.01)
        time.sleep(0.5)
        running.signal(signal.SIGTERM)
        _, errors = running.rest()
    assert running.code == 143
    assert freezer(*_RUN, *step_of(errors, options)).returncode == 0
    assert kept(freezer.folder) == Counter(rows[::3])
    assert there(freezer) == [n for n in range(40) if n % 3]


@pytest.mark.parametrize("most", [1024, 2048 - 1, 30, 0])
def test_a_row_that_the_disk_has_no_room_for_is_where_the_run_goes_on(
    freezer: Freezer, most: int
) -> None:
    rows = [f"f1,12.{n:03}e,€\n" if n % 10 else f"f1,{n}\n" for n in range(300)]
    (freezer.folder / "a.csv").write_text(HEAD + "".join(rows))
    options = ("--on-bad", "skip", "--rejects", "bad.csv")
    done = subprocess.run(
        [FREEZER, *_RUN, *options],
        cwd=freezer.folder,
        env=freezer.environment,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (most, most)),
    )
    assert done.returncode == 1, done.stderr
    before = kept(freezer.folder)
    assert all(row in rows for row in before)
    assert f"{sum(before.values())} rejected" in done.stdout or not before
    assert "1 unsent" in done.stdout
    assert freezer(*_RUN, *step_of(done.stderr, options)).returncode == 0
    assert kept(freezer.folder) == Counter(row for n, row in enumerate(rows) if n % 10)
    assert there(freezer) == [*range(0, 300, 10)]
