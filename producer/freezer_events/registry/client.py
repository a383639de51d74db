"""Schema Registry: ids, schemas, versions and levels, through Confluent's own client.

Every call is bounded in time, and every failure comes out as one of our errors: the client's own
are raw HTTP exceptions. Decisions go by HTTP status and error code, never by text; registries
word them differently.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Self

from freezer_events.config.settings import REGISTRY_TIMEOUT_S
from freezer_events.errors import (
    AccessError,
    ConfigError,
    EventError,
    SchemaError,
    UnreachableError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from freezer_events.config import Settings
    from freezer_events.schema.levels import Level

_UNAUTHORIZED: Final = (401, 403)
_NOT_FOUND: Final = 404
_CONFLICT: Final = 409
_INVALID: Final = 422
_SERVER: Final = 500


class NotRegistered(SchemaError):  # noqa: N818 - it names the state
    """The registry does not have this schema, id, subject or version."""


class Incompatible(SchemaError):  # noqa: N818 - it names the state
    """The registry refused a schema as incompatible; `reason` holds the registry's own words."""

    def __init__(self, doing: str, reason: str, fix: str = "") -> None:
        super().__init__(doing, f"the registry refuses it as incompatible: {reason}", fix)
        self.reason = reason


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

    """

    def __init__(self, client: Any, address: str) -> None:
        self.client = client
        self.address = address
        self._texts: dict[int, str] = {}

    @classmethod
    def connect(cls, settings: Settings, timeout_s: float = REGISTRY_TIMEOUT_S) -> Self:
        """Make the client; nothing is asked yet.

        Args:
            settings: the registry's address and our key for it.
            timeout_s: how long it may take to answer, in seconds; asked twice at most.

        Raises:
            ConfigError: no registry is named, or the client refuses the settings.

        """
        from confluent_kafka.schema_registry import SchemaRegistryClient  # noqa: PLC0415 - slow

        conf = settings.registry(timeout_s)
        try:
            return cls(SchemaRegistryClient.new_client(conf), settings.registry_address)
        except (ValueError, TypeError, OSError) as error:
            raise ConfigError("SCHEMA_REGISTRY_URL", f"cannot be used: {error}") from error

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
        from confluent_kafka.schema_registry import Schema  # noqa: PLC0415

        try:
            with self._asking(f"look up the schema in subject {subject!r}"):
                found = self.client.lookup_schema(subject, Schema(text, "AVRO"))
        except NotRegistered:
            # Apicurio compares the text, not what it says: a space more is another schema to it.
            for each in reversed(self.versions(subject)):
                if same_schema(each.text, text):
                    return replace(each, text=text)
            raise
        return Registered(subject, found.version, found.schema_id, text)

    def schema_text(self, schema_id: int) -> str:
        """Return the JSON text of the schema with this id; asked once per id.

        Raises:
            NotRegistered: the registry does not know the id.

        """
        known = self._texts.get(schema_id)
        if known is None:
            with self._asking(f"read schema id {schema_id}"):
                schema = self.client.get_schema(schema_id)
            if (schema.schema_type or "AVRO") != "AVRO":
                raise SchemaError(f"schema id {schema_id}", f"is {schema.schema_type}, not AVRO")
            known = self._texts[schema_id] = str(schema.schema_str)
        return known

    def register(self, subject: str, text: str) -> Registered:
        """Register a version; the same schema again gives the same id and version.

        Raises:
            Incompatible: the subject's level forbids it; holds the registry's words.

        """
        from confluent_kafka.schema_registry import Schema  # noqa: PLC0415

        try:
            return self.lookup(subject, text)
        except NotRegistered:
            pass  # looked up first, for registries that take another layout for a new version
        with self._asking(f"register a schema in subject {subject!r}"):
            self.client.register_schema(subject, Schema(text, "AVRO"))
        # Asked for rather than taken from the answer: some registries answer with the id alone.
        try:
            return self.lookup(subject, text)
        except NotRegistered:
            # Apicurio 3 takes a schema and loses it again when another subject with the same
            # schema is deleted for good in the same moment.
            self.client.clear_caches()
            with self._asking(f"register a schema in subject {subject!r} again"):
                self.client.register_schema(subject, Schema(text, "AVRO"))
            return self.lookup(subject, text)

    def versions(self, subject: str) -> list[Registered]:
        """Return every version of the subject in order; none where there is no such subject."""
        try:
            with self._asking(f"list the versions of subject {subject!r}"):
                numbers = self.client.get_versions(subject)
        except NotRegistered:
            return []
        found = (self._version(subject, number) for number in sorted(numbers))
        return [each for each in found if each is not None]

    def _version(self, subject: str, number: int) -> Registered | None:
        """Return one version; None where it was deleted since it was listed."""
        try:
            with self._asking(f"read version {number} of subject {subject!r}"):
                found = self.client.get_version(subject, number)
                text = str(found.schema.schema_str)
                json.loads(text)
        except NotRegistered:
            return None
        return Registered(subject, found.version, found.schema_id, text)

    def level(self, subject: str) -> str | None:
        """Return the compatibility level set on the subject, None where it has none of its own."""
        try:
            with self._asking(f"read the compatibility level of subject {subject!r}"):
                config = self.client.get_config(subject)
        except NotRegistered:
            return None
        level = config.compatibility_level or config.compatibility
        return str(getattr(level, "value", level)) if level else None

    def set_level(self, subject: str, level: Level) -> None:
        """Set the subject's own compatibility level."""
        from confluent_kafka.schema_registry import (  # noqa: PLC0415
            ConfigCompatibilityLevel,
            ServerConfig,
        )

        config = ServerConfig(compatibility=ConfigCompatibilityLevel[level.value])
        with self._asking(f"set the compatibility level of subject {subject!r}"):
            self.client.set_config(subject, config)

    @contextmanager
    def _asking(self, doing: str) -> Iterator[None]:
        from confluent_kafka.schema_registry.error import SchemaRegistryError  # noqa: PLC0415

        at = f"{doing} at {self.address}"
        try:
            yield
        except SchemaRegistryError as error:
            raise _named(at, error) from error
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            # 200 with a body that is no registry's: a proxy's page, half an answer.
            raise UnreachableError(
                at, "the answer is not a Schema Registry's", "check SCHEMA_REGISTRY_URL"
            ) from error
        except Exception as error:
            # The client lets its HTTP library's exceptions through, and which library that is
            # depends on what is installed (httpx2 or httpx): all that matters is the name.
            late = "Timeout" in type(error).__name__
            why = "no answer in time" if late else f"not reachable: {_words(error)}"
            raise UnreachableError(at, why, "check SCHEMA_REGISTRY_URL, then try again") from error


def _words(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def _named(doing: str, error: Any) -> EventError:
    status, code, words = error.http_status_code, error.error_code, error.error_message
    if status in _UNAUTHORIZED:
        return AccessError(
            doing,
            f"refused with HTTP {status}",
            "check SCHEMA_REGISTRY_API_KEY and SCHEMA_REGISTRY_API_SECRET, and the key's role",
        )
    if status == _NOT_FOUND and (code or -1) // 100 == _NOT_FOUND:
        return NotRegistered(doing, f"{words} ({code})")
    if status == _CONFLICT:
        return Incompatible(doing, str(words))
    if status == _INVALID:
        return SchemaError(doing, f"the registry does not take it: {words} ({code})")
    if status >= _SERVER:
        return UnreachableError(doing, f"the registry answered HTTP {status}", "try again later")
    return UnreachableError(
        doing, f"the registry answered HTTP {status}", "check the path in SCHEMA_REGISTRY_URL"
    )
