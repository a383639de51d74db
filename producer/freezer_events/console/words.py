"""Numbers with their nouns, as sentences need them: "1 event", "2,000 readings"."""

from __future__ import annotations

import re
from typing import Final

# Ends of event names that tell what happened, or that have no plural: those are counted as events.
_NO_NOUNS: Final = frozenset(
    {"begun", "built", "data", "done", "info", "lost", "made", "paid", "sent", "sold", "status"}
)


def counted(number: int, noun: str) -> str:
    """Return "1 event", "2 events", "0 events"; thousands are separated by commas."""
    return f"{number:,} {noun if number == 1 else plural(noun)}"


def plural(noun: str) -> str:
    """Return the regular plural of an English noun."""
    if re.search(r"(s|x|z|ch|sh)$", noun):
        return f"{noun}es"
    return re.sub(r"([^aeiou])y$", r"\1ie", noun) + "s"


def noun_of(event: str) -> str:
    """Return what events of this name are called: "reading" for freezer-reading, else "event".

    The last word of the name is taken where it is a noun: an `order` is an order, and what
    `order-placed` tells is an event.
    """
    last = event.rpartition("-")[2]
    is_noun = last.isalpha() and last not in _NO_NOUNS and not last.endswith("ed")
    return last if is_noun else "event"
