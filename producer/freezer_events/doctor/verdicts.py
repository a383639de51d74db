"""Checks as values, and the runner: side by side where they can, each in its own time.

A check is a function that returns a `Check` or raises one of our errors, which becomes a failure
with that error's exit code. What it waits for is a list of names; nothing here knows Kafka.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from enum import StrEnum
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Self

from freezer_events.errors import EventError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence


class Verdict(StrEnum):
    """What a check found."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class Check:
    """One precondition and its verdict.

    Attributes:
        name: which precondition ("topic").
        verdict: what was found.
        detail: what was seen, or why there is no verdict.
        fix: what to do next; empty where nothing is to be done.
        exit_code: that of the error behind a failure, otherwise 0.
        blocks: whether what waits for this check cannot run.

    """

    name: str
    verdict: Verdict
    detail: str
    fix: str = ""
    exit_code: int = 0
    blocks: bool = False

    @classmethod
    def ok(cls, name: str, detail: str) -> Self:
        """Make a check that found all in order."""
        return cls(name, Verdict.OK, detail)

    @classmethod
    def warn(cls, name: str, detail: str, fix: str) -> Self:
        """Make a check that found something which stops no delivery."""
        return cls(name, Verdict.WARN, detail, fix)

    @classmethod
    def skip(cls, name: str, detail: str, *, blocks: bool = False) -> Self:
        """Make a check that did not run."""
        return cls(name, Verdict.SKIP, detail, blocks=blocks)

    @classmethod
    def failed(cls, name: str, error: EventError, *, blocks: bool = True) -> Self:
        """Make a failure of an error."""
        detail = f"{error.doing}: {error.why}" if error.doing else error.why
        return cls(name, Verdict.FAIL, detail, error.fix, error.exit_code, blocks)


@dataclass(frozen=True, slots=True)
class Step:
    """A check to be run.

    Attributes:
        name: the check's name.
        run: returns the check, or raises EventError.
        needs: names of earlier steps; it is skipped where one of them blocks.
        timeout_s: how long it may take.
        hint: what to look at where it takes longer.

    """

    name: str
    run: Callable[[], Check]
    needs: tuple[str, ...] = ()
    timeout_s: float = 5.0
    hint: str = "try again"


def run(steps: Sequence[Step], within_s: float) -> Iterator[Check]:
    """Run the steps, and yield their checks in the given order, each once it is known.

    A step that waits for others comes after them in `steps`. A check that hangs is left behind in
    its thread, which does not keep the process alive.
    """
    runner = _Runner(steps, time.monotonic() + within_s, within_s)
    for step in steps:
        yield runner.check(step.name)


@dataclass
class _Runner:
    steps: Sequence[Step]
    end: float
    within_s: float
    done: dict[str, Check] = field(default_factory=dict)
    running: dict[str, float] = field(default_factory=dict)  # name to when its time is up
    answers: SimpleQueue[tuple[str, Check | Exception]] = field(default_factory=SimpleQueue)

    def check(self, name: str) -> Check:
        while name not in self.done:
            self._start_ready()
            if name not in self.done:
                self._hear()
        return self.done[name]

    def _start_ready(self) -> None:
        for step in self.steps:
            if step.name in self.done or step.name in self.running:
                continue
            blocker = next((n for n in step.needs if n in self.done and self.done[n].blocks), None)
            if blocker is not None:
                self.done[step.name] = _waits(step.name, self.done[blocker])
            elif all(need in self.done for need in step.needs):
                self._start(step)

    def _start(self, step: Step) -> None:
        now = time.monotonic()
        if now >= self.end:
            why = f"the {self.within_s:g} s for all checks were over"
            self.done[step.name] = Check.skip(step.name, why, blocks=True)
            return
        self.running[step.name] = min(now + step.timeout_s, self.end)
        threading.Thread(target=self._answer, args=(step,), daemon=True).start()

    def _answer(self, step: Step) -> None:
        try:
            answer: Check | Exception = step.run()
        except EventError as error:
            answer = Check.failed(step.name, error)
        except Exception as error:  # noqa: BLE001 - raised again where the caller waits
            answer = error
        self.answers.put((step.name, answer))

    def _hear(self) -> None:
        try:
            left_s = min(self.running.values()) - time.monotonic()
            name, answer = self.answers.get(timeout=max(left_s, 0))
        except Empty:
            self._give_up()
            return
        if self.running.pop(name, None) is None:
            return  # it was given up already
        if isinstance(answer, Exception):
            raise answer
        self.done[name] = answer

    def _give_up(self) -> None:
        now = time.monotonic()
        for step in self.steps:
            if self.running.get(step.name, now + 1) <= now:
                del self.running[step.name]
                after_s = min(step.timeout_s, self.within_s)
                error = UnreachableError("", f"no answer within {after_s:g} s", step.hint)
                self.done[step.name] = Check.failed(step.name, error)


def _waits(name: str, blocker: Check) -> Check:
    """Name the check that failed, not one that was skipped because of it."""
    if blocker.verdict is Verdict.SKIP:
        return Check.skip(name, blocker.detail, blocks=True)
    return Check.skip(name, f"waits for {blocker.name}", blocks=True)
