"""A spool between a run and the cluster: kills and outages, row by row."""

from __future__ import annotations

import json
import random
import secrets
import shutil
import signal
import time
from typing import TYPE_CHECKING

import pytest

from freezer_infra.planner.desired import Access
from tests.support.broker_door import BrokerDoor
from tests.support.cli import Freezer, tally_of
from tests.support.largest_message import limit
from tests.support.topic_rows import check_spooled, there, write_rows
from tests.support.transaction_door import TransactionDoor

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from confluent_kafka.admin import AdminClient

    from freezer_infra.admin.admin_target import AdminTarget
    from freezer_infra.local.stack import Login, Stack

ROWS = 20_000
SPOOL = ("--spool", "spool", "--output", "json", "--no-lines")
FILE = ("produce", "--from", "rows.csv", *SPOOL)


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    path = tmp_path / "rows.csv"
    write_rows(path, 0, ROWS)
    return path


@pytest.mark.usefixtures("rows", "positions")
@pytest.mark.parametrize("how", [(), ("--exactly-once",)], ids=["spool", "exactly once"])
def test_a_run_that_is_killed_goes_on_with_the_same_command(
    freezer: Freezer, stack: Stack, topic: str, how: tuple[str, ...]
) -> None:
    killed_at_random(freezer, how, 5)
    isolation = "read_committed" if how else "read_uncommitted"
    again = check_spooled(there(stack.bootstrap, topic, isolation), ROWS)
    assert not (how and again)


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.usefixtures("rows", "positions")
@pytest.mark.parametrize("how", [(), ("--exactly-once",)], ids=["spool", "exactly once"])
def test_fifty_kills_lose_nothing(
    freezer: Freezer, stack: Stack, topic: str, how: tuple[str, ...]
) -> None:
    killed_at_random(freezer, how, 50)
    isolation = "read_committed" if how else "read_uncommitted"
    again = check_spooled(there(stack.bootstrap, topic, isolation), ROWS)
    assert not (how and again)


def killed_at_random(freezer: Freezer, how: tuple[str, ...], times: int) -> None:
    moments = random.Random()
    for _ in range(times):
        with freezer.start(*FILE, *how, "--interval", "0.0001") as running:
            time.sleep(moments.uniform(0.3, 2.0))
            running.signal(signal.SIGKILL)
    done = freezer(*FILE, *how)
    assert done.returncode == 0, done.stderr
    tally_of(done.stdout.splitlines())


def test_what_is_captured_in_an_outage_is_delivered_by_a_later_run(
    freezer: Freezer, stack: Stack, topic: str, rows: Path
) -> None:
    nowhere = freezer.having(
        BOOTSTRAP_SERVERS="localhost:1", SCHEMA_REGISTRY_URL="http://localhost:1"
    )
    first = nowhere(*FILE, "--give-up-after", "1")
    assert first.returncode == 6, first.stderr
    tally = tally_of(first.stdout.splitlines())
    assert tally["spooled"] == tally["read"] == ROWS
    assert f"{ROWS:,} events wait in the spool" in first.stderr
    write_rows(rows, ROWS, 100)
    second = freezer(*FILE)
    assert second.returncode == 0, second.stderr
    tally = tally_of(second.stdout.splitlines())
    assert tally["delivered"] == tally["read"] == 100
    assert check_spooled(there(stack.bootstrap, topic), ROWS + 100) == 0
    third = freezer(*FILE)
    assert third.returncode == 0
    assert tally_of(third.stdout.splitlines())["read"] == 0
    assert len(there(stack.bootstrap, topic)) == ROWS + 100


@pytest.mark.usefixtures("rows")
def test_an_outage_under_way_leaves_no_gap(freezer: Freezer, stack: Stack, topic: str) -> None:
    with BrokerDoor(stack.bootstrap) as door:
        run = freezer.having(BOOTSTRAP_SERVERS=door.address)
        with run.start(*FILE, "--interval", "0.0005", "--give-up-after", "2") as running:
            time.sleep(2)
            door.shut()
            lines, errors = running.rest()
    assert running.code == 6, errors
    tally = tally_of(lines)
    assert tally["read"] == ROWS
    assert tally["spooled"] > 0
    done = freezer(*FILE)
    assert done.returncode == 0, done.stderr
    check_spooled(there(stack.bootstrap, topic), ROWS)


