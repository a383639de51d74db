"""The compiled encoder and decoder: the same several times quicker, where they were built.

An installation compiles `nodes.pyx` and `readers.pyx` where there is a C compiler; without one only
speed is missing.
"""

from __future__ import annotations

import zlib
from functools import cache, partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from freezer_events.avro import resolving

if TYPE_CHECKING:
    from collections.abc import Callable

    from freezer_events.avro.parse import Schema
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


def decoder(
    writer: Schema, event_type: EventType, *, compiled: bool = True
) -> Callable[[bytes], Any]:
    """Return the quickest function that does what `resolving.decoder`'s does.

    Raises:
        MismatchError: the two schemas do not resolve.

    """
    again = partial(resolving.decoder, writer, event_type)
    if compiled and not unusable():
        from freezer_events.avro.fast.compiled_reads import CompiledReads  # noqa: PLC0415 - as above

        return again(CompiledReads(cache(again)))
    return again()


@cache
def unusable() -> str:
    """Return why the compiled encoders and the decoder cannot be used, or ""."""
    return (
        unfit("freezer_events.avro.fast.nodes", "nodes.pyx", "slots.h")
        or unfit("freezer_events.avro.fast.columns", "columns.pyx")
        or unfit("freezer_events.avro.fast.readers", "readers.pyx", "slots.h")
    )


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
