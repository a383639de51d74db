"""`freezer produce --shard` on the real Kafka: several processes send what one would have sent."""

from __future__ import annotations

import json
import signal
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.cli import Freezer, tally_of

if TYPE_CHECKING:
    from pathlib import Path


ROWS, SENSORS, SHARDS = 3000, 23, 4
SKIP = ("--on-bad", "skip", "--rejects", "bad.csv", "--output", "json", "--quiet")


def write_rows(folder: Path, *, bad_every: int = 100) -> None:
    """Write a file whose rows say their number, one in a hundred without a temperature."""
    rows = (
        f"sensor{n * 7 % SENSORS},{'broken' if n % bad_every == 3 else n}\n" for n in range(ROWS)
    )
    (folder / "year.csv").write_text("sensor_id,temperature\n" + "".join(rows))


def by_sensor(freezer: Freezer) -> dict[str, list[float]]:
    """Return what is on the topic: the temperatures of each sensor, in their order."""
    done = freezer("consume", "--from-beginning", "--until-end", "--output", "json")
    assert done.returncode == 0, done.stderr
    found: dict[str, list[float]] = defaultdict(list)
    for line in done.stdout.splitlines():
        event: dict[str, Any] = json.loads(line)
        found[event["sensor_id"]].append(event["temperature"])
    return found


def expected() -> dict[str, list[float]]:
    found: dict[str, list[float]] = defaultdict(list)
    for n in range(ROWS):
        if n % 100 != 3:
            found[f"sensor{n * 7 % SENSORS}"].append(float(n))
    return found


def run_shard(freezer: Freezer, number: int, *more: str) -> None:
    done = freezer("produce", "--from", "year.csv", "--shard", f"{number}/{SHARDS}", *SKIP, *more)
    assert done.returncode == 0, done.stderr
    (freezer.folder / f"{number}.json").write_text(done.stdout)


@pytest.mark.parametrize("spooled", [False, True])
def test_shards_send_each_row_once_and_each_sensors_rows_in_order(
    freezer: Freezer, *, spooled: bool
) -> None:
    write_rows(freezer.folder)
    for number in range(SHARDS):
        run_shard(freezer, number, *(("--spool", f"spool{number}") if spooled else ()))
    assert by_sensor(freezer) == expected()
    kept = [
        line
        for path in sorted(freezer.folder.glob("bad.shard-*-of-4.csv"))
        for line in path.read_text().splitlines()
        if "broken" in line
    ]
    assert len(kept) == ROWS // 100
    names = [f"{number}.json" for number in range(SHARDS)]
    done = freezer("tally", *names, "--output", "json")
    assert done.returncode == 0, done.stdout
    said = json.loads(done.stdout)
    assert (said["whole"], said["rows"]) == (True, ROWS)
    counts = said["tally"]
    assert (counts["read"], counts["rejected"]) == (ROWS, ROWS // 100)
    assert counts["delivered"] == ROWS - ROWS // 100
    shares = [tally_of((freezer.folder / name).read_text().splitlines()) for name in names]
    assert all(each["delivered"] for each in shares)


def test_a_shard_that_was_ended_goes_on_from_its_spool_and_the_shards_are_whole(
    freezer: Freezer,
) -> None:
    write_rows(freezer.folder)
    for number in (1, 2, 3):
        run_shard(freezer, number)
    spool = ("--spool", "spool0")
    command = (
        "produce",
        "--from",
        "year.csv",
        "--shard",
        "0/4",
        *SKIP[:-1],
        *spool,
    )  # not quiet: the first delivery is waited for
    with freezer.start(*command, "--interval", "0.05", "--lines") as running:
        running.hear()
        running.signal(signal.SIGTERM)
        lines, err = running.rest()
        assert running.code == 143, err
    (freezer.folder / "begun.json").write_text("\n".join(lines))
    names = ["begun.json", "1.json", "2.json", "3.json"]
    done = freezer("tally", *names)
    assert done.returncode == 1
    assert "shard 0/4 ended before its input did: begun.json" in done.stdout
    run_shard(freezer, 0, *spool)
    assert by_sensor(freezer) == expected()
    done = freezer("tally", *names, "0.json", "--output", "json")
    assert json.loads(done.stdout)["problems"] == []


def test_what_an_outage_left_in_the_spools_is_counted_by_the_runs_that_deliver_it(
    freezer: Freezer,
) -> None:
    write_rows(freezer.folder)
    given = ("produce", "--from", "year.csv", *SKIP)
    nowhere = ("-X", "bootstrap.servers=localhost:1", "--give-up-after", "1")
    first, second = [], []
    for number in range(SHARDS):
        shard = ("--shard", f"{number}/{SHARDS}", "--spool", f"spool{number}")
        out = freezer(*given, *shard, *nowhere)
        assert out.returncode == 6, out.stderr
        first.append(f"first{number}.json")
        (freezer.folder / first[-1]).write_text(out.stdout)
        run_shard(freezer, number, "--spool", f"spool{number}")
        second.append(f"{number}.json")
    assert freezer("tally", *first).returncode == 1
    done = freezer("tally", *first, *second, "--output", "json")
    assert done.returncode == 0, done.stdout
    said = json.loads(done.stdout)
    counts = said["tally"]
    assert (counts["read"], counts["rejected"], counts["spooled"]) == (ROWS, ROWS // 100, 0)
    assert counts["delivered"] + said["delivered_later"] == ROWS - ROWS // 100
    assert "more delivered from the spools" in freezer("tally", *first, *second).stdout
    assert by_sensor(freezer) == expected()