@pytest.mark.usefixtures("rows", "positions")
def test_ends_of_transactions_that_are_lost_or_late_change_nothing(
    freezer: Freezer, stack: Stack, topic: str
) -> None:
    fates = ("pass", "cut", "late", "pass", "swallow")
    with TransactionDoor(stack.bootstrap, fates) as door:
        run = freezer.having(BOOTSTRAP_SERVERS=door.address)
        done = run(*FILE, "--exactly-once", "--interval", "0.0002")
    assert done.returncode == 0, done.stderr
    assert tuple(door.met[:5]) == fates
    assert tally_of(done.stdout.splitlines())["delivered"] == ROWS
    assert check_spooled(there(stack.bootstrap, topic, "read_committed"), ROWS) == 0


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.usefixtures("positions")
def test_a_link_that_is_too_slow_for_a_transaction_gets_smaller_ones(
    freezer: Freezer, stack: Stack, topic: str, tmp_path: Path
) -> None:
    # 450 kB that nothing compresses, all at once: on the way for more than 30 s.
    rows = [f"{secrets.token_hex(31)},{number}\n" for number in range(5_000)]
    (tmp_path / "rows.csv").write_text("sensor_id,temperature\n" + "".join(rows))
    with BrokerDoor(stack.bootstrap, bytes_per_s=12_000) as door:
        run = freezer.within(500).having(BOOTSTRAP_SERVERS=door.address)
        done = run(*FILE, "--exactly-once")
    assert done.returncode == 0, done.stderr
    assert tally_of(done.stdout.splitlines())["delivered"] == len(rows)
    assert check_spooled(there(stack.bootstrap, topic, "read_committed"), len(rows)) == 0


@pytest.mark.timeout(500)
@pytest.mark.usefixtures("positions")
@pytest.mark.parametrize("how", [(), ("--exactly-once",)], ids=["spool", "exactly once"])
def test_what_the_topic_never_takes_is_parked_and_the_rest_of_its_key_goes_on(
    freezer: Freezer,
    stack: Stack,
    admin: AdminClient,
    topic: str,
    tmp_path: Path,
    how: tuple[str, ...],
) -> None:
    limit(admin, topic, 2_000)
    path = tmp_path / "rows.jsonl"
    large = secrets.token_hex(2_000)  # too much, and nothing compresses it
    names = ["key0", large, "key1"]
    path.write_text(
        "".join(f'{{"sensor_id": "{names[n % 3]}", "temperature": {n}}}\n' for n in range(90))
    )
    # A transaction that another test has killed holds up the topic of positions for a while.
    freezer = freezer.within(200)
    done = freezer("produce", "--from", "rows.jsonl", *SPOOL, *how)
    assert done.returncode == 1, done.stderr
    tally = tally_of(done.stdout.splitlines())
    assert (tally["read"], tally["delivered"], tally["parked"]) == (90, 60, 30)
    isolation = "read_committed" if how else "read_uncommitted"
    found = there(stack.bootstrap, topic, isolation)
    for key, first in (("key0", 0), ("key1", 2)):
        mine = [number for name, number in found if name == key]
        assert mine == [*range(first, 90, 3)]
    status = freezer("spool", "status", "--spool", "spool")
    assert "parked" in status.stdout
    assert "30" in status.stdout
    limit(admin, topic, 100_000)
    assert freezer("spool", "retry", "--spool", "spool").returncode == 0
    drained = freezer("spool", "drain", "--spool", "spool", *how)
    assert drained.stdout == "30 events delivered\n", drained.stderr
    assert len(there(stack.bootstrap, topic, isolation)) == 90


@pytest.mark.usefixtures("positions")
def test_a_copy_that_goes_its_own_way_is_refused_until_it_has_an_identity(
    freezer: Freezer, stack: Stack, topic: str, tmp_path: Path
) -> None:
    once = ("produce", "--count", "5", "--interval", "0", "--exactly-once", "--spool")
    assert freezer(*once, "first").returncode == 0
    shutil.copytree(tmp_path / "first", tmp_path / "second")
    assert freezer(*once, "first").returncode == 0
    refused = freezer(*once, "second")
    assert refused.returncode == 3, refused.stderr
    assert "another copy of it has delivered since" in refused.stderr
    assert freezer("spool", "new-identity", "--spool", "second").returncode == 0
    drained = freezer("spool", "drain", "--spool", "second", "--exactly-once")
    assert drained.returncode == 0, drained.stderr
    assert drained.stdout == "5 events delivered\n"
    assert len(there(stack.bootstrap, topic, "read_committed")) == 15


@pytest.mark.usefixtures("positions")
def test_exactly_once_needs_what_its_declaration_grants_and_no_more(
    secure: Callable[..., Freezer],
    make_scram_user: Callable[[], Login],
    target: AdminTarget,
    topic: str,
) -> None:
    login = make_scram_user()
    run = secure(login, "SCRAM-SHA-512")
    once = ("produce", "--count", "3", "--interval", "0", "--spool", "spool", "--exactly-once")
    doctor = ("doctor", "--exactly-once", "--output", "json")
    target.allow(login.user, Access(login.user, "produce", topic).rights())
    refused = run(*once)
    assert refused.returncode == 4, refused.stderr
    assert "exactly_once = true" in refused.stderr
    found = {each["name"]: each["verdict"] for each in json.loads(run(*doctor).stdout)["checks"]}
    assert (found["write"], found["positions"], found["transactions"]) == ("ok", "fail", "fail")

    target.allow(login.user, Access(login.user, "produce", topic, exactly_once=True).rights())
    done = run(*once)
    assert done.returncode == 0, done.stderr
    assert "3 readings of earlier runs delivered from the spool" in done.stderr
    found = {each["name"]: each["verdict"] for each in json.loads(run(*doctor).stdout)["checks"]}
    assert (found["positions"], found["transactions"]) == ("ok", "ok")
