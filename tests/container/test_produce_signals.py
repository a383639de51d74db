"""How a run of `freezer produce` is ended from outside: signals, and output that nobody reads."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from tests.support import independent
from tests.support.broker_door import BrokerDoor
from tests.support.cli import Freezer, tally_of

if TYPE_CHECKING:
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


def test_a_signal_while_the_broker_hangs_waits_no_longer_than_the_timeout(
    freezer: Freezer, stack: Stack
) -> None:
    with BrokerDoor(stack.bootstrap) as door:
        run = freezer.having(BOOTSTRAP_SERVERS=door.address).within(15)
        with run.start(*ENDLESS, "--timeout", "2") as running:
            running.hear()
            door.freeze()
            running.signal(signal.SIGTERM)
            lines, _ = running.rest()
    assert running.code == 143
    tally_of(lines)


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
