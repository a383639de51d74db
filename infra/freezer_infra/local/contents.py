"""What the local stack holds, so that nobody removes it without having been told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from freezer_events.errors import EventError
from freezer_infra.local import probe

if TYPE_CHECKING:
    from collections.abc import Sequence

    from freezer_infra.local.state import Stack

_NAMED = 3


def held(stack: Stack | None) -> str:
    """Name topics and subjects; where the stack does not answer, say that nobody knows.

    Returns:
        a phrase, or "" where it is certain that there are none.

    """
    if stack is None:
        return "whatever topics, schemas and logins its containers hold"
    try:
        topics, subjects = probe.topics(stack.plaintext()), probe.subjects(stack.registry_url)
    except EventError:
        return "whatever topics, schemas and logins its containers hold"
    told = (_listed("topic", topics), _listed("subject", subjects))
    return " and ".join(each for each in told if each)


def _listed(noun: str, names: Sequence[str]) -> str:
    if not names:
        return ""
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    plural = "" if len(names) == 1 else "s"
    return f"{len(names)} {noun}{plural} ({', '.join(sorted(names)[:_NAMED])}{more})"
