"""What the local stack holds, so that nobody removes it without having been told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from freezer_events.console.words import counted
from freezer_events.errors import EventError
from freezer_infra.local import probe

if TYPE_CHECKING:
    from collections.abc import Sequence

    from freezer_infra.local.state import Stack

_NAMED = 3
_UNKNOWN = "whatever topics, schemas and logins its containers hold"


def held(stack: Stack | None) -> str:
    """Name topics and subjects; where the stack does not answer, say that nobody knows.

    Returns:
        a phrase, or "" where it is certain that there are none.

    """
    if stack is None:
        return _UNKNOWN
    try:
        topics, subjects = probe.topics(stack.plaintext()), probe.subjects(stack.registry_url)
    except EventError:
        return _UNKNOWN
    told = (_listed("topic", topics), _listed("subject", subjects))
    return " and ".join(each for each in told if each)


def _listed(noun: str, names: Sequence[str]) -> str:
    if not names:
        return ""
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{counted(len(names), noun)} ({', '.join(sorted(names)[:_NAMED])}{more})"
