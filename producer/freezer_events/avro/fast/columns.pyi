from collections.abc import Sequence
from typing import Any

from freezer_events.avro.arrow.layouts import Column

SOURCES: int

class ColumnEncoder:
    def __init__(self, columns: Sequence[Column], keys: Any, fits: Any, count: int) -> None: ...
    def __call__(self, at: int) -> tuple[int, bytes, int, bytes | None]: ...
