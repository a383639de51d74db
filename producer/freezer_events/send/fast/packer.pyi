from collections.abc import Callable
from typing import Any

from freezer_events.avro.fast.nodes import Encoder
from freezer_events.send.report import OnReport
from freezer_events.send.tally import Tally

SOURCES: int

class Packer:
    closed: bool
    def __init__(self, here: Any, first: Callable[[], None], push: Callable[[], None]) -> None: ...
    def __len__(self) -> int: ...
    def take(self) -> tuple[int, bytes, list[Any], list[OnReport]]: ...
    def draw(self, tally: Tally) -> None: ...

class Sender:
    def __init__(
        self, packer: Packer, encoder: Encoder, kind: int, key: Callable[[Any], str | None]
    ) -> None: ...
    def send(self, event: Any, owner: OnReport | None = None) -> bool: ...
