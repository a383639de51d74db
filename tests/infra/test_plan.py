"""The planner: what is wanted against what is there, and the plan as it is shown."""

from __future__ import annotations

import json
from dataclasses import replace
from math import lcm

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freezer_infra.planner import show
from freezer_infra.planner.desired import Access, Desired
from freezer_infra.planner.observed import HeldKey, Observed
from freezer_infra.planner.plan import Plan, Refusal, make
from freezer_infra.planner.steps import (
    AllowRights,
    ChangeConfigs,
    ChangeKey,
    CreateAccount,
    CreateTopic,
    DeleteKey,
    RaisePartitions,
    WriteKey,
    moving,
)
from freezer_infra.planner.target import Client, KeyChange, Right, Shape, Topic, Value

ALL = frozenset({"TOPIC", "GROUP", "SUBJECT"})
CLIENT = Client("p", "t", None)
NEW, OLD = KeyChange("write", "lkc-1"), KeyChange("delete", "lkc-1", "K")

configs = st.dictionaries(st.sampled_from(["a.ms", "b.bytes", "c"]), st.sampled_from(["1", "2"]))
topics = st.builds(
    Topic,
    st.just("t"),
    st.integers(1, 9),
    configs,
    st.none() | st.integers(1, 3),
)


def there(topic: Topic, **read_only: str) -> Observed:
    values = {key: Value(value) for key, value in topic.configs.items()}
    values |= {key: Value(value, read_only=True) for key, value in read_only.items()}
    shape = Shape(topic.partitions, topic.replication or 3)
    return Observed({topic.name: shape}, {topic.name: values}, brokers=3)


def one(topic: Topic) -> Desired:
    return Desired((topic,))


@given(topics)
def test_what_is_as_declared_needs_nothing(topic: Topic) -> None:
    plan = make(one(topic), there(topic))
    assert not plan.is_drift
    assert plan.same == ("t",)


@given(topics, topics)
def test_a_plan_brings_about_what_is_declared_or_refuses(wanted: Topic, found: Topic) -> None:
    plan = make(one(wanted), there(found), increase_partitions=True)
    if plan.refusals:
        assert plan.steps == ()
        return
    partitions, now = found.partitions, dict(found.configs)
    for step in plan.steps:
        if isinstance(step, RaisePartitions):
            assert step.old == partitions
            partitions = step.new
        elif isinstance(step, ChangeConfigs):
            assert {key: old for key, (old, _) in step.changes.items()}.items() <= now.items()
            now |= {key: new for key, (_, new) in step.changes.items()}
    assert partitions == wanted.partitions
    assert dict(wanted.configs).items() <= now.items()


def test_a_topic_that_is_missing_is_created() -> None:
    topic = Topic("t", 3, {"retention.ms": "1"})
    fresh = Observed({}, config_names=frozenset(topic.configs))
    assert make(one(topic), fresh).steps == (CreateTopic(topic),)


def test_configs_nobody_declared_are_not_compared() -> None:
    found = there(Topic("t", 3, {"retention.ms": "1", "cleanup.policy": "compact"}))
    assert not make(one(Topic("t", 3, {"retention.ms": "1"})), found).is_drift


def test_topics_nobody_declared_are_listed() -> None:
    plan = make(Desired(()), Observed({"b": Shape(1, 1), "a": Shape(1, 1)}))
    assert plan.unmanaged == ("a", "b")
    assert not plan.is_drift


def test_fewer_partitions_are_refused_whatever_is_allowed() -> None:
    plan = make(one(Topic("t", 2)), there(Topic("t", 3)), increase_partitions=True)
    (refusal,) = plan.refusals
    assert "has 3 partitions, 2 are declared" in refusal.why
    assert plan.steps == ()


def test_more_partitions_are_refused_until_allowed_and_say_what_moves() -> None:
    wanted, found = one(Topic("t", 4)), there(Topic("t", 3))
    (refusal,) = make(wanted, found).refusals
    assert "hash % 3 to hash % 4 (about 3 of 4)" in refusal.why
    assert "--allow-partition-increase" in refusal.fix
    assert make(wanted, found, increase_partitions=True).steps == (RaisePartitions("t", 3, 4),)


