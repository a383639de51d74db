"""Walk the tree of an expression."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from freezer_events.avro.expression.tree import Node


def parts(node: Node) -> Iterator[Node]:
    """Yield a node and all that is in it."""
    yield node
    for each in fields(node):
        yield from _inside(getattr(node, each.name))


def _inside(value: Any) -> Iterator[Node]:
    if isinstance(value, tuple):
        for each in value:
            yield from _inside(each)
    elif is_dataclass(value):
        yield from parts(value)  # type: ignore[arg-type]  # nodes hold nothing else
