"""Compare what is wanted with what is there. Pure: values in, a plan out, nothing is changed.

Only what is declared is compared: other topics, other configs and other rights are nobody's
business here. What cannot or must not be done becomes a refusal, and a plan with a refusal is not
applied at all, so nothing is half done.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from freezer_infra.planner import schemas
from freezer_infra.planner.config_names import is_known
from freezer_infra.planner.steps import (
    AllowRights,
    ChangeConfigs,
    ChangeKey,
    CreateAccount,
    CreateTopic,
    DeleteKey,
    RaisePartitions,
    Step,
    WriteKey,
    is_change,
    moving,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from freezer_infra.planner.desired import Desired
    from freezer_infra.planner.observed import HeldKey, Observed
    from freezer_infra.planner.target import Shape, Topic

_MIN_ISR = "min.insync.replicas"
_BREAK = "see what differs: freezer schema register --dry-run"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a topic cannot be made as declared, and what to do about it."""

    topic: str
    why: str
    fix: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do, in this order; what must not be done; what else was seen.

    Attributes:
        steps: the changes.
        refusals: why nothing will be applied; empty for a plan that can be.
        notes: where the target cannot follow the declaration, and nobody minds.
        unmanaged: topics that are there and not declared; they are left alone.
        same: declared topics that are as declared.

    """

    steps: tuple[Step, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    notes: tuple[str, ...] = ()
    unmanaged: tuple[str, ...] = ()
    same: tuple[str, ...] = ()

    @property
    def is_drift(self) -> bool:
        """Tell whether what is there differs from what is declared."""
        return bool(self.steps or self.refusals)

    @property
    def only_creates(self) -> bool:
        """Tell whether nothing that is there would change."""
        return not any(is_change(step) for step in self.steps)


def make(desired: Desired, observed: Observed, *, increase_partitions: bool = False) -> Plan:
    """Compare and plan.

    Args:
        desired: what is declared.
        observed: what is there.
        increase_partitions: whether a topic may get more partitions, which moves keys.

    """
    steps: list[Step] = []
    refusals: list[Refusal] = []
    notes = list(desired.notes)
    same: list[str] = []
    for declared in desired.topics:
        topic, adapted = fit(declared, observed)
        refused = list(refuse(topic, observed, increase_partitions=increase_partitions))
        needed = [] if refused else list(topic_steps(topic, observed))
        notes += adapted
        refusals += refused
        steps += needed
        if not refused and not needed:
            same.append(topic.name)
    for subject in desired.subjects:
        there = observed.subjects[subject.name]
        objections = [
            Refusal(subject.topic, why, _BREAK) for why in schemas.objections(subject, there)
        ]
        refusals += objections
        steps += [] if objections else schemas.steps(subject, there)
        notes += schemas.notes(subject, there)
    steps += _access_steps(desired, observed)
    if desired.access and not observed.resource_types:
        notes.append("access is left as it is: this cluster's users are managed elsewhere")
    steps += [DeleteKey(change) for change in observed.leftovers]
    notes += observed.key_notes
    steps += [step for key in observed.keys for step in _key_steps(key)]
    managed = {topic.name for topic in desired.topics}
    unmanaged = sorted(set(observed.topics) - managed)
    return Plan(tuple(steps), tuple(refusals), tuple(notes), tuple(unmanaged), tuple(same))


def fit(topic: Topic, observed: Observed) -> tuple[Topic, list[str]]:
    """Leave out what the target cannot follow: copies on a small local broker, or in the cloud."""
    if observed.chooses_replication:
        if topic.replication is None:
            return topic, []
        note = f"{topic.name}: this cluster chooses the replication itself"
        return replace(topic, replication=None), [note]
    if not observed.is_local or observed.brokers is None:
        return topic, []
    fitted = replace(topic, replication=_at_most(observed.brokers, topic.replication))
    isr = topic.configs.get(_MIN_ISR, "")
    if isr.isdecimal() and int(isr) > observed.brokers:
        fitted = replace(fitted, configs={**topic.configs, _MIN_ISR: str(observed.brokers)})
    if fitted == topic:
        return topic, []
    note = f"{topic.name}: brokers here: {observed.brokers}, so no more copies than that"
    return fitted, [note]


def _at_most(limit: int, count: int | None) -> int | None:
    return None if count is None else min(limit, count)


def refuse(topic: Topic, observed: Observed, *, increase_partitions: bool) -> Iterator[Refusal]:
    """Give every reason why this topic cannot be brought to what is declared."""
    yield from _refuse_copies(topic, observed)
    for why in observed.objections.get(topic.name, ()):
        yield Refusal(topic.name, why, "declare a value without them, or set it by hand")
    found = observed.topics.get(topic.name)
    if found is None:
        yield from _refuse_names(topic, observed.config_names)
        return
    if topic.partitions > found.partitions and not observed.adds_partitions:
        yield _cannot_add(topic, found)
    else:
        yield from _refuse_partitions(topic, found, increase_partitions=increase_partitions)
    if topic.replication is not None and topic.replication != found.replication:
        why = f"has {found.replication} copies of each partition, {topic.replication} are declared"
        yield Refusal(topic.name, why, "declare what it has: copies are moved by its operator")
    configs = observed.configs.get(topic.name, {})
    for key, value in topic.configs.items():
        if key not in configs:
            yield Refusal(topic.name, f"this cluster has no config {key}", "correct its name")
        elif configs[key].read_only and configs[key].value != value:
            why = f"{key} is read-only here: it is {configs[key].value}, {value} is declared"
            yield Refusal(topic.name, why, "declare the value that it has, or nothing")


def _refuse_names(topic: Topic, known: frozenset[str] | None) -> Iterator[Refusal]:
    """Refuse what no topic here could have; on a cluster without topics, what no Kafka has."""
    for name in topic.configs:
        if known is None and not is_known(name):
            why = f"Kafka has no topic config {name}"
            yield Refusal(topic.name, why, "correct its name")
        elif known is not None and name not in known:
            yield Refusal(topic.name, f"this cluster has no config {name}", "correct its name")


def _refuse_copies(topic: Topic, observed: Observed) -> Iterator[Refusal]:
    wanted = topic.replication
    if observed.brokers is not None and wanted is not None and wanted > observed.brokers:
        why = f"{wanted} copies of each partition do not fit on {observed.brokers} broker(s)"
        yield Refusal(topic.name, why, f"declare replication = {observed.brokers} or less")


def _cannot_add(topic: Topic, found: Shape) -> Refusal:
    why = f"{_counts(topic, found)}, and the Confluent CLI cannot add any on Confluent Platform"
    how = f"kafka-topics --bootstrap-server … --alter --topic {topic.name} --partitions"
    moved = moving(found.partitions, topic.partitions)
    return Refusal(topic.name, why, f"if no reader minds that {moved}: {how} {topic.partitions}")


def _counts(topic: Topic, found: Shape) -> str:
    return f"has {found.partitions} partitions, {topic.partitions} are declared"


def _refuse_partitions(
    topic: Topic, found: Shape, *, increase_partitions: bool
) -> Iterator[Refusal]:
    counts = _counts(topic, found)
    if topic.partitions < found.partitions:
        why = f"{counts}, and Kafka cannot take partitions away"
        yield Refusal(topic.name, why, f"declare {found.partitions}, or use another topic")
    elif topic.partitions > found.partitions and not increase_partitions:
        why = f"{counts}; {moving(found.partitions, topic.partitions)}"
        yield Refusal(topic.name, why, "if no reader relies on it: --allow-partition-increase")


def topic_steps(topic: Topic, observed: Observed) -> Iterator[Step]:
    """Give what it takes to bring a topic to what is declared."""
    found = observed.topics.get(topic.name)
    if found is None:
        yield CreateTopic(topic)
        return
    if topic.partitions > found.partitions:
        yield RaisePartitions(topic.name, found.partitions, topic.partitions)
    configs = observed.configs[topic.name] if topic.configs else {}
    changes = {
        key: (configs[key].value, value)
        for key, value in topic.configs.items()
        if configs[key].value != value
    }
    if changes:
        yield ChangeConfigs(topic.name, changes)


def _access_steps(desired: Desired, observed: Observed) -> Iterator[Step]:
    for account, wanted in desired.rights().items():
        known = frozenset(r for r in wanted if r.resource_type in observed.resource_types)
        if not known:
            continue
        has = observed.rights.get(account)
        if has is None:
            yield CreateAccount(account)
        if missing := known - (has or frozenset()):
            yield AllowRights(account, missing)


def _key_steps(key: HeldKey) -> Iterator[Step]:
    if not key.held:
        yield WriteKey(key.client, key.file)
        return
    for change in key.rotation:
        if change.act == "delete":
            yield DeleteKey(change)
        else:
            yield ChangeKey(key.client, key.file, change)
