"""The doctor's runner: what waits, what is skipped and why, and that nothing takes for ever."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from freezer_events.doctor import Check, Verdict, exit_code
from freezer_events.doctor.verdicts import Step, run
from freezer_events.errors import AccessError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Callable


def good(name: str) -> Callable[[], Check]:
    return lambda: Check.ok(name, "fine")


def refused() -> Check:
    raise AccessError("write", "not allowed", "ask for it")


def hang() -> Check:
    threading.Event().wait(60)
    raise AssertionError


def test_what_waits_for_a_failure_is_skipped_and_names_it_while_the_rest_runs() -> None:
    steps = [
        Step("a", refused),
        Step("b", good("b"), ("a",)),
        Step("c", good("c"), ("b",)),
        Step("d", good("d")),
    ]
    checks = list(run(steps, 30))
    assert [check.verdict for check in checks] == ["fail", "skip", "skip", "ok"]
    assert [check.detail for check in checks[1:3]] == ["waits for a", "waits for a"]
    assert checks[0] == Check(
        "a", Verdict.FAIL, "write: not allowed", "ask for it", AccessError.exit_code, blocks=True
    )


def test_a_check_that_hangs_fails_in_its_time_and_holds_up_nothing_else() -> None:
    steps = [Step("a", hang, timeout_s=0.1, hint="look there"), Step("b", good("b"))]
    first, second = run(steps, 30)
    assert first.verdict == "fail"
    assert first.detail == "no answer within 0.1 s"
    assert first.fix == "look there"
    assert first.exit_code == UnreachableError.exit_code
    assert second.verdict == "ok"


def test_all_checks_together_are_bounded() -> None:
    steps = [Step("a", hang, timeout_s=50), Step("b", good("b"), ("a",)), Step("c", hang)]
    assert [check.verdict for check in run(steps, 0.2)] == ["fail", "skip", "fail"]


def test_after_the_last_second_nothing_is_begun() -> None:
    (check,) = run([Step("a", good("a"))], 0)
    assert check.verdict == "skip"
    assert "were over" in check.detail


def test_independent_checks_run_side_by_side() -> None:
    meet = threading.Barrier(2, timeout=30)

    def meeting() -> Check:
        meet.wait()
        return Check.ok("x", "met")

    assert [check.verdict for check in run([Step("a", meeting), Step("b", meeting)], 60)] == [
        "ok",
        "ok",
    ]


def test_a_failure_that_does_not_block_lets_the_next_run() -> None:
    open_failure = Check.failed("a", AccessError("", "drift"), blocks=False)
    checks = list(run([Step("a", lambda: open_failure), Step("b", good("b"), ("a",))], 30))
    assert [check.verdict for check in checks] == ["fail", "ok"]


def test_a_mistake_of_ours_is_no_verdict() -> None:
    def broken() -> Check:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        list(run([Step("a", broken)], 30))


def test_the_exit_code_is_that_of_the_first_failure_and_warnings_do_not_count() -> None:
    warned = Check.warn("a", "hm", "look")
    access, out = AccessError("", "no"), UnreachableError("", "gone")
    assert exit_code([warned, Check.skip("b", "waits")]) == 0
    assert exit_code([warned, Check.failed("b", out), Check.failed("c", access)]) == 6
    assert exit_code([Check.failed("c", access), Check.failed("b", out)]) == 4
