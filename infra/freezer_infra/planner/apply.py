"""Carry out a plan: each step in turn, then everything read back and compared once more.

Where a step fails, what was done, what was not and that applying again is safe is said before the
error goes on. It is safe because each run plans anew from what is there.
"""

from __future__ import annotations

import hashlib
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from freezer_events.config.file_lock import WAIT_S, held
from freezer_events.errors import EventError, UnreachableError
from freezer_events.registry.registering import register
from freezer_infra.planner import plan as planner
from freezer_infra.planner.observed import Observed, observe
from freezer_infra.planner.schemas import RegisterSchema, SetLevel
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
)
from freezer_infra.planner.target import AlreadyThereError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from freezer_infra.planner.desired import Desired
    from freezer_infra.planner.observed import HeldKey
    from freezer_infra.planner.plan import Plan
    from freezer_infra.planner.schemas import SubjectStore
    from freezer_infra.planner.target import KeyFile, Say, Target, Topic

SHOWN_WITHIN_S: Final = 10.0
_POLL_S: Final = 0.5


@contextmanager
def only_apply(target: str, say: Say, wait_s: float = WAIT_S) -> Iterator[None]:
    """Be the only apply to the target of that name; wait for another to end, then refuse.

    Raises:
        UnreachableError: another apply still runs after `wait_s` seconds.

    """
    waiting = f"another apply to {target} is running; waiting up to {wait_s:g} s for it to end"
    refusal = UnreachableError(
        f"apply to {target}",
        f"another apply has been running for {wait_s:g} s; nothing was changed here",
        "wait until it has ended (it may be asking its user), then apply again",
    )
    mark = hashlib.sha256(target.encode()).hexdigest()[:16]
    with held(f"apply-{mark}", lambda: say(waiting), refusal, wait_s):
        yield


def apply(
    target: Target,
    plan: Plan,
    files: Mapping[str, KeyFile],
    say: Say,
    registry: SubjectStore | None = None,
) -> None:
    """Take the plan's steps in order.

    Args:
        target: where.
        plan: what; one without refusals.
        files: what gets the keys, by the name that the plan has for it.
        say: gets a line per step.
        registry: what gets the schemas; needed where the plan registers some.

    Raises:
        EventError: a step failed; the class says how.

    """
    if plan.refusals:
        raise refused(plan)
    for done, step in enumerate(plan.steps):
        try:
            outcome = _take(target, step, files, registry)
        except BaseException as error:
            _tell_half(plan.steps, done, error, say)
            raise
        say(f"done: {step.title}{outcome}")


def verify(
    target: Target,
    desired: Desired,
    keys: Sequence[HeldKey] = (),
    registry: SubjectStore | None = None,
    *,
    within_s: float = SHOWN_WITHIN_S,
) -> None:
    """Read everything back and compare it with what is declared.

    It is read more than once: a cluster's parts hear of a change one after the other, so what one
    has shown the next may not.

    Args:
        target: where.
        desired: what is declared.
        keys: the credentials as they should be found now.
        registry: where the schemas are; needed where some are declared.
        within_s: how long to read again what is not as declared.

    Raises:
        EventError: something is not as declared; names it.

    """
    deadline = time.monotonic() + within_s
    left = planner.make(desired, observe(target, desired, keys, registry))
    while left.is_drift and time.monotonic() < deadline:
        time.sleep(_POLL_S)
        left = planner.make(desired, observe(target, desired, keys, registry))
    if left.is_drift:
        found = [step.title for step in left.steps]
        found += [f"topic {refusal.topic} {refusal.why}" for refusal in left.refusals]
        raise EventError(
            f"read back what was applied to {target.name}",
            f"it is not as declared: {'; '.join(found)}",
            "freezer topics plan (somebody else may be changing it), then apply again",
        )


def refused(plan: Plan) -> EventError:
    """Make the error for a plan that must not be applied."""
    first, count = plan.refusals[0], len(plan.refusals)
    more = f" (and {count - 1} more, above)" if count > 1 else ""
    return EventError(
        "apply", f"nothing was changed: topic {first.topic} {first.why}{more}", first.fix
    )


def _take(
    target: Target, step: Step, files: Mapping[str, KeyFile], registry: SubjectStore | None
) -> str:
    """Take one step; give what is special about how it went."""
    match step:
        case CreateTopic(topic):
            return _create(target, topic)
        case ChangeConfigs(topic, changes):
            target.set_configs(topic, {key: new for key, (_, new) in changes.items()})
        case RaisePartitions(topic, _, new):
            target.raise_partitions(topic, new)
        case CreateAccount(account):
            target.create_account(account)
        case AllowRights(account, rights):
            target.allow(account, rights)
        case WriteKey(client, file):
            target.write_key(client, _needed(files, file))
        case ChangeKey(client, file, change):
            target.change_key(client, _needed(files, file), change)
        case DeleteKey(change):
            target.delete_key(change)
        case SetLevel() | RegisterSchema() if registry:
            return _register(registry, step)
    return ""


def _register(registry: SubjectStore, step: SetLevel | RegisterSchema) -> str:
    """Take a step in the registry; say what number the registry gave."""
    if isinstance(step, SetLevel):
        registry.set_level(step.subject, step.level)
        return ""
    made = register(registry, step.subject, step.text, step.made_of)
    told = "".join(f"; {line}" for line in made.lines(step.version))
    return f": version {made.itself.version}, schema id {made.itself.schema_id}{told}"


def _create(target: Target, topic: Topic) -> str:
    """Create a topic; one that somebody created since the plan was made must be the same."""
    try:
        target.create(topic)
    except AlreadyThereError as error:
        shape = target.topics().get(topic.name)
        if shape is None:  # it went again, or this user may not see it
            raise
        found = Observed({topic.name: shape}, {topic.name: target.configs(topic.name)})
        refusals = planner.refuse(topic, found, increase_partitions=False)
        differences = [refusal.why for refusal in refusals]
        if not differences:
            differences = [step.title for step in planner.topic_steps(topic, found)]
        if not differences:
            return ": somebody else did in the meantime, and it is as declared"
        raise EventError(
            f"create topic {topic.name!r}",
            f"somebody else did in the meantime, and differently: {'; '.join(differences)}",
            "freezer topics plan",
        ) from error
    return ""


def _needed(files: Mapping[str, KeyFile], name: str) -> KeyFile:
    if name not in files:
        raise EventError("write a key", "no file was named for it", "--write-env .env")
    return files[name]


def _tell_half(steps: tuple[Step, ...], done: int, error: BaseException, say: Say) -> None:
    """Say how far it came; a step that was cut off may or may not have been carried out."""
    refused = isinstance(error, EventError) and not isinstance(error, UnreachableError)
    say(f"{'failed' if refused else 'perhaps done'}: {steps[done].title}")
    for step in steps[done + 1 :]:
        say(f"not done: {step.title}")
    say(f"{done} of {len(steps)} steps are done; it is safe to apply again: that does the rest")
