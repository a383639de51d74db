"""What every target keeps, as mixins: give fixtures `target`, `name` and `account`, inherit tests.

`name` is a topic that is not there, `account` a service account that is not there; whoever gives
them cleans up. `TopicSuite` is for every target, `AccessSuite` for those with users of their own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from freezer_infra.planner import plan as planner
from freezer_infra.planner.apply import apply, verify
from freezer_infra.planner.desired import Access, Desired
from freezer_infra.planner.observed import observe
from freezer_infra.planner.steps import (
    AllowRights,
    ChangeConfigs,
    CreateAccount,
    CreateTopic,
    RaisePartitions,
)
from freezer_infra.planner.target import SUBJECT, AlreadyThereError, Right, Topic

if TYPE_CHECKING:
    from freezer_infra.planner.plan import Plan
    from freezer_infra.planner.target import Target

RETENTION, POLICY = "retention.ms", "cleanup.policy"
NONE: frozenset[Right] = frozenset()


def plan_for(target: Target, desired: Desired, *, increase_partitions: bool = False) -> Plan:
    found = observe(target, desired)
    return planner.make(desired, found, increase_partitions=increase_partitions)


def bring_about(target: Target, desired: Desired, *, increase_partitions: bool = False) -> Plan:
    """Plan, apply, read back; give the plan that was applied."""
    made = plan_for(target, desired, increase_partitions=increase_partitions)
    lines: list[str] = []
    apply(target, made, {}, lines.append)
    assert lines == [f"done: {step.title}" for step in made.steps]
    verify(target, desired)
    return made


class TopicSuite:
    """Topics: created, compared, changed, left alone."""

    def test_a_topic_is_created_as_declared(self, target: Target, name: str) -> None:
        topic = Topic(name, 3, {RETENTION: "86400000", POLICY: "compact,delete"})
        made = bring_about(target, Desired((topic,)))
        assert [type(step) for step in made.steps] == [CreateTopic]
        assert target.topics()[name].partitions == 3
        configs = target.configs(name)
        assert configs[RETENTION].value == "86400000"
        assert configs[POLICY].value == "compact,delete"

    def test_a_second_plan_has_nothing_to_do(self, target: Target, name: str) -> None:
        desired = Desired((Topic(name, 2, {RETENTION: "86400000"}),))
        bring_about(target, desired)
        again = plan_for(target, desired)
        assert not again.is_drift
        assert again.same == (name,)

    def test_only_the_config_that_differs_is_changed(self, target: Target, name: str) -> None:
        before = {RETENTION: "86400000", POLICY: "compact"}
        bring_about(target, Desired((Topic(name, 1, before),)))
        made = bring_about(target, Desired((Topic(name, 1, {RETENTION: "7200000"}),)))
        assert made.steps == (ChangeConfigs(name, {RETENTION: ("86400000", "7200000")}),)
        assert target.configs(name)[POLICY].value == "compact"

    def test_partitions_are_raised_when_that_is_allowed(self, target: Target, name: str) -> None:
        bring_about(target, Desired((Topic(name, 2),)))
        more = Desired((Topic(name, 5),))
        assert plan_for(target, more).refusals
        made = bring_about(target, more, increase_partitions=True)
        assert made.steps == (RaisePartitions(name, 2, 5),)
        assert target.topics()[name].partitions == 5

    def test_a_topic_that_is_there_is_not_created_over(self, target: Target, name: str) -> None:
        target.create(Topic(name, 2))
        with pytest.raises(AlreadyThereError):
            target.create(Topic(name, 3))
        assert target.topics()[name].partitions == 2

    def test_a_topic_nobody_declared_is_listed_and_left(self, target: Target, name: str) -> None:
        target.create(Topic(name, 2))
        made = plan_for(target, Desired(()))
        assert name in made.unmanaged
        assert not made.is_drift

    def test_a_config_the_cluster_does_not_know_is_refused(self, target: Target, name: str) -> None:
        target.create(Topic(name, 1))
        made = plan_for(target, Desired((Topic(name, 1, {"no.such.config": "1"}),)))
        assert [refusal.topic for refusal in made.refusals] == [name]
        assert not made.steps


class AccessSuite:
    """Service accounts: made without rights, given exactly those that are declared."""

    def test_an_account_gets_the_declared_rights_and_no_more(
        self, target: Target, name: str, account: str
    ) -> None:
        desired = Desired(
            (Topic(name, 1),),
            (
                Access(account, "produce", name),
                Access(account, "consume", name, group=f"{name}-readers"),
            ),
        )
        made = bring_about(target, desired)
        assert [type(s) for s in made.steps] == [CreateTopic, CreateAccount, AllowRights]
        assert target.rights(account, NONE) == frozenset(
            {
                Right("WRITE", "TOPIC", name),
                Right("READ", "TOPIC", name),
                Right("DESCRIBE", "TOPIC", name),
                Right("READ", "GROUP", f"{name}-readers"),
            }
        )
        assert not plan_for(target, desired).is_drift

    def test_only_the_right_that_is_missing_is_granted(
        self, target: Target, name: str, account: str
    ) -> None:
        bring_about(target, Desired((Topic(name, 1),), (Access(account, "produce", name),)))
        more = Access(account, "consume", name, group=name)
        made = bring_about(target, Desired((Topic(name, 1),), (more,)))
        missing = {Right("READ", "TOPIC", name), Right("READ", "GROUP", name)}
        assert made.steps == (AllowRights(account, frozenset(missing)),)

    def test_rights_on_all_topics_that_begin_alike(
        self, target: Target, name: str, account: str
    ) -> None:
        access = Access(account, "produce", name, subject=f"{name}-value", prefix=name[:-1])
        desired = Desired((Topic(name, 1),), (access,))
        made = bring_about(target, desired)
        assert f"describe, write topic {name[:-1]}*" in made.steps[-1].title
        has = target.rights(account, access.rights()) or frozenset()
        assert Right("WRITE", "TOPIC", name[:-1], "PREFIXED") in has
        assert Right("WRITE", "TOPIC", name) not in has
        assert not plan_for(target, desired).is_drift

    def test_the_reader_of_a_subject_is_found_again(
        self, target: Target, name: str, account: str
    ) -> None:
        subject = f"{name}-value"
        access = Access(account, "produce", name, subject=subject)
        desired = Desired((Topic(name, 1),), (access,))
        bring_about(target, desired)
        assert not plan_for(target, desired).is_drift
        read = Right("READ", SUBJECT, subject)
        has = target.rights(account, frozenset({read})) or frozenset()
        assert (read in has) == (SUBJECT in target.resource_types)

    def test_there_are_no_rights_where_there_is_no_account(
        self, target: Target, account: str
    ) -> None:
        assert target.rights(account, NONE) is None
        target.create_account(account)
        target.create_account(account)
        assert target.rights(account, NONE) == frozenset()
