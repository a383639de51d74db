"""A plan as people read it, as wide as they like, and as machines do. Pure: a plan in, text out."""

from __future__ import annotations

import json
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from freezer_events.console.wrap import WIDTH, wrapped
from freezer_infra.planner.schemas import SetLevel
from freezer_infra.planner.steps import (
    AllowRights,
    ChangeConfigs,
    ChangeKey,
    CreateTopic,
    DeleteKey,
    RaisePartitions,
    Step,
    is_change,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from freezer_infra.planner.plan import Plan, Refusal

VERSION: Final = 1  # of the plan's JSON
_UNITS: Final = (("days", 86_400_000), ("hours", 3_600_000), ("minutes", 60_000), ("s", 1000))


def text(plan: Plan, target: str, width: int = WIDTH) -> str:
    """Write the plan for people, its last line a summary; ends without a line end.

    `width` is in columns.
    """
    blocks = [_head(plan, target)]
    blocks += [
        "\n".join(line for step in together for line in _step(step, width))
        for together in _together(plan.steps)
    ]
    blocks += ["\n".join(_refusal(refusal, width)) for refusal in plan.refusals]
    aside = [f"  = {name} is as declared" for name in plan.same]
    aside += [_wrapped(f"  i {note}", width) for note in plan.notes]
    if plan.unmanaged:
        aside.append(_wrapped(f"  . not declared, left alone: {', '.join(plan.unmanaged)}", width))
    blocks += ["\n".join(aside)] if aside else []
    return "\n\n".join([*blocks, summary(plan)])


def _together(steps: tuple[Step, ...]) -> Iterable[Iterable[Step]]:
    """Put the changes of one key together, and every other step by itself."""
    keys = {
        number: step.change.resource if isinstance(step, ChangeKey | DeleteKey) else ""
        for number, step in enumerate(steps)
    }
    numbered = groupby(enumerate(steps), key=lambda each: keys[each[0]] or each[0])
    return ([step for _, step in group] for _, group in numbered)


def _head(plan: Plan, target: str) -> str:
    return f"Plan for {target}:" if plan.is_drift else f"{target} compared with what is declared:"


def summary(plan: Plan) -> str:
    """Count what the plan holds, in one line."""
    if not plan.is_drift:
        return "Nothing to do: everything is as declared."
    moved = [step for step in plan.steps if is_change(step)]
    counts = ((len(plan.steps) - len(moved), "to create"), (len(moved), "to change"))
    told = ", ".join(f"{count} {what}" for count, what in counts if count)
    if not plan.refusals:
        return f"{told}."
    refused = f"{len(plan.refusals)} refused, so nothing will be changed."
    return f"{told}; {refused}" if told else refused


def _step(step: Step, width: int) -> Iterable[str]:
    mark = "~" if is_change(step) else "+"
    match step:
        case CreateTopic(topic):
            yield f"  {mark} {step.title}"
            rows = {"partitions": str(topic.partitions)}
            rows |= {"replication": str(topic.replication)} if topic.replication else {}
            rows |= {key: _value(key, value) for key, value in sorted(topic.configs.items())}
            yield from _rows(rows)
        case ChangeConfigs(topic, changes):
            yield f"  {mark} change topic {topic}"
            yield from _rows(
                {
                    key: f"{_value(key, old)} -> {_value(key, new)}"
                    for key, (old, new) in sorted(changes.items())
                }
            )
        case RaisePartitions(topic, old, new):
            yield f"  {mark} change topic {topic}"
            yield from _rows({"partitions": f"{old} -> {new}"})
            yield _wrapped(f"      ! {step.moving}", width)
        case SetLevel(subject, level, old):
            yield f"  {mark} {'change' if old else 'create'} subject {subject}"
            yield from _rows({"level": f"{old} -> {level}" if old else str(level)})
        case AllowRights(account):
            yield f"  {mark} allow {account}"
            yield from (f"      {thing}" for thing in step.things)
        case _:
            yield f"  {mark} {step.title}"


def _rows(rows: dict[str, str]) -> Iterable[str]:
    width = max(map(len, rows))
    return (f"      {key:<{width}}  {value}" for key, value in rows.items())


def _refusal(refusal: Refusal, width: int) -> Iterable[str]:
    yield f"  ! refused: topic {refusal.topic}"
    yield _wrapped(f"      {refusal.why}", width)
    yield _wrapped(f"      next: {refusal.fix}", width)


def _wrapped(line: str, width: int) -> str:
    indent = " " * (len(line) - len(line.lstrip()) + 2)
    return "\n".join(wrapped(line, rest=indent, width=width))


def _value(key: str, value: str) -> str:
    """Add what a number of milliseconds amounts to, where it is a round one."""
    if not key.endswith(".ms") or not value.isdecimal():
        return value or "(empty)"
    for unit, length in _UNITS:
        count, rest = divmod(int(value), length)
        if count and not rest:
            return f"{value} ({count} {unit if count > 1 or unit == 's' else unit[:-1]})"
    return value


def as_json(plan: Plan, target: str, stage: str = "") -> str:
    """Write the plan for machines, as one JSON object."""
    return json.dumps(as_dict(plan, target, stage), indent=2)


def as_dict(plan: Plan, target: str, stage: str = "") -> dict[str, Any]:
    """Give the plan as JSON values; their shape is described in docs/provision.md.

    `version` counts changes that a reader could stumble over; what is only added does not count.
    """
    return {
        "version": VERSION,
        "target": target,
        "stage": stage or None,
        "drift": plan.is_drift,
        "steps": [{"title": step.title, **step.fields()} for step in plan.steps],
        "refused": [{"topic": r.topic, "why": r.why, "fix": r.fix} for r in plan.refusals],
        "notes": list(plan.notes),
        "unmanaged": list(plan.unmanaged),
        "same": list(plan.same),
    }
