"""How far a run has come: what is said, and when."""

from __future__ import annotations

import os
import pty
import select
import subprocess
from typing import TYPE_CHECKING

import pytest

from freezer_events.cli.progress import Progress, progress_text
from freezer_events.send.tally import Tally
from tests.support.cli import FREEZER, Freezer

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("delivered", "elapsed_s", "share", "text"),
    [
        (12_345, 10.0, 0.25, "25 %, 12,345 delivered, 1,234 a second, 30 s left"),
        (2, 20.0, None, "2 delivered, 0.1 a second"),
        (1_000_000, 100.0, 1.0, "100 %, 1,000,000 delivered, 10,000 a second"),
        (60, 60.0, 0.01, "1 %, 60 delivered, 1 a second, 99 min left"),
        (0, 0.0, 0.0, "0 %, 0 delivered, 0 a second"),
    ],
)
def test_share_rate_and_time_left_are_said_as_far_as_they_are_known(
    delivered: int, elapsed_s: float, share: float | None, text: str
) -> None:
    assert progress_text(delivered, elapsed_s, share) == text


def test_without_a_terminal_a_line_is_said_every_half_minute_unless_quiet(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = [0.0]
    monkeypatch.setattr("freezer_events.cli.progress.time.monotonic", lambda: clock[-1])
    tally = Tally(read=5000, accepted=5000)
    tally.partitions[0] = 4000
    for quiet in (False, True):
        clock.append(0.0)
        say = Progress("freezer-reading", 1000, lambda: 0.5, quiet=quiet)
        for at_s in (1.0, 29.0, 31.0, 45.0, 62.0):
            clock.append(at_s)
            say(tally)
        say.done()
    lines = capsys.readouterr().err.splitlines()
    assert lines == [
        "more than 1,000 readings: no further lines (--lines prints all)",
        "50 %, 4,000 delivered, 129 a second, 31 s left",
        "50 %, 4,000 delivered, 65 a second, 62 s left",
    ]


def test_on_a_terminal_a_line_changes_while_a_paced_run_goes_on(tmp_path: Path) -> None:
    freezer = Freezer(tmp_path)
    script = (
        "from freezer_events.cli.progress import Progress\n"
        "from freezer_events.console.streams import guarded\n"
        "from freezer_events.send.tally import Tally\n"
        "with guarded():\n"
        "    say = Progress('freezer-reading', 0)\n"
        "    say._said_at -= 1\n"
        "    say(Tally(read=1))\n"
        "    say.done()\n"
    )
    mine, its = pty.openpty()
    done = subprocess.run(
        [FREEZER.replace("bin/freezer", "bin/python"), "-c", script],
        env=freezer.environment,
        stderr=its,
        timeout=60,
        check=True,
    )
    assert done.returncode == 0
    os.close(its)
    assert select.select([mine], [], [], 5)[0]
    assert os.read(mine, 1000).decode().startswith("\r0 delivered, 0 a second")
    os.close(mine)
