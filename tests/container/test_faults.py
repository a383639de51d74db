"""Faults under way, on three brokers: row by row, what the source had, was counted and is there."""

from __future__ import annotations

import json
import os
import pty
import re
import secrets
import select
import signal
import subprocess
import time
from typing import TYPE_CHECKING, Any

import pytest

from freezer_events.send import fast
from tests.support.cli import FREEZER, Freezer, tally_of
from tests.support.largest_message import limit
from tests.support.row_check import KEYS, ROWS, check, kept, there, underway, write_rows
from tests.support.trio import Trio

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from confluent_kafka.admin import AdminClient

    from tests.support.tcp_proxy import TcpProxy

PACED = ("--interval", "0.001", "--output", "json", "--no-lines")


@pytest.fixture(scope="module")
def trio(stack: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trio]:
    """Give three brokers; the stack's own image is there once the stack is."""
    assert stack
    folder = tmp_path_factory.mktemp("trio")
    folder.chmod(0o755)
    with Trio(folder) as cluster:
        yield cluster


@pytest.fixture(params=("compiled", "python"))
def line(request: pytest.FixtureRequest) -> str:
    """Give the line that hands messages over."""
    if request.param == "compiled" and (missing := fast.unusable()):
        pytest.skip(f"the compiled line is {missing}")
    return str(request.param)


@pytest.fixture
def run(trio: Trio, freezer: Freezer, line: str, tmp_path: Path) -> Freezer:
    """Give `freezer` for a topic on the three brokers, and rows.csv beside it."""
    trio.create(freezer.settings["TOPIC"])
    write_rows(tmp_path / "rows.csv")
    return freezer.having(BOOTSTRAP_SERVERS=trio.bootstrap, FREEZER_LINE=line).within(120)


def killed(trio: Trio, leader: int) -> Callable[[], None]:
    trio.kill(leader)

    def undo() -> None:
        trio.restart(leader)
        trio.wait_for(3)

    return undo


def paused(trio: Trio, leader: int) -> Callable[[], None]:
    trio.pause(leader)

    def undo() -> None:
        trio.go_on(leader)
        trio.wait_for(3)

    return undo


@pytest.mark.parametrize("fault", [killed, paused])
def test_a_leader_that_is_killed_or_stopped_loses_nothing(
    run: Freezer, trio: Trio, fault: Callable[..., Callable[[], None]]
) -> None:
    topic = run.settings["TOPIC"]
    with run.start("produce", "--from", "rows.csv", *PACED) as running:
        underway(trio, topic)
        undo = fault(trio, trio.leader(topic, 0))
        try:
            lines, errors = running.rest()
        finally:
            undo()
    assert running.code == 0, errors
    tally = tally_of(lines)
    assert tally["delivered"] == ROWS
    check(there(trio, topic), tally)


def test_an_outage_that_is_too_long_leaves_every_row_accounted_for_and_can_be_made_good(
    run: Freezer, trio: Trio, tmp_path: Path
) -> None:
    topic = run.settings["TOPIC"]
    options = ("--give-up-after", "6", "--undelivered", "left.csv")
    with run.start("produce", "--from", "rows.csv", *PACED, *options) as running:
        underway(trio, topic)
        trio.kill(1, 2, 3)
        try:
            lines, errors = running.rest()
        finally:
            trio.restart(1, 2, 3)
            trio.wait_for(3)
    assert running.code == 6, errors
    assert "nothing delivered for 6 s" in errors
    tally = tally_of(lines)
    rows = there(trio, topic, tally["delivered"])
    check(rows, tally)
    certain, unsure = kept(tmp_path / "left.csv"), kept(tmp_path / "left.unconfirmed.csv")
    assert len(certain) == tally["failed"] + tally["unsent"]
    assert len(unsure) == tally["unconfirmed"]
    arrived = {number for _, number in rows}
    assert not arrived & set(certain)
    assert arrived | set(certain) | set(unsure) == set(range(tally["read"]))

    ahead = [word for line in errors.splitlines() if "--start-at" in line for word in line.split()]
    again = [*unsure, *certain]
    if again:
        (tmp_path / "again.csv").write_text(
            "sensor_id,temperature\n"
            + "".join(f"key{n % KEYS},{n}\n" for n in sorted(set(again) - arrived))
        )
        assert run("produce", "--from", "again.csv").returncode == 0
    if tally["read"] < ROWS:
        done = run("produce", "--from", "rows.csv", "--start-at", ahead[-1])
        assert done.returncode == 0, done.stderr
    rows = there(trio, topic)
    assert sorted(number for _, number in rows) == list(range(ROWS))
    check(rows, {"delivered": ROWS, "unconfirmed": 0})


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_under_way_says_from_where_to_go_on(
    run: Freezer, trio: Trio, number: signal.Signals, code: int
) -> None:
    topic = run.settings["TOPIC"]
    with run.start("produce", "--from", "rows.csv", *PACED) as running:
        underway(trio, topic)
        running.signal(number)
        lines, errors = running.rest()
    assert running.code == code
    tally = tally_of(lines)
    assert tally["read"] == tally["delivered"] < ROWS
    line = errors.rpartition("--start-at ")[2].split()[0]
    assert run("produce", "--from", "rows.csv", "--start-at", line).returncode == 0
    rows = there(trio, topic)
    assert sorted(number for _, number in rows) == list(range(ROWS))
    check(rows, {"delivered": ROWS, "unconfirmed": 0})


