"""Applying a plan: in order, told step by step, and what is said when it fails half-way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from freezer_events.errors import EventError, UnreachableError
from freezer_infra.keys.env_file import EnvFile
from freezer_infra.planner.apply import apply, only_apply, verify
from freezer_infra.planner.desired import Access, Desired
from freezer_infra.planner.observed import find_key, observe
from freezer_infra.planner.plan import make
from freezer_infra.planner.steps import CreateTopic
from freezer_infra.planner.target import Shape, Topic
from tests.infra.memory_target import MemoryTarget
from tests.infra.target_suite import AccessSuite, TopicSuite, plan_for

if TYPE_CHECKING:
    from pathlib import Path

DESIRED = Desired((Topic("a", 3), Topic("b", 1)), (Access("p", "produce", "a"),))


class TestMemory(TopicSuite, AccessSuite):
    """The target in memory keeps the contract that the tests below build on."""

    @pytest.fixture
    def target(self) -> MemoryTarget:
        return MemoryTarget()

    @pytest.fixture
    def name(self) -> str:
        return "topic"

    @pytest.fixture
    def account(self) -> str:
        return "account"


@pytest.fixture
def target() -> MemoryTarget:
    return MemoryTarget()


@pytest.fixture
def said() -> list[str]:
    return []


def test_a_failure_half_way_says_what_is_done_and_what_not(
    target: MemoryTarget, said: list[str]
) -> None:
    target.fail_at = 2
    with pytest.raises(UnreachableError, match="the network is gone"):
        apply(target, plan_for(target, DESIRED), {}, said.append)
    assert said == [
        "done: create topic a",
        "done: create topic b",
        "perhaps done: create service account p",
        "not done: allow p to describe, write topic a",
        "2 of 4 steps are done; it is safe to apply again: that does the rest",
    ]


def test_applying_again_after_a_failure_does_the_rest_and_nothing_twice(
    target: MemoryTarget, said: list[str]
) -> None:
    target.fail_at = 2
    with pytest.raises(UnreachableError):
        apply(target, plan_for(target, DESIRED), {}, said.append)
    target.fail_at = None
    apply(target, plan_for(target, DESIRED), {}, said.append)
    verify(target, DESIRED)
    assert target.changes == ["create a", "create b", "account p", "allow p"]


def test_being_stopped_half_way_is_told_as_well(target: MemoryTarget, said: list[str]) -> None:
    def stop(change: str) -> None:
        if change == "create b":
            raise KeyboardInterrupt

    target.before = stop
    with pytest.raises(KeyboardInterrupt):
        apply(target, plan_for(target, DESIRED), {}, said.append)
    assert said[:2] == ["done: create topic a", "perhaps done: create topic b"]


def test_a_plan_with_a_refusal_changes_nothing(target: MemoryTarget, said: list[str]) -> None:
    target.put(Topic("b", 5))
    plan = plan_for(target, DESIRED)
    assert CreateTopic(Topic("a", 3)) in plan.steps
    with pytest.raises(EventError, match="nothing was changed: topic b has 5 partitions"):
        apply(target, plan, {}, said.append)
    assert target.changes == []


def test_a_topic_somebody_created_just_now_as_declared_is_taken(
    target: MemoryTarget, said: list[str]
) -> None:
    plan = plan_for(target, DESIRED)
    target.put(Topic("a", 3))
    apply(target, plan, {}, said.append)
    assert "done: create topic a: somebody else did in the meantime" in said[0]
    verify(target, DESIRED)


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (Topic("a", 4), "has 4 partitions, 3 are declared"),
        (Topic("a", 2), "has 2 partitions, 3 are declared"),
        (Topic("a", 3, {"retention.ms": "5"}), "change retention.ms of topic a"),
    ],
)
def test_a_topic_somebody_created_just_now_otherwise_is_left(
    target: MemoryTarget, said: list[str], found: Topic, why: str
) -> None:
    desired = Desired((Topic("a", 3, {"retention.ms": "604800000"}),))
    plan = plan_for(target, desired)
    target.put(found)
    with pytest.raises(EventError, match=f"and differently: .*{why}"):
        apply(target, plan, {}, said.append)
    assert target.topics()["a"].partitions == found.partitions


def test_what_does_not_read_back_is_an_error(target: MemoryTarget, said: list[str]) -> None:
    apply(target, plan_for(target, DESIRED), {}, said.append)
    target.shapes["a"] = Shape(1, 1)
    with pytest.raises(EventError, match="not as declared: topic a has 1 partitions"):
        verify(target, DESIRED, within_s=0)


def test_a_key_is_written_once_and_replaced_when_asked(
    target: MemoryTarget, said: list[str], tmp_path: Path
) -> None:
    env_file, client = EnvFile(tmp_path / ".env"), DESIRED.client()

    def run(*, rotate: bool) -> None:
        key = find_key(target, client, env_file, rotate=rotate)
        apply(
            target,
            make(DESIRED, observe(target, DESIRED, [key])),
            {key.file: env_file},
            said.append,
        )

    run(rotate=False)
    run(rotate=False)
    assert env_file.read()["SASL_PASSWORD"] == "secret-1"
    run(rotate=True)
    assert env_file.read()["SASL_PASSWORD"] == "secret-2"
    assert "secret" not in "\n".join(said)


def test_a_second_apply_waits_then_refuses(said: list[str]) -> None:
    with (
        only_apply("one-target", said.append),
        pytest.raises(UnreachableError, match=r"another apply has been running for 0\.2 s"),
        only_apply("one-target", said.append, wait_s=0.2),
    ):
        pytest.fail("two at once")
    assert said == ["another apply to one-target is running; waiting up to 0.2 s for it to end"]
    with only_apply("one-target", said.append), only_apply("another-target", said.append):
        pass
