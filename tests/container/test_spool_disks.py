"""The spool on disks of its own: one that is full, one that loses what was not synced.

File systems are mounted for that, which takes root.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.support.cli import Freezer, tally_of
from tests.support.topic_rows import check_spooled, there

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from freezer_infra.local.stack import Stack

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root mounts file systems")

ROWS = 100_000
KEYS = 20
NOWHERE = {"BOOTSTRAP_SERVERS": "localhost:1", "SCHEMA_REGISTRY_URL": "http://localhost:1"}
LIMITED = ("produce", "--from", "rows.csv", "--spool", "disk/spool", "--output", "json")

SENDER = """
import sys
from freezer_events import EventProducer, Settings
from freezer_events.events import FreezerReading
producer = EventProducer(Settings.load(), spool=sys.argv[1])
for number in range(100_000):
    producer.send(FreezerReading(sensor_id="s", temperature=float(number)))
    print(number, flush=True)
"""


@contextmanager
def mounted(place: Path, *how: str) -> Iterator[Path]:
    """Mount a file system in a folder."""
    place.mkdir()
    subprocess.run(["mount", *how, str(place)], check=True, timeout=30)
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True, timeout=30)


def test_a_full_disk_is_named_loses_nothing_and_is_drained(
    freezer: Freezer, stack: Stack, topic: str, tmp_path: Path
) -> None:
    with (tmp_path / "rows.csv").open("w") as file:
        file.write("sensor_id,temperature\n")
        file.writelines(f"key{n % KEYS:040},{n}\n" for n in range(ROWS))
    with mounted(tmp_path / "disk", "-t", "tmpfs", "-o", "size=8m", "tmpfs"):
        full = freezer.having(**NOWHERE)(*LIMITED, "--no-lines", "--give-up-after", "2")
        assert full.returncode == 6, full.stderr
        assert "its disk is full" in full.stderr
        tally = tally_of(full.stdout.splitlines())
        assert 0 < tally["spooled"] < ROWS
        status = freezer("spool", "status", "--spool", "disk/spool")
        assert status.returncode == 0, status.stderr
        assert f"{tally['spooled']:,} events" in status.stdout
        done = freezer.within(120)(*LIMITED, "--no-lines")
        assert done.returncode == 0, done.stderr
        assert (tmp_path / "disk" / "spool" / "spool.db").stat().st_size < 1 << 20
    assert check_spooled(there(stack.bootstrap, topic), ROWS) == 0


def test_what_send_has_returned_for_survives_a_power_cut(freezer: Freezer, tmp_path: Path) -> None:
    """A stopped process writes nothing more: the image of its disk is what a power cut leaves."""
    image, copy = tmp_path / "image", tmp_path / "copy"
    with image.open("wb") as file:
        file.truncate(64 << 20)
    subprocess.run(["mkfs.ext4", "-q", str(image)], check=True, timeout=30)
    with mounted(tmp_path / "disk", "-o", "loop", str(image)) as disk:
        command = [sys.executable, "-c", SENDER, str(disk / "spool")]
        environment = freezer.having(**NOWHERE).environment
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, cwd=tmp_path, env=environment
        ) as process:
            assert process.stdout is not None
            for _ in range(300):
                last = int(process.stdout.readline())
            process.send_signal(signal.SIGSTOP)
            shutil.copyfile(image, copy)
            process.kill()
    with mounted(tmp_path / "after", "-o", "loop", str(copy)) as disk:
        status = freezer("spool", "status", "--spool", str(disk / "spool"), "--output", "json")
        assert status.returncode == 0, status.stderr
        exported = freezer("spool", "export", "--spool", str(disk / "spool"))
    numbers = [float(line.rpartition(":")[2].strip(" }")) for line in exported.stdout.splitlines()]
    assert numbers == list(range(len(numbers)))
    assert len(numbers) > last
