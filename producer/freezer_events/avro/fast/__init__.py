"""The compiled encoder: the same bytes several times quicker, where it was built.

`make fast` builds `nodes.pyx` with Cython and a C compiler; without it only speed is missing.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from freezer_events.event import EventType

BUILT: Final = find_spec("freezer_events.avro.fast.nodes") is not None


def encoder(event_type: EventType, *, compiled: bool = True) -> Callable[[Any], bytes]:
    """Return the quickest function that does what `event_type.encode` does.

    Args:
        event_type: the event.
        compiled: False for the generated Python even where the compiled encoder was built.

    """
    if compiled and BUILT:
        from freezer_events.avro.fast import node_tree  # noqa: PLC0415 - it needs what may not be built

        return node_tree.encoder(event_type) or event_type.encode
    return event_type.encode
