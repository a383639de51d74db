"""The compiled encoder: the same bytes several times quicker, where it was built.

An installation compiles `nodes.pyx` where there is a C compiler; without one only speed is missing.
"""

from __future__ import annotations

import zlib
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from freezer_events.event import EventType


def encoder(event_type: EventType, *, compiled: bool = True) -> Callable[[Any], bytes]:
    """Return the quickest function that does what `event_type.encode` does.

    Args:
        event_type: the event.
        compiled: False for the generated Python even where the compiled encoder can be used.

    """
    if compiled and not unusable():
        from freezer_events.avro.fast import node_tree  # noqa: PLC0415 - it needs what may lack

        return node_tree.encoder(event_type) or event_type.encode
    return event_type.encode


@cache
def unusable() -> str:
    """Return why the compiled encoder cannot be used, or ""."""
    return unfit("freezer_events.avro.fast.nodes", "nodes.pyx")


def unfit(name: str, *sources: str) -> str:
    """Return why an extension module cannot be used, or "".

    Args:
        name: the module's.
        sources: what it is made from. It may be older, where they are beside it.

    """
    try:
        module = import_module(name)
    except ModuleNotFoundError:
        return "not built: make fast"
    except ImportError as error:
        return f"not to be loaded: {error}"
    folder = Path(str(module.__file__)).parent
    found = [folder / name for name in sources]
    if not all(each.exists() for each in found):
        return ""
    stamp = zlib.crc32(b"".join(each.read_bytes() for each in found))
    return "" if stamp == module.SOURCES else "older than its sources: make fast"
