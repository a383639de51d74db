"""Schema Registry: ids, schemas, versions and levels, through Confluent's own client.

Every call is bounded in time, and every failure comes out as one of our errors (`answers`): the
client's own are raw HTTP exceptions.
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar

from freezer_events.config.settings import REGISTRY_TIMEOUT_S
from freezer_events.errors import SchemaError
from freezer_events.registry import answers
from freezer_events.registry.answers import Incompatible, NotRegistered
from freezer_events.registry.bounded import bounded

if TYPE_CHECKING:
    from collections.abc import Callable

    from freezer_events.config import Settings
    from freezer_events.schema.levels import Level

__all__ = [
    "Incompatible",
    "NotRegistered",
    "Registered",
    "Registry",
    "same_schema",
    "subject_name",
]

T = TypeVar("T")
requests: Final[Counter[str]] = Counter()
"""How many requests of this process registries answered, and how many failed."""

_IMPORTS: Final = threading.Lock()


def _library() -> Any:
    """Import Confluent's client: slow, so when it is first needed; one thread at a time.

    Its modules import each other, and threads that begin it side by side find them half made.
    """
    with _IMPORTS:
        from confluent_kafka import schema_registry  # noqa: PLC0415

        return schema_registry


@dataclass(frozen=True, slots=True)
class Registered:
    """One schema version as the registry holds it."""

    subject: str
    version: int
    schema_id: int
    text: str


def subject_name(topic: str) -> str:
    """Return the subject of a topic's values under the TOPIC naming strategy."""
    return f"{topic}-value"


def same_schema(one: str, other: str) -> bool:
    """Compare as parsed JSON: registries reorder keys and drop white space."""
    return bool(json.loads(one) == json.loads(other))


class Registry:
    """One Schema Registry.

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
        self._texts: dict[int, str] = {}

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
            client = _library().SchemaRegistryClient.new_client(conf)
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

    def schema_id(self, subject: str, text: str) -> int:
        """Return the id under which this exact schema is registered in the subject.

        Raises:
            NotRegistered: the subject is missing, or has no such version.

        """
        return self.lookup(subject, text).schema_id

    def lookup(self, subject: str, text: str) -> Registered:
        """Return the version of the subject that holds exactly this schema.

        Raises:
            NotRegistered: the subject is missing, or has no such version.

        """
        schema = _library().Schema(text, "AVRO")
        try:
            return self._ask(
                f"look up the schema in subject {subject!r}",
                lambda: _registered(subject, self.client.lookup_schema(subject, schema), text),
            )
        except NotRegistered:
            # Apicurio compares the text, not what it says: a space more is another schema to it.
            for each in reversed(self.versions(subject)):
                if same_schema(each.text, text):
                    return replace(each, text=text)
            raise

    def schema_text(self, schema_id: int) -> str:
        """Return the JSON text of the schema with this id; asked once per id.

        Raises:
            NotRegistered: the registry does not know the id.

        """
        known = self._texts.get(schema_id)
        if known is None:

            def read() -> tuple[str, str]:
                schema = self.client.get_schema(schema_id)
                kind = schema.schema_type or "AVRO"
                return kind, _text(schema) if kind == "AVRO" else ""

            kind, known = self._ask(f"read schema id {schema_id}", read)
            if kind != "AVRO":
                raise SchemaError(f"schema id {schema_id}", f"is {kind}, not AVRO")
            self._texts[schema_id] = known
        return known

    def register(self, subject: str, text: str) -> Registered:
        """Register a version; the same schema again gives the same id and version.

        Raises:
            Incompatible: the subject's level forbids it; holds the registry's words.

        """
        try:
            return self.lookup(subject, text)
        except NotRegistered:
            pass  # looked up first, for registries that take another layout for a new version
        schema = _library().Schema(text, "AVRO")

        def register() -> None:
            self.client.register_schema(subject, schema)

        self._ask(f"register a schema in subject {subject!r}", register)
        # Asked for rather than taken from the answer: some registries answer with the id alone.
        try:
            return self.lookup(subject, text)
        except NotRegistered:
            # Apicurio 3 takes a schema and loses it again when another subject with the same
            # schema is deleted for good in the same moment.
            self.client.clear_caches()
            self._ask(f"register a schema in subject {subject!r} again", register)
            return self.lookup(subject, text)

    def versions(self, subject: str) -> list[Registered]:
        """Return every version of the subject in order; none where there is no such subject."""
        try:
            numbers = self._ask(
                f"list the versions of subject {subject!r}",
                lambda: sorted(_number(each) for each in self.client.get_versions(subject)),
            )
        except NotRegistered:
            return []
        found = (self._version(subject, number) for number in numbers)
        return [each for each in found if each is not None]

    def _version(self, subject: str, number: int) -> Registered | None:
        """Return one version; None where it was deleted since it was listed."""

        def read() -> Registered:
            found = self.client.get_version(subject, number)
            return _registered(subject, found, _text(found.schema))

        try:
            return self._ask(f"read version {number} of subject {subject!r}", read)
        except NotRegistered:
            return None

    def level(self, subject: str) -> str | None:
        """Return the compatibility level set on the subject, None where it has none of its own."""

        def read() -> str | None:
            config = self.client.get_config(subject)
            level = config.compatibility_level or config.compatibility
            return str(getattr(level, "value", level)) if level else None

        try:
            return self._ask(f"read the compatibility level of subject {subject!r}", read)
        except NotRegistered:
            return None

    def set_level(self, subject: str, level: Level) -> None:
        """Set the subject's own compatibility level."""
        library = _library()
        config = library.ServerConfig(compatibility=library.ConfigCompatibilityLevel[level.value])
        self._ask(
            f"set the compatibility level of subject {subject!r}",
            lambda: self.client.set_config(subject, config),
        )

    def _ask(self, doing: str, call: Callable[[], T]) -> T:
        """Call the client; `call` reads of the answer what is needed, so that it fails in here."""
        try:
            found = bounded(call, self._timeout_s, self.stop)
        except Exception as error:
            at = f"{doing} at {self.address}"
            failure = answers.failure(at, self.address, error, self._timeout_s)
            requests["answered" if isinstance(failure, NotRegistered) else "failed"] += 1
            raise failure from error
        requests["answered"] += 1
        return found


def _registered(subject: str, found: Any, text: str) -> Registered:
    return Registered(subject, _number(found.version), _number(found.schema_id), text)


def _number(value: object) -> int:
    if type(value) is not int:
        raise TypeError(value)
    return value


def _text(schema: Any) -> str:
    """Return a schema's text, which must be JSON."""
    json.loads(schema.schema_str)
    return str(schema.schema_str)