def test_a_target_that_cannot_add_partitions_refuses_them_whatever_is_allowed() -> None:
    found = replace(there(Topic("t", 3)), adds_partitions=False)
    (refusal,) = make(one(Topic("t", 4)), found, increase_partitions=True).refusals
    assert "hash % 3 to hash % 4" in refusal.fix
    assert "--topic t --partitions 4" in refusal.fix


@given(st.integers(1, 12), st.integers(1, 12))
def test_the_share_of_keys_that_move_is_counted_right(old: int, more: int) -> None:
    new = old + more
    hashes = range(lcm(old, new))
    moved = sum(h % old != h % new for h in hashes)
    numerator, denominator = moving(old, new).split("about ")[1].split(")")[0].split(" of ")
    assert int(numerator) * len(hashes) == moved * int(denominator)


def test_a_read_only_config_is_refused_only_if_it_would_change() -> None:
    found = there(Topic("t", 3), size="1")
    assert not make(one(Topic("t", 3, {"size": "1"})), found).is_drift
    (refusal,) = make(one(Topic("t", 3, {"size": "2"})), found).refusals
    assert "size is read-only" in refusal.why


def test_copies_cannot_be_changed_nor_exceed_the_brokers() -> None:
    (refusal,) = make(one(Topic("t", 3, {}, 2)), there(Topic("t", 3, {}, 3))).refusals
    assert "has 3 copies of each partition, 2 are declared" in refusal.why
    (refusal,) = make(one(Topic("t", 3, {}, 4)), Observed({}, brokers=3)).refusals
    assert "4 copies of each partition do not fit on 3 broker(s)" in refusal.why


def test_the_local_stack_gets_as_many_copies_as_it_has_brokers() -> None:
    topic = Topic("t", 3, {"min.insync.replicas": "2"}, 3)
    plan = make(one(topic), Observed({}, brokers=1, is_local=True))
    assert plan.steps == (CreateTopic(Topic("t", 3, {"min.insync.replicas": "1"}, 1)),)
    assert "no more copies" in plan.notes[0]


def test_a_declared_replication_is_kept_where_the_brokers_are_not_counted() -> None:
    topic = Topic("t", 1, replication=2)
    assert make(one(topic), Observed({})).steps == (CreateTopic(topic),)
    (refusal,) = make(one(topic), Observed({"t": Shape(1, 1)})).refusals
    assert refusal.why == "has 1 copies of each partition, 2 are declared"


def test_a_config_that_no_topic_has_is_refused_before_the_topic_is_made() -> None:
    new = Topic("new", 1, {"retention.ms": "1", "retention.mss": "1"})
    there_is_one = Observed({}, config_names=frozenset({"retention.ms"}))
    for observed in (there_is_one, Observed({}, config_names=None)):
        (refusal,) = make(one(new), observed).refusals
        assert "no " in refusal.why
        assert refusal.why.endswith("config retention.mss")


def test_what_cannot_be_passed_on_is_refused_before_the_first_change() -> None:
    observed = Observed({}, objections={"b": ("x: cannot be passed",)})
    plan = make(Desired((Topic("a", 1), Topic("b", 1))), observed)
    assert [(refusal.topic, refusal.why) for refusal in plan.refusals] == [
        ("b", "x: cannot be passed")
    ]


def test_a_key_that_is_left_over_is_deleted_by_the_next_plan() -> None:
    plan = make(Desired(()), Observed({}, leftovers=(OLD,), key_notes=("look",)))
    assert plan.steps == (DeleteKey(OLD),)
    assert plan.is_drift
    assert plan.notes == ("look",)
    assert "  ~ delete the old key K of lkc-1\n" in show.text(plan, "x")


def test_a_cluster_that_chooses_its_copies_is_not_told() -> None:
    plan = make(one(Topic("t", 3, {}, 2)), Observed({"t": Shape(3, 3)}, chooses_replication=True))
    assert not plan.is_drift
    assert "chooses the replication itself" in plan.notes[0]


def test_one_refusal_leaves_the_other_steps_in_view() -> None:
    both = Desired((Topic("t", 2), Topic("u", 1)))
    plan = make(both, there(Topic("t", 3)))
    assert plan.steps == (CreateTopic(Topic("u", 1)),)
    assert [refusal.topic for refusal in plan.refusals] == ["t"]


