"""Schema Registry: ids, schemas, versions, levels and modes."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar

from freezer_events.config.settings import REGISTRY_TIMEOUT_S
from freezer_events.errors import SchemaError, UnreachableError
from freezer_events.registry.answers import Incompatible, NoSuchCall, NotRegistered
from freezer_events.registry.conversation import Conversation, library
from freezer_events.registry.registered import (
    Reference,
    Registered,
    RuledSchema,
    references_of,
    rules_of,
    same_schema,
    whole,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from freezer_events.schema.levels import Level

__all__ = [
    "Incompatible",
    "NotRegistered",
    "Reference",
    "Registered",
    "Registry",
    "RuledSchema",
    "same_schema",
    "subject_name",
]


T = TypeVar("T")
_LARGEST: Final = 2**31 - 1  # registries count in Java's ints


def subject_name(topic: str) -> str:
    """Return the subject of a topic's values under the TOPIC naming strategy."""
    return f"{topic}-value"


class Registry(Conversation):
    """One Schema Registry; every call raises an EventError where it has no answer."""

    def __init__(self, client: Any, address: str, timeout_s: float = REGISTRY_TIMEOUT_S) -> None:
        super().__init__(client, address, timeout_s)
        self._texts: dict[int | str, str] = {}

    def schema_id(self, subject: str, text: str) -> int:
        """Return the id under which a writer of this schema may write to the subject.

        Raises:
            NotRegistered: the subject is missing, or has no such version.
            RuledSchema: it, or the subject's latest version, has rules that a writer has to run:
                encryption, say, which what we write would go around.

        """
        found = self.lookup(subject, text)

        def read() -> list[str]:
            # By its id alone: what the client remembers of a look-up lacks the rules.
            schemas = [self.client.get_schema(found.schema_id)]
            schemas.append(self.client.get_latest_version(subject).schema)
            return [str(rule) for each in schemas for rule in rules_of(each) if rule.writes]

        rules = self._ask(f"read the rules of subject {subject!r}", read)
        if rules:
            raise RuledSchema(
                f"write to subject {subject!r} at {self.address}",
                f"it has rules that every writer must run, and this one cannot: "
                f"{', '.join(dict.fromkeys(rules))}",
                "write with Confluent's AvroSerializer (use.latest.version), or register a version "
                "without rules",
            )
        return found.schema_id

    def lookup(self, subject: str, text: str) -> Registered:
        """Return the version of the subject that holds exactly this schema.

        Raises:
            NotRegistered: the subject is missing, or has no such version.

        """
        schema = library().Schema(text, "AVRO")
        try:
            return self._ask(
                f"look up the schema in subject {subject!r}",
                lambda: _registered(subject, self.client.lookup_schema(subject, schema), text),
            )
        except NotRegistered:
            # Apicurio compares the text, not what it says: a space more is another schema to it.
            # And what was registered with references is another schema than the same in one text.
            for each in reversed(self.versions(subject)):
                if same_schema(each.text, text):
                    return replace(each, text=text)
            raise

    def schema_text(self, schema_id: int) -> str:
        """Return the schema with this id, whole: asked once per id.

        Raises:
            NotRegistered: the registry does not know the id.
            RuledSchema: it has rules that a reader has to run: decryption, say.

        """
        known = self._texts.get(schema_id)
        if known is None:
            what = f"schema id {schema_id}"
            known = self._readable(what, lambda: self.client.get_schema(schema_id))
            self._texts[schema_id] = known
        return known

    def schema_text_of_guid(self, guid: str) -> str:
        """Return the schema with this GUID, which Confluent's newer serializers put in a header.

        Raises:
            NotRegistered: the registry does not know it, or knows no GUIDs.
            RuledSchema: as for `schema_text`.

        """
        known = self._texts.get(guid)
        if known is None:
            what = f"schema {guid}"
            known = self._readable(what, lambda: self.client.get_schema_by_guid(guid))
            self._texts[guid] = known
        return known

    def _readable(self, what: str, get: Callable[[], Any]) -> str:
        def read() -> tuple[Any, str]:
            schema = get()
            return schema, _text(schema) if (schema.schema_type or "AVRO") == "AVRO" else ""

        schema, text = self._ask_to_read(f"read {what}", read)
        if not text:
            raise SchemaError(what, f"is {schema.schema_type}, not AVRO")
        rules = [str(each) for each in rules_of(schema) if each.reads]
        if rules:
            why = f"has rules that every reader must run, and this one cannot: {', '.join(rules)}"
            raise RuledSchema(what, why, "read it with Confluent's AvroDeserializer")
        return self._whole(text, references_of(schema))

    def _whole(self, text: str, references: tuple[Reference, ...]) -> str:
        """Return a schema with what it refers to written out, fetched from where it is."""
        others: dict[str, str] = {}
        left = list(references)
        while left:
            each = left.pop()
            if each.name in others:
                continue

            def read(each: Reference = each) -> tuple[str, tuple[Reference, ...]]:
                found = self.client.get_version(each.subject, each.version).schema
                return _text(found), references_of(found)

            doing = f"read {each.name}, version {each.version} of subject {each.subject!r}"
            others[each.name], more = self._ask_to_read(doing, read)
            left += more
        return whole(text, others)

    def _ask_to_read(self, doing: str, read: Callable[[], T]) -> T:
        """Ask for what was written with: only that it is not there says something of a record.

        A proxy in between may answer anything, and what it keeps from us is to be asked for again.
        """
        try:
            return self._ask(doing, read)
        except NotRegistered:
            raise
        except SchemaError as error:
            raise UnreachableError(error.doing, error.why, "check SCHEMA_REGISTRY_URL") from error

    def register(
        self, subject: str, text: str, references: tuple[Reference, ...] = ()
    ) -> Registered:
        """Register a version; the same schema again gives the same id and version.

        Args:
            subject: where.
            text: the schema; what it refers to is not in it.
            references: what it refers to, registered before.

        Raises:
            Incompatible: the subject's level forbids it; holds the registry's words.

        """
        says = self._whole(text, references)
        try:
            return self.lookup(subject, says)
        except NotRegistered:
            pass  # looked up first, for registries that take another layout for a new version
        made = library()
        named = [made.SchemaReference(e.name, e.subject, e.version) for e in references]
        schema = made.Schema(text, "AVRO", named)

        def register() -> None:
            self.client.register_schema(subject, schema)

        self._ask(f"register a schema in subject {subject!r}", register)
        # Asked for rather than taken from the answer: some registries answer with the id alone.
        try:
            return self.lookup(subject, says)
        except NotRegistered:
            # Apicurio 3 takes a schema and loses it again when another subject with the same
            # schema is deleted for good in the same moment.
            self.client.clear_caches()
            self._ask(f"register a schema in subject {subject!r} again", register)
            return self.lookup(subject, says)

    def versions(self, subject: str) -> list[Registered]:
        """Return every version of the subject in order; none where there is no such subject."""
        found = (self._version(subject, number) for number in self._numbers(subject))
        return [each for each in found if each is not None]

    def deleted_versions(self, subject: str) -> list[Registered]:
        """Return the versions that were deleted softly: their ids still resolve."""
        gone = set(self._numbers(subject, deleted=True)) - set(self._numbers(subject))
        found = (self._version(subject, number, deleted=True) for number in sorted(gone))
        return [each for each in found if each is not None]

    def _numbers(self, subject: str, **which: bool) -> list[int]:
        def read() -> list[int]:
            return sorted(_number(each) for each in self.client.get_versions(subject, **which))

        try:
            return self._ask(f"list the versions of subject {subject!r}", read)
        except NotRegistered:
            return []

    def _version(self, subject: str, number: int, **which: bool) -> Registered | None:
        """Return one version; None where it was deleted since it was listed."""

        def read() -> Registered:
            found = self.client.get_version(subject, number, **which)
            made = _registered(subject, found, _text(found.schema))
            return replace(made, references=references_of(found.schema))

        try:
            found = self._ask(f"read version {number} of subject {subject!r}", read)
        except NotRegistered:
            return None
        return replace(found, text=self._whole(found.text, found.references))

    def level(self, subject: str) -> str | None:
        """Return the compatibility level set on the subject, None where it has none of its own."""

        def read() -> str | None:
            return _level(self.client.get_config(subject)) or None

        try:
            return self._ask(f"read the compatibility level of subject {subject!r}", read)
        except NotRegistered:
            return None

    def set_level(self, subject: str, level: Level | str) -> None:
        """Set the subject's own compatibility level."""
        made = library()
        config = made.ServerConfig(compatibility=made.ConfigCompatibilityLevel[level])
        self._ask(
            f"set the compatibility level of subject {subject!r}",
            lambda: self.client.set_config(subject, config),
        )

    def restore_level(self, subject: str, level: str | None) -> None:
        """Make the level what it was; None where the subject had none of its own."""
        if level is not None:
            self.set_level(subject, level)
            return
        doing = f"remove the compatibility level of subject {subject!r}"
        try:
            self._ask(doing, lambda: self.client.delete_config(subject))
        except (NotRegistered, NoSuchCall):  # Karapace cannot remove it
            doing = "read the compatibility level of all subjects"
            self.set_level(subject, self._ask(doing, lambda: _level(self.client.get_config())))

    def mode(self, subject: str) -> str | None:
        """Return what the registry lets be done with a subject: READWRITE, READONLY or IMPORT.

        None where it has no modes.
        """
        doing = f"read the mode of subject {subject!r}"
        for get, of in ((self.client.get_mode, (subject,)), (self.client.get_global_mode, ())):
            call = partial(_mode, get, of)
            with suppress(NotRegistered, NoSuchCall):
                return self._ask(doing, call)
        return None


def _mode(get: Callable[..., str], of: tuple[str, ...]) -> str | None:
    with suppress(TypeError):  # Apicurio answers with nothing
        return str(get(*of))
    return None


def _registered(subject: str, found: Any, text: str) -> Registered:
    return Registered(subject, _number(found.version), _number(found.schema_id), text)


def _level(config: Any) -> str:
    level = config.compatibility_level or config.compatibility
    return str(getattr(level, "value", level)) if level else ""


def _number(value: object) -> int:
    if type(value) is not int or not 0 <= value <= _LARGEST:
        raise TypeError(value)
    return value


def _text(schema: Any) -> str:
    """Return a schema's text, which must be JSON."""
    json.loads(schema.schema_str)
    return str(schema.schema_str)
