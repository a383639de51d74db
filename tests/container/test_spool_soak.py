"""A spool for long, and at its worst: `make test-long`."""

from __future__ import annotations

import json
import os
import signal
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.broker_door import BrokerDoor
from tests.support.cli import Freezer, Running, tally_of
from tests.support.clock_shim import ClockShim
from tests.support.prometheus import free_port
from tests.support.tcp_proxy import TcpProxy
from tests.support.topic_rows import check_spooled, there, write_rows

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from freezer_infra.local.stack import Stack

SOAK_S = float(os.environ.get("SOAK_SECONDS", "3600"))
ROWS = 20_000
ROWS_PER_S = 1_000
SPOOL = ("--spool", "spool", "--output", "json", "--no-lines")
FILE = ("produce", "--from", "rows.csv", *SPOOL)
WAYS = pytest.mark.parametrize("how", [(), ("--exactly-once",)], ids=["spool", "exactly once"])

pytestmark = [pytest.mark.long, pytest.mark.timeout(600), pytest.mark.usefixtures("positions")]


def wait_for(what: Callable[[], bool], running: Running) -> None:
    deadline = time.monotonic() + 60
    while not what():
        assert running.process.poll() is None, running.rest()
        assert time.monotonic() < deadline
        time.sleep(0.1)


def status(freezer: Freezer) -> dict[str, Any]:
    done = freezer("spool", "status", "--spool", "spool", "--output", "json")
    found: dict[str, Any] = json.loads(done.stdout or "{}")
    return found


def check(stack: Stack, topic: str, how: tuple[str, ...], count: int) -> int:
    """Every row is there, in order; returns how many came twice: none where that was asked for."""
    again = check_spooled(
        there(stack.bootstrap, topic, "read_committed" if how else "read_uncommitted"), count
    )
    assert not (how and again)
    return again


@WAYS
def test_with_neither_broker_nor_registry_at_the_first_start_all_arrives_once_they_come(
    freezer: Freezer, stack: Stack, topic: str, tmp_path: Path, how: tuple[str, ...]
) -> None:
    write_rows(tmp_path / "rows.csv", 0, ROWS)
    port = free_port()
    with BrokerDoor(stack.bootstrap) as door:
        door.shut()
        registry = f"http://localhost:{port}/apis/ccompat/v7"
        run = freezer.having(BOOTSTRAP_SERVERS=door.address, SCHEMA_REGISTRY_URL=registry)
        with run.within(120).start(*FILE, *how, "--give-up-after", "100") as running:
            wait_for(lambda: status(run).get("waiting") == ROWS, running)
            door.reopen()
            time.sleep(2)
            assert not there(stack.bootstrap, topic)
            with TcpProxy(port, 8081):
                lines, errors = running.rest()
    assert running.code == 0, errors
    assert tally_of(lines)["delivered"] == ROWS
    check(stack, topic, how, ROWS)


@WAYS
def test_a_clock_that_is_set_back_changes_nothing(
    freezer: Freezer, stack: Stack, topic: str, tmp_path: Path, how: tuple[str, ...]
) -> None:
    write_rows(tmp_path / "rows.csv", 0, ROWS)
    clock = ClockShim(tmp_path)
    with BrokerDoor(stack.bootstrap) as door:
        run = freezer.having(BOOTSTRAP_SERVERS=door.address, **clock.environment).within(120)
        with run.start(*FILE, *how, "--interval", "0.0005", "--give-up-after", "60") as running:
            wait_for(lambda: len(there(stack.bootstrap, topic)) > 0, running)
            clock.set_back(3600)
            time.sleep(1)
            door.shut()
            clock.set_back(2 * 24 * 3600)
            time.sleep(2)
            door.reopen()
            lines, errors = running.rest()
    assert running.code == 0, errors
    assert tally_of(lines)["delivered"] == ROWS
    check(stack, topic, how, ROWS)


def memory_mb(running: Running) -> float:
    with open(f"/proc/{running.process.pid}/statm") as file:  # noqa: PTH123 - no path of ours
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


@pytest.mark.timeout(2 * SOAK_S + 600)
@WAYS
def test_an_hour_with_an_outage_every_minute(
    freezer: Freezer,
    stack: Stack,
    topic: str,
    tmp_path: Path,
    how: tuple[str, ...],
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A file grows by 1,000 rows/s; each minute the broker is away for 10 s (SOAK_SECONDS)."""
    path, count, sizes = tmp_path / "rows.csv", 0, []
    write_rows(path, 0, 0)
    with BrokerDoor(stack.bootstrap) as door:
        run = freezer.having(BOOTSTRAP_SERVERS=door.address).within(120)
        with run.start(*FILE, *how, "--follow") as running:
            begun = time.monotonic()
            is_shut = False
            while (now := time.monotonic() - begun) < SOAK_S:
                due = int(now * ROWS_PER_S) - count
                write_rows(path, count, due)
                count += due
                if is_shut is not (20 <= now % 60 < 30):
                    is_shut = not is_shut
                    (door.shut if is_shut else door.reopen)()
                    sizes.append(memory_mb(running))
                assert running.process.poll() is None, running.rest()
                time.sleep(0.1)
            if is_shut:
                door.reopen()
            wait_for(lambda: status(run).get("waiting") == 0, running)
            running.signal(signal.SIGINT)
            _, errors = running.rest()
            assert running.code == 130, errors
    done = freezer(*FILE, *how)
    assert done.returncode == 0, done.stderr
    again = check(stack, topic, how, count)
    disk_mb = sum(each.stat().st_size for each in (tmp_path / "spool").iterdir()) / 1e6
    with capsys.disabled():
        print(  # noqa: T201 - the figures of an hour
            f"\n{' '.join(how) or 'spool'}: {count:,} rows, {again} twice, "
            f"{sizes[0]:.0f} to {max(sizes):.0f} MB of memory, {disk_mb:.1f} MB on disk at the end"
        )
    assert max(sizes) < sizes[0] + 60
    assert disk_mb < 30