def test_only_the_rights_that_are_missing_are_granted() -> None:
    write, describe = Right("WRITE", "TOPIC", "t"), Right("DESCRIBE", "TOPIC", "t")
    desired = Desired((), (Access("p", "produce", "t"),))
    fresh = make(desired, Observed({}, resource_types=ALL))
    assert fresh.steps == (CreateAccount("p"), AllowRights("p", frozenset({write, describe})))
    half = Observed({}, rights={"p": frozenset({write})}, resource_types=ALL)
    assert make(desired, half).steps == (AllowRights("p", frozenset({describe})),)


def test_rights_a_target_does_not_know_are_left_out() -> None:
    desired = Desired((), (Access("p", "produce", "t", subject="t-value"),))
    plan = make(desired, Observed({}, resource_types=frozenset({"TOPIC"})))
    (granted,) = (step for step in plan.steps if isinstance(step, AllowRights))
    assert {right.resource_type for right in granted.rights} == {"TOPIC"}
    assert make(desired, Observed({})).steps == ()


@pytest.mark.parametrize(
    ("held", "rotate", "steps"),
    [
        (True, False, ()),
        (False, False, (WriteKey(CLIENT, ".env"),)),
        (True, True, (ChangeKey(CLIENT, ".env", NEW), DeleteKey(OLD))),
        (False, True, (WriteKey(CLIENT, ".env"),)),
    ],
)
def test_a_key_is_made_once(held: bool, rotate: bool, steps: tuple[object, ...]) -> None:  # noqa: FBT001 - the cases of a table
    key = HeldKey(CLIENT, ".env", held=held, rotation=(NEW, OLD) if rotate else ())
    assert make(Desired(()), Observed({}, keys=(key,))).steps == steps


EVERYTHING = Plan(
    steps=(
        CreateTopic(Topic("freezer-temperatura", 3, {"retention.ms": "604800000"})),
        ChangeConfigs("doors", {"retention.ms": ("3600000", "-1")}),
        RaisePartitions("doors", 3, 6),
        CreateAccount("freezer-producer"),
        AllowRights(
            "freezer-producer",
            frozenset({Right("WRITE", "TOPIC", "doors"), Right("DESCRIBE", "TOPIC", "doors")}),
        ),
        WriteKey(CLIENT, ".env"),
    ),
    refusals=(Refusal("alarms", "has 3 partitions, 2 are declared, and " + "so " * 30, "declare"),),
    unmanaged=("a" * 30, "b" * 30, "c" * 30),
    same=("other",),
)


def test_a_plan_reads_like_this() -> None:
    assert show.text(EVERYTHING, "localhost:9092").startswith("""\
Plan for localhost:9092:

  + create topic freezer-temperatura
      partitions    3
      retention.ms  604800000 (7 days)

  ~ change topic doors
      retention.ms  3600000 (1 hour) -> -1

  ~ change topic doors
      partitions  3 -> 6
      ! keys will move from partition hash % 3 to hash % 6 (about 1 of 2), and
        their order is lost across the move

  + create service account freezer-producer

  + allow freezer-producer
      describe, write topic doors

  + write the key of p to .env

  ! refused: topic alarms
      has 3 partitions, 2 are declared, and so so""")
    assert show.text(EVERYTHING, "x").endswith(
        "\n\n4 to create, 2 to change; 1 refused, so nothing will be changed."
    )


@pytest.mark.parametrize("width", [80, 100])
def test_a_plan_fits_the_columns_there_are(width: int) -> None:
    lines = show.text(EVERYTHING, "localhost:9092", width).splitlines()
    assert width - 20 < max(map(len, lines)) <= width


def test_the_json_says_the_same() -> None:
    told = json.loads(show.as_json(EVERYTHING, "localhost:9092"))
    assert told["drift"] is True
    assert [step["kind"] for step in told["steps"]] == [
        "create_topic",
        "change_configs",
        "raise_partitions",
        "create_account",
        "allow",
        "write_key",
    ]
    assert told["steps"][1]["configs"] == {"retention.ms": {"from": "3600000", "to": "-1"}}
    assert told["refused"][0]["topic"] == "alarms"
    assert told["unmanaged"] == list(EVERYTHING.unmanaged)