def test_ctrl_c_twice_in_an_outage_ends_at_once_and_accounts_for_every_row(
    run: Freezer, trio: Trio, tmp_path: Path
) -> None:
    topic = run.settings["TOPIC"]
    with run.start("produce", "--from", "rows.csv", *PACED, "--undelivered", "left.csv") as running:
        underway(trio, topic)
        trio.pause(1, 2, 3)
        try:
            running.signal(signal.SIGINT)
            time.sleep(1)  # it waits for what is in flight, and is told not to
            again = time.monotonic()
            running.signal(signal.SIGINT)
            lines, errors = running.rest()
            took = time.monotonic() - again
        finally:
            trio.go_on(1, 2, 3)
            trio.wait_for(3)
    assert running.code == 130, errors
    assert took < 5
    tally = tally_of(lines)
    rows = there(trio, topic, tally["delivered"])
    check(rows, tally)
    certain, unsure = kept(tmp_path / "left.csv"), kept(tmp_path / "left.unconfirmed.csv")
    assert (len(certain), len(unsure)) == (tally["failed"] + tally["unsent"], tally["unconfirmed"])
    arrived = {number for _, number in rows}
    assert not arrived & set(certain)
    assert arrived | set(certain) | set(unsure) == set(range(tally["read"]))


def test_an_outage_is_shown_as_it_goes_on_a_terminal(run: Freezer, trio: Trio) -> None:
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [FREEZER, "produce", "--from", "rows.csv", "--interval", "0.001", "--no-lines"],
        cwd=run.folder,
        env=run.environment,
        stdout=subprocess.DEVNULL,
        stderr=theirs,
    ) as process:
        os.close(theirs)
        underway(trio, run.settings["TOPIC"])
        trio.pause(1, 2, 3)
        try:
            shown = _shown(ours, until="for 7 s")
        finally:
            trio.go_on(1, 2, 3)
            trio.wait_for(3)
        shown += _shown(ours, until="\n")
        assert process.wait(60) == 0
    os.close(ours)
    status = re.findall(
        r"\rnothing delivered since \d\d:\d\d:\d\d, for (\d) s; ([\d,]+) wait;", shown
    )
    assert [seconds for seconds, _ in status][:3] == ["5", "6", "7"]
    assert all(waiting != "0" for _, waiting in status)
    assert "giving up after 300 s" in shown
    assert "\rdelivering again" in shown


def _shown(terminal: int, until: str) -> str:
    found = ""
    deadline = time.monotonic() + 60
    while until not in found:
        assert time.monotonic() < deadline, found
        if select.select([terminal], [], [], 1)[0]:
            found += os.read(terminal, 4096).decode()
    return found


def half_open(proxies: list[TcpProxy]) -> None:
    for proxy in proxies:
        proxy.is_deaf = True


def lost_answers(proxies: list[TcpProxy]) -> None:
    for proxy in proxies:
        proxy.loses_answers = True


def slow(proxies: list[TcpProxy]) -> None:
    for proxy in proxies:
        proxy.latency_s = 0.2


def reset(proxies: list[TcpProxy]) -> None:
    for proxy in proxies:
        proxy.reset()


@pytest.mark.parametrize("fault", [half_open, lost_answers, reset, slow])
def test_a_network_that_fails_for_a_while_loses_and_repeats_nothing(
    run: Freezer, trio: Trio, fault: Callable[[list[TcpProxy]], None]
) -> None:
    topic = run.settings["TOPIC"]
    far = run.having(BOOTSTRAP_SERVERS=trio.proxied)
    # Half open, a connection is given up when its request has had no answer for that long.
    patience = ("-X", "socket.timeout.ms=4000", "-X", "request.timeout.ms=3000")
    with far.start("produce", "--from", "rows.csv", *PACED, *patience) as running:
        underway(trio, topic)
        for _ in range(3):  # each is over in a second, and comes again
            fault(trio.proxies)
            time.sleep(1.0)
            if fault is lost_answers:
                reset(trio.proxies)  # what was written is never confirmed on this connection
            for proxy in trio.proxies:
                proxy.heal()
        lines, errors = running.rest()
    assert running.code == 0, errors
    tally = tally_of(lines)
    assert tally["delivered"] == ROWS
    check(there(trio, topic), tally)


def test_what_is_too_large_for_the_topic_fails_alone_and_its_key_goes_on(
    run: Freezer, trio: Trio, tmp_path: Path
) -> None:
    topic, holes = run.settings["TOPIC"], frozenset({1_003, 2_004, 4_005})
    limit(trio.admin, topic, 2000)
    with (tmp_path / "mixed.csv").open("w") as file:
        file.write("sensor_id,temperature\n")
        for number in range(ROWS):
            long = secrets.token_hex(4_000) if number in holes else ""
            file.write(f"key{number % KEYS}{long},{number}\n")
    options = ("--no-lines", "--output", "json", "--undelivered", "left.csv")
    done = run("produce", "--from", "mixed.csv", *options)
    assert done.returncode == 1, done.stderr
    tally = tally_of(done.stdout.splitlines())
    assert (tally["delivered"], tally["failed"]) == (ROWS - 3, 3)
    assert set(kept(tmp_path / "left.csv")) == holes
    rows = there(trio, topic)
    assert len(rows) == ROWS - 3
    check(rows, tally, holes)


def test_a_topic_that_takes_less_than_a_batch_gets_smaller_ones(
    run: Freezer, admin: AdminClient, stack: Any
) -> None:
    topic = run.settings["TOPIC"]
    limit(admin, topic, 900)
    here = run.having(BOOTSTRAP_SERVERS=stack.bootstrap)
    done = here("produce", "--from", "rows.csv", "--output", "json", "--no-lines")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["tally"]["delivered"] == ROWS
