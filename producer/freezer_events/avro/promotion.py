"""What a reader may expect in place of what was written: the specification's promotions.

https://avro.apache.org/docs/1.12.0/specification/#schema-resolution
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PROMOTED: Final[Mapping[tuple[str, str], Callable[[Any], Any]]] = {
    ("int", "long"): int,
    ("int", "float"): float,
    ("int", "double"): float,
    ("long", "float"): float,
    ("long", "double"): float,
    ("float", "double"): float,
    ("string", "bytes"): str.encode,
    ("bytes", "string"): bytes.decode,
}
"""By what was written and what is expected: from the one raw value to the other."""


def promotable(written: str, read: str) -> bool:
    """Tell whether values of one primitive kind can be read as another."""
    return (written, read) in PROMOTED
