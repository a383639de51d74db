"""What the registry says: whether it lets us in, and whether it has what producers write."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from freezer_events.doctor.verdicts import Check
from freezer_events.errors import AccessError, SchemaError
from freezer_events.registry.client import NotRegistered, Registry
from freezer_events.registry.registered import canonical

if TYPE_CHECKING:
    from freezer_events.config import Settings
    from freezer_events.event import EventType
    from freezer_events.schema.catalogue import EventSpec


def registry(settings: Settings, subject: str, text: str) -> Check:
    """Check that the registry answers and lets us look a schema up.

    Raises:
        AccessError: the key is wrong, or may not read the subject.
        UnreachableError: no answer, or not a registry's.

    """
    asked = Registry.connect(settings)
    with suppress(NotRegistered):  # an answer, all the same
        asked.lookup(subject, text)
    key = settings.schema_registry_api_key
    who = f"key {key} may read {subject}" if key else "no key needed"
    return Check.ok("registry", f"{asked.address} answers; {who}")


def schema(settings: Settings, subject: str, event_type: EventType, spec: EventSpec) -> Check:
    """Check that code, schema file and registry agree on the version that producers write.

    Raises:
        SchemaError: they do not; says which command makes them.

    """
    _same_as_file(event_type, spec)
    asked = Registry.connect(settings)
    try:
        found = asked.lookup(subject, event_type.schema)
    except NotRegistered as error:
        there = ", ".join(str(each.version) for each in asked.versions(subject))
        has = f"has only other schemas (versions {there})" if there else "has no versions"
        why = f"v{event_type.version} of {event_type.name} is not registered: {subject} {has}"
        raise SchemaError("", why, "freezer schema register") from error
    asked.schema_id(subject, event_type.schema)  # refuses a subject whose rules we cannot run
    detail = f"v{event_type.version} is version {found.version} of {subject}, id {found.schema_id}"
    return _judged(detail, _level(asked, subject), spec.level.value)


def _same_as_file(event_type: EventType, spec: EventSpec) -> None:
    own = spec.schema(spec.version).canonical
    if event_type.version != spec.version or canonical(event_type.schema) != own:
        raise SchemaError(
            "",
            f"the generated code (v{event_type.version}) is not that of v{spec.version}.avsc,"
            " which event.toml has producers write",
            "freezer schema generate",
        )


def _level(asked: Registry, subject: str) -> str | None:
    try:
        return asked.level(subject) or "none of its own"
    except AccessError:
        return None  # a key that may only look schemas up is enough to produce


def _judged(detail: str, level: str | None, promised: str) -> Check:
    if level is None:
        return Check.ok("schema", f"{detail} (this key may not read its compatibility level)")
    if level == promised:
        return Check.ok("schema", f"{detail}, {level}")
    return Check.warn(
        "schema",
        f"{detail}; its compatibility level is {level}, and event.toml promises {promised}",
        "freezer schema register",
    )
