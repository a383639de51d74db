"""What `schema register`, `schema status` and lookups do with a registry, whichever it is.

One suite: run against the servers that answer as Confluent's registry and Karapace do, and against
the real registry of the local stack.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from freezer_events.config import Settings
from freezer_events.errors import EventError
from freezer_events.registry.client import (
    Incompatible,
    NotRegistered,
    Reference,
    Registry,
    same_schema,
)
from freezer_events.schema.levels import Level
from tests.support.cli import Freezer
from tests.support.evolution import INT, V1, V2, V3, V4, door, write_event

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SECONDS = [*V1, {"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}}]
MICROS = [*V1, {"name": "at", "type": {"type": "long", "logicalType": "timestamp-micros"}}]

HINGE = [{"name": "maker", "type": "string"}]
REWRITTEN: list[list[Any]] = [
    [*V1, {"name": "by", "type": {"type": "string"}}],
    [*V1, {"name": "by", "type": "string", "order": "ascending", "aliases": []}],
    [
        *V1,
        {
            "name": "hinge",
            "type": {
                "type": "record",
                "name": "test.doors.Hinge",
                "namespace": "test.doors",
                "aliases": ["test.doors.Old"],
                "fields": HINGE,
            },
        },
        {"name": "other", "type": ["null", "test.doors.Hinge"], "default": None},
    ],
]


def connected(url: str) -> Registry:
    return Registry.connect(Settings(schema_registry_url=url))


class RegistrySuite:
    """Needs two fixtures: `url` of the registry, and `subject`, a name that nobody uses."""

    @pytest.fixture
    def registry(self, url: str) -> Iterator[Registry]:
        with connected(url) as registry:
            yield registry

    @pytest.fixture
    def freezer(self, url: str, subject: str, tmp_path: Path) -> Freezer:
        topic = subject.removesuffix("-value")
        return Freezer(tmp_path, {"SCHEMA_REGISTRY_URL": url, "TOPIC": topic})

    def status(self, freezer: Freezer) -> Any:
        done = freezer("schema", "status", "--output", "json")
        assert done.returncode in (0, 1), done.stderr
        told = json.loads(done.stdout)
        assert told["same"] is (done.returncode == 0)
        return told

    def test_an_unknown_subject_is_empty_and_has_no_schema(
        self, registry: Registry, subject: str
    ) -> None:
        assert registry.versions(subject) == []
        with pytest.raises(NotRegistered):
            registry.lookup(subject, door(V1))

    def test_registering_gives_one_id_however_often(self, url: str, subject: str) -> None:
        made = []
        for _ in range(2):
            with connected(url) as registry:
                made.append(registry.register(subject, door(V1)))
        assert made[0] == made[1]
        with connected(url) as registry:
            assert registry.lookup(subject, door(V1)) == made[0]
            assert same_schema(registry.schema_text(made[0].schema_id), door(V1))
            with pytest.raises(NotRegistered):
                registry.lookup(subject, door(V2))

    def test_an_unknown_id_is_not_registered(self, registry: Registry) -> None:
        with pytest.raises(NotRegistered):
            registry.schema_text(99_999_999)

    def test_the_level_set_is_the_level_read(self, registry: Registry, subject: str) -> None:
        registry.register(subject, door(V1))
        registry.set_level(subject, Level.FORWARD_TRANSITIVE)
        assert registry.level(subject) == Level.FORWARD_TRANSITIVE

    def test_what_is_incompatible_is_refused_in_the_registrys_words(
        self, registry: Registry, subject: str
    ) -> None:
        registry.set_level(subject, Level.BACKWARD)
        registry.register(subject, door(V1))
        with pytest.raises(Incompatible) as caught:
            registry.register(subject, door(INT))
        assert caught.value.reason

    def test_what_is_no_schema_is_refused(self, registry: Registry, subject: str) -> None:
        with pytest.raises(EventError) as caught:
            registry.register(subject, '{"type": "nonsense"}')
        assert caught.value.exit_code == 5

    def test_an_evolution_is_registered_step_by_step(
        self, freezer: Freezer, registry: Registry, subject: str
    ) -> None:
        write_event(freezer.folder, [V1], topic="doors")
        assert freezer("schema", "register").returncode == 0
        assert self.status(freezer)["same"]

        write_event(freezer.folder, [V1, V2, V3], topic="doors")
        assert [v["state"] for v in self.status(freezer)["versions"]] == ["same", "ahead", "ahead"]

        foreseen = freezer("schema", "register", "--dry-run")
        assert foreseen.returncode == 0, foreseen.stderr
        assert "v1: is version 1, schema id" in foreseen.stdout
        assert "v2: would be registered\n" in foreseen.stdout
        assert "v3: would be registered; producers write it" in foreseen.stdout
        assert len(registry.versions(subject)) == 1

        done = freezer("schema", "register")
        assert done.returncode == 0, done.stderr
        held = registry.versions(subject)
        assert [each.version for each in held] == [1, 2, 3]
        assert all(
            same_schema(each.text, door(fields))
            for each, fields in zip(held, (V1, V2, V3), strict=True)
        )
        assert f"v3: registered as version 3, schema id {held[2].schema_id}" in done.stdout
        assert registry.level(subject) == Level.FULL_TRANSITIVE

        again = freezer("schema", "register")
        assert again.returncode == 0
        assert f"v3: is version 3, schema id {held[2].schema_id}; producers" in again.stdout
        assert self.status(freezer)["same"]

    def test_status_names_each_version_once_by_what_it_says(
        self, freezer: Freezer, registry: Registry, subject: str
    ) -> None:
        registry.set_level(subject, Level.BACKWARD)
        for fields in (V1, V3, V2):
            registry.register(subject, door(fields))
        write_event(freezer.folder, [V1, V2], topic="doors")
        told = self.status(freezer)
        assert told["level"] == {"local": "FULL_TRANSITIVE", "registry": "BACKWARD"}
        states = [(v["version"], v["registry_version"], v["state"]) for v in told["versions"]]
        assert states == [(1, 1, "same"), (2, 3, "same"), (None, 2, "foreign")]
        shown = freezer("schema", "status")
        assert shown.returncode == 1
        assert "the registry's version 3" in shown.stdout
        assert "the registry's version 2, which is not here" in shown.stdout

        registry.register(subject, door(V4))
        newer = [(v["registry_version"], v["state"]) for v in self.status(freezer)["versions"]]
        assert newer == [(1, "same"), (3, "same"), (2, "foreign"), (4, "behind")]

    def test_versions_of_others_shift_numbers_and_nothing_else(
        self, freezer: Freezer, registry: Registry, subject: str
    ) -> None:
        registry.register(subject, door(V1))
        registry.register(subject, door(V3))
        write_event(freezer.folder, [V1, V2], topic="doors", level="BACKWARD")
        assert freezer("schema", "register").returncode == 0
        told = self.status(freezer)
        assert told["same"]
        assert [v["state"] for v in told["versions"]] == ["same", "same", "foreign"]

    def test_a_conflict_shows_our_findings_beside_the_registrys_words(
        self, freezer: Freezer, registry: Registry, subject: str
    ) -> None:
        registry.register(subject, door(INT))
        write_event(freezer.folder, [V1], topic="doors", level="BACKWARD")
        for arguments in (["--dry-run"], []):
            done = freezer("schema", "register", *arguments)
            assert done.returncode == 5
            assert "v1 against the registry's version 1: 2 breaks" in done.stdout
            assert "TYPE_CHANGED  door_id" in done.stdout
            assert "v1.avsc:8  /fields/0/type" in done.stdout
            assert "FIELD_ADDED_WITHOUT_DEFAULT  open" in done.stdout
        assert "the registry refuses it as incompatible" in done.stderr
        assert len(registry.versions(subject)) == 1

    def test_a_refused_register_leaves_the_level_as_it_was(
        self, freezer: Freezer, registry: Registry, subject: str
    ) -> None:
        registry.set_level(subject, Level.BACKWARD)
        registry.register(subject, door(INT))
        write_event(freezer.folder, [V1], topic="doors", level="BACKWARD_TRANSITIVE")
        done = freezer("schema", "register")
        assert done.returncode == 5
        assert "level BACKWARD_TRANSITIVE: set back to BACKWARD" in done.stdout
        assert registry.level(subject) == Level.BACKWARD

    @pytest.mark.parametrize("fields", REWRITTEN)
    def test_a_schema_is_the_same_however_the_registry_stores_it(
        self, freezer: Freezer, subject: str, fields: list[Any]
    ) -> None:
        del subject
        write_event(freezer.folder, [fields], topic="doors", level="BACKWARD")
        assert freezer("schema", "register").returncode == 0
        assert self.status(freezer)["same"]
        again = freezer("schema", "register")
        assert "v1: is version 1" in again.stdout
        assert freezer("schema", "register", "--dry-run").returncode == 0

    def test_a_schema_with_references_is_read_whole(
        self, freezer: Freezer, registry: Registry, subject: str
    ) -> None:
        hinge = f"{subject}-hinge"
        part = json.dumps({"type": "record", "name": "Hinge", "namespace": "t", "fields": HINGE})
        fields = [*V1, {"name": "hinge", "type": "t.Hinge"}]
        registry.register(hinge, part)
        made = registry.register(subject, door(fields), (Reference("t.Hinge", hinge, 1),))
        inline = [*V1, {"name": "hinge", "type": json.loads(part)}]
        with connected(registry.address) as fresh:
            assert same_schema(fresh.schema_text(made.schema_id), door(inline))
            assert fresh.schema_id(subject, door(inline)) == made.schema_id
        write_event(freezer.folder, [inline], topic="doors", level="BACKWARD")
        assert freezer("schema", "register").returncode == 0
        assert self.status(freezer)["same"]

    def test_what_a_registry_would_take_and_readers_get_wrong_is_not_sent(
        self, freezer: Freezer, registry: Registry, subject: str
    ) -> None:
        registry.register(subject, door(MICROS))
        write_event(freezer.folder, [SECONDS], topic="doors", level="BACKWARD")
        done = freezer("schema", "register")
        assert done.returncode == 5
        assert "LOGICAL_TYPE_CHANGED  at" in done.stdout
        assert "breaks what the registry holds" in done.stderr
        assert len(registry.versions(subject)) == 1

    def test_what_breaks_here_never_reaches_the_registry(
        self, freezer: Freezer, registry: Registry, subject: str
    ) -> None:
        folder = write_event(freezer.folder, [V1], topic="doors") / "door"
        (folder / "v2.avsc").write_text(door(INT), encoding="utf-8")
        done = freezer("schema", "register")
        assert done.returncode == 5
        assert "v2.avsc:8:15: TYPE_CHANGED" in done.stderr
        assert registry.versions(subject) == []
