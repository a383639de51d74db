"""A conversation with a Schema Registry through Confluent's client, each question bounded in time.

Every failure comes out as one of our errors (`answers`): the client's own are raw HTTP exceptions.
"""

from __future__ import annotations

import threading
from collections import Counter
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar

from freezer_events.config.settings import REGISTRY_TIMEOUT_S
from freezer_events.registry import answers
from freezer_events.registry.bounded import bounded

if TYPE_CHECKING:
    from collections.abc import Callable

    from freezer_events.config import Settings

T = TypeVar("T")
_IMPORTS: Final = threading.Lock()

asked: Final[Counter[str]] = Counter()
"""How many questions of this process registries answered, and how many failed."""


def library() -> Any:
    """Import Confluent's client: slow, so when it is first needed; one thread at a time.

    Its modules import each other, and threads that begin it side by side find them half made.
    """
    with _IMPORTS:
        from confluent_kafka import schema_registry  # noqa: PLC0415

        return schema_registry


class Conversation:
    """What can be asked of one registry, and how long that may take.

    Args:
        client: Confluent's client, or its in-process `mock://` one.
        address: how messages name the registry, without credentials.
        timeout_s: how long a whole answer may take, in seconds.

    Attributes:
        stop: asked while waiting for an answer; True ends the wait as a failure.

    """

    def __init__(self, client: Any, address: str, timeout_s: float = REGISTRY_TIMEOUT_S) -> None:
        self.client = client
        self.address = address
        self.stop: Callable[[], bool] = lambda: False
        self._timeout_s = timeout_s

    @classmethod
    def connect(cls, settings: Settings, timeout_s: float = REGISTRY_TIMEOUT_S) -> Self:
        """Make the client; nothing is asked yet.

        Args:
            settings: the registry's address and our key for it.
            timeout_s: how long a whole answer may take, in seconds; asked twice at most.

        Raises:
            ConfigError: no registry is named, or the client refuses the settings.

        """
        conf = settings.registry(timeout_s)
        try:
            client = library().SchemaRegistryClient.new_client(conf)
        except Exception as error:
            raise answers.unusable(error, settings) from error
        return cls(client, settings.registry_address, timeout_s)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self.client.close()

    def _ask(self, doing: str, call: Callable[[], T]) -> T:
        """Call the client; `call` reads of the answer what is needed, so that it fails in here."""
        try:
            found = bounded(call, self._timeout_s, self.stop)
        except Exception as error:
            at = f"{doing} at {self.address}"
            failure = answers.failure(at, self.address, error, self._timeout_s)
            asked["answered" if isinstance(failure, answers.NotRegistered) else "failed"] += 1
            raise failure from error
        asked["answered"] += 1
        return found
