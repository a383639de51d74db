"""`--shard I/N` and `freezer tally`, without a broker: what is refused, and what is told."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.cli import Freezer
from tests.support.readme import assert_alike, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

NAMES = [f"{number}.json" for number in range(3)]


@pytest.fixture
def freezer(tmp_path: Path) -> Freezer:
    """Run in a folder that has three files with other keys each, and rows that are none."""
    for name in ("a", "b", "c"):
        rows = "".join(f"{name}{n % 5},{n if n % 10 else 'broken'}\n" for n in range(60))
        (tmp_path / f"{name}.csv").write_text(f"sensor_id,temperature\n{rows}")
    return Freezer(tmp_path)


def shard(freezer: Freezer, number: int, of: int = 3, *more: str) -> str:
    """Run a shard; returns the name of the file that keeps what it printed."""
    given = ("--dry-run", "--on-bad", "skip", "--output", "json", "--rejects", "bad/")
    done = freezer("produce", "--from", "*.csv", "--shard", f"{number}/{of}", *given, *more)
    assert done.returncode == 0, done.stderr
    (freezer.folder / f"{number}.json").write_text(done.stdout)
    return f"{number}.json"


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ("3/3", "count from 0"),
        ("0/0", "at least one"),
        ("-1/3", "is not I/N"),
        ("1", "is not I/N"),
        ("1/3/5", "is not I/N"),
    ],
)
def test_what_is_no_shard_is_refused(freezer: Freezer, given: str, why: str) -> None:
    done = freezer("produce", "--from", "a.csv", "--dry-run", f"--shard={given}")
    assert done.returncode == 2
    assert why in done.stderr


def test_a_pipe_is_refused_because_one_shard_would_take_all_of_it(freezer: Freezer) -> None:
    done = freezer("produce", "--from", "-", "--dry-run", "--shard", "0/2", stdin="")
    assert done.returncode == 2
    assert "a pipe can be read once" in done.stderr


@pytest.mark.parametrize("by", ["key", "file"])
@pytest.mark.parametrize("of", [1, 3, 4])
def test_shards_are_whole_together(freezer: Freezer, by: str, of: int) -> None:
    names = [shard(freezer, number, of, "--shard-by", by) for number in range(of)]
    done = freezer("tally", *names, "--output", "json")
    assert done.returncode == 0, done.stdout
    said = json.loads(done.stdout)
    assert (said["rows"], said["tally"]["read"], said["tally"]["rejected"]) == (180, 180, 18)


def lines(freezer: Freezer, *names: str) -> Iterator[str]:
    done = freezer("tally", *names)
    assert done.returncode == 1
    yield from (line.removeprefix("- ") for line in done.stdout.splitlines())


def test_a_shard_that_is_missing_or_there_twice_is_named(freezer: Freezer) -> None:
    for number in range(3):
        shard(freezer, number)
    found = [*lines(freezer, "0.json", "2.json", "2.json")]
    assert "shard 1/3 is missing" in found
    assert "shard 2/3 was run 2 times: 2.json, 2.json" in found


def test_another_number_of_shards_or_another_input_is_named(freezer: Freezer) -> None:
    for number in range(2):
        shard(freezer, number)
    shard(freezer, 2, 4)
    assert "2.json has of 4, 0.json has 3" in [*lines(freezer, *NAMES)]
    with (freezer.folder / "b.csv").open("a") as file:
        file.write("b1,2\n")
    (freezer.folder / "d.csv").write_text("sensor_id,temperature\nd1,1\n")
    shard(freezer, 2)
    found = [*lines(freezer, *NAMES)]
    assert "0.json has not read d.csv" in found
    assert any(line.startswith("b.csv has ") for line in found)


def test_shards_that_read_their_input_in_different_ways_are_not_whole(freezer: Freezer) -> None:
    shard(freezer, 0)
    shard(freezer, 1)
    shard(freezer, 2, 3, "--where", "sensor_id != 'a1'")
    assert any("were their options the same?" in line for line in lines(freezer, *NAMES))


def test_a_file_without_a_result_is_refused_by_name(freezer: Freezer) -> None:
    (freezer.folder / "killed.json").write_text("")
    done = freezer("tally", shard(freezer, 0), "killed.json")
    assert done.returncode == 2
    assert "killed.json" in done.stderr


def test_the_page_shows_what_is_printed(tmp_path: Path) -> None:
    rows = "".join(f"s{n % 9},{n if n % 100 else 'broken'}\n" for n in range(1000))
    (tmp_path / "year.csv").write_text(f"sensor_id,temperature\n{rows}")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    for each in shown("docs/backfill.md", "Shards"):
        command, told = each.command, each.output
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=tmp_path,
            env=Freezer(tmp_path).environment | {"PATH": path},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        printed = [*done.stderr.splitlines(), *done.stdout.splitlines()]
        if command.startswith("freezer produce"):
            assert (tmp_path / command.rpartition(">")[2]).stat().st_size, done.stderr
        assert_alike(printed, told.splitlines(), command)
