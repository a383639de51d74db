"""How a run of `freezer produce` is ended from outside: signals, and output that nobody reads."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING

import pytest

from tests.support import independent
from tests.support.broker_door import BrokerDoor
from tests.support.cli import Freezer, tally_of

if TYPE_CHECKING:
    from pathlib import Path

    from freezer_infra.local.stack import Stack

ENDLESS = ("produce", "--count", "0", "--interval", "0.01", "--output", "json")


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_signal_flushes_what_was_accepted_and_prints_the_tally(
    freezer: Freezer, number: int, code: int
) -> None:
    with freezer.start(*ENDLESS) as running:
        for _ in range(20):
            running.hear()
        running.signal(number)
        lines, _ = running.rest()
    assert running.code == code
    tally = tally_of(lines)
    assert tally["read"] == tally["delivered"] >= 20


def test_a_second_signal_stops_at_once_and_says_what_is_not_known(
    freezer: Freezer, stack: Stack
) -> None:
    with BrokerDoor(stack.bootstrap) as door:
        run = freezer.having(BOOTSTRAP_SERVERS=door.address).within(15)
        # Two minutes is what the flush may take: only the second signal can end it sooner.
        with run.start(*ENDLESS, "--timeout", "120") as running:
            running.hear()
            door.freeze()
            running.signal(signal.SIGINT)
            running.signal(signal.SIGTERM)
            lines, _ = running.rest()
    assert running.code == 130
    tally = tally_of(lines)
    assert tally["delivered"] >= 1


SPOOLED = ("--spool", "spool")


@pytest.mark.parametrize(
    "how", [(), SPOOLED, (*SPOOLED, "--exactly-once")], ids=["straight", "spool", "exactly once"]
)
def test_a_signal_while_the_broker_hangs_waits_no_longer_than_the_timeout(
    freezer: Freezer, stack: Stack, how: tuple[str, ...]
) -> None:
    with BrokerDoor(stack.bootstrap) as door:
        run = freezer.having(BOOTSTRAP_SERVERS=door.address).within(20)
        with run.start(*ENDLESS, "--timeout", "2", *how) as running:
            running.hear()
            door.freeze()
            running.signal(signal.SIGTERM)
            lines, _ = running.rest()
    assert running.code == 143
    tally_of(lines)


@pytest.mark.parametrize("how", [SPOOLED, (*SPOOLED, "--exactly-once")], ids=" ".join)
def test_a_signal_while_nothing_has_ever_answered_ends_a_run_with_a_spool(
    freezer: Freezer, tmp_path: Path, how: tuple[str, ...]
) -> None:
    run = freezer.having(BOOTSTRAP_SERVERS="localhost:1").within(20)
    with run.start(*ENDLESS, "--timeout", "2", *how) as running:
        while not (tmp_path / "spool").exists() or not spooled(run):
            assert running.process.poll() is None
        running.signal(signal.SIGTERM)
        lines, err = running.rest()
    assert running.code == 143
    assert "nothing is lost" in err
    assert tally_of(lines)["spooled"] > 0


def spooled(freezer: Freezer) -> bool:
    """Tell whether something waits in the spool, looked at from outside."""
    done = freezer("spool", "status", "--spool", "spool", "--output", "json")
    return done.returncode == 0 and json.loads(done.stdout)["waiting"] > 0


def test_output_closed_early_loses_no_reading_and_shows_no_traceback(
    freezer: Freezer, stack: Stack, topic: str
) -> None:
    with freezer.start("produce", "--count", "50", "--interval", "0.01") as running:
        running.hear()
        assert running.process.stdout is not None
        assert running.process.stderr is not None
        running.process.stdout.close()
        assert running.process.wait(30) == 0
        note, tally = running.process.stderr.read().splitlines()
        assert note.startswith("no schemas/ here")
        assert tally == "50 readings read, 50 delivered"
    assert len(independent.read(stack, topic, 50)) == 50
