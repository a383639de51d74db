"""Types in files of their own: used by name, pinned, locked, judged in the events that use them."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest
import requests

from freezer_events.avro.parse import parse
from freezer_events.avro.parse.document import Document
from freezer_events.registry.client import same_schema
from freezer_events.schema.catalogue import Catalogue
from tests.support.cli import Freezer
from tests.support.confluent_registry import ConfluentRegistry
from tests.support.evolution import door
from tests.support.project import git

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MAKER = [{"name": "maker", "type": "string", "doc": "Who made it."}]
MODEL = [*MAKER, {"name": "model", "type": ["null", "string"], "default": None, "doc": "Which."}]
HINGE: dict[str, Any] = {
    "type": "record",
    "name": "Hinge",
    "namespace": "test.parts",
    "doc": "A hinge.",
}
ID = {"name": "door_id", "type": "string", "doc": "Which door."}
USES: list[dict[str, Any]] = [
    ID,
    {"name": "upper", "type": "test.parts.Hinge", "doc": "The upper one."},
    {"name": "lower", "type": ["null", "test.parts.Hinge"], "default": None, "doc": "The lower."},
]
TOML = (
    'topic = "doors"\npartitions = 3\nkey = "door_id"\ncompatibility = "FULL_TRANSITIVE"\n'
    'version = 1\nuses = { "test.parts.Hinge" = 1 }\n'
)


def hinge(fields: list[Any]) -> str:
    return json.dumps({**HINGE, "fields": fields}, indent=2)


def whole(fields: list[Any]) -> str:
    """Return the event's schema with the type written out."""
    first = dict(USES[1], type=json.loads(hinge(fields)))
    return door([ID, first, USES[2]])


@pytest.fixture
def freezer(tmp_path: Path) -> Freezer:
    """A project whose event uses a shared type, in its first version."""
    common, event = (tmp_path / "schemas" / each for each in ("common/hinge", "door"))
    common.mkdir(parents=True)
    event.mkdir()
    (common / "v1.avsc").write_text(hinge(MAKER))
    (common / "v2.avsc").write_text(hinge(MODEL))
    (event / "event.toml").write_text(TOML)
    (event / "v1.avsc").write_text(door(USES))
    return Freezer(tmp_path, {})


def done(freezer: Freezer, *words: str, code: int = 0) -> str:
    run = freezer("schema", *words)
    assert run.returncode == code, run.stdout + run.stderr
    return run.stdout + run.stderr


def test_an_event_moves_to_a_new_version_of_its_type(freezer: Freezer) -> None:
    folder = freezer.folder / "schemas"
    done(freezer, "release")
    assert "no problems" in done(freezer, "check")
    assert '"test.parts.Hinge" = 1' in (folder / "door" / "lock").read_text()
    assert "[1]" in (folder / "common" / "hinge" / "lock").read_text()
    assert "[2]" not in (folder / "common" / "hinge" / "lock").read_text()
    done(freezer, "generate", "--into", str(freezer.folder / "made"))
    assert "class Hinge" in (freezer.folder / "made" / "door.py").read_text()

    toml = folder / "door" / "event.toml"
    toml.write_text(TOML.replace('Hinge" = 1', 'Hinge" = 2'))
    (folder / "door" / "v2.avsc").write_text(door(USES))
    assert "upper.model  added: null or string" in done(freezer, "diff", "v1", "v2")
    done(freezer, "release")
    event = Catalogue(folder).event("door")
    assert (event.uses_of(1), event.uses_of(2)) == (
        {"test.parts.Hinge": 1},
        {"test.parts.Hinge": 2},
    )
    assert same_schema(event.schema(1).whole, whole(MAKER))
    assert same_schema(event.schema(2).whole, whole(MODEL))
    compared = [str(folder / "door" / f"v{number}.avsc") for number in (1, 2)]
    assert "compatible both ways" in done(freezer, "compare", *compared)


def test_a_new_version_of_a_type_is_judged_in_the_event_that_moves_to_it(freezer: Freezer) -> None:
    folder = freezer.folder / "schemas"
    done(freezer, "release")
    (folder / "common" / "hinge" / "v2.avsc").write_text(hinge([{**MAKER[0], "type": "int"}]))
    assert "no problems" in done(freezer, "check")  # nobody uses it
    (folder / "door" / "event.toml").write_text(TOML.replace('Hinge" = 1', 'Hinge" = 2'))
    (folder / "door" / "v2.avsc").write_text(door(USES))
    assert "TYPE_CHANGED" in done(freezer, "check", code=5)


def test_a_released_version_of_a_type_never_changes(freezer: Freezer) -> None:
    done(freezer, "release")
    path = freezer.folder / "schemas" / "common" / "hinge" / "v1.avsc"
    path.write_text(hinge(MODEL))
    said = " ".join(done(freezer, "check", code=5).split())
    assert "common/hinge/v1.avsc" in said
    assert "is released and changed" in said


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (('Hinge" = 1', 'Hinge" = 7'), "v7.avsc does not exist"),
        (('parts.Hinge"', 'parts.Lock"'), "unknown type 'test.parts.Hinge'"),
        (("uses = {", "# uses = {"), "unknown type 'test.parts.Hinge'"),
        (('Hinge" = 1', 'Hinge" = "1"'), "event.toml:6"),
    ],
)
def test_what_uses_says_wrongly_is_named(
    freezer: Freezer, change: tuple[str, str], why: str
) -> None:
    (freezer.folder / "schemas" / "door" / "event.toml").write_text(TOML.replace(*change))
    code = 3 if "event.toml" in why else 5
    assert why in " ".join(done(freezer, "check", code=code).split())


def test_an_error_in_a_shared_type_is_at_its_place_there(freezer: Freezer) -> None:
    path = freezer.folder / "schemas" / "common" / "hinge" / "v1.avsc"
    path.write_text(hinge([{"name": "maker", "type": "strng"}]))
    assert "hinge/v1.avsc:9:15" in done(freezer, "check", code=5)


def test_a_type_is_registered_under_its_own_name_and_referred_to(freezer: Freezer) -> None:
    done(freezer, "release")
    with ConfluentRegistry() as server:
        freezer.settings["SCHEMA_REGISTRY_URL"] = server.url
        assert "with test.parts.Hinge v1" in done(freezer, "register", "--dry-run")
        done(freezer, "register")
        held = requests.get(f"{server.url}/subjects/doors-value/versions/1", timeout=5).json()
        reference = {"name": "test.parts.Hinge", "subject": "test.parts.Hinge", "version": 1}
        assert held["references"] == [reference]
        assert "in sync" in done(freezer, "status")
        assert "v1: is version 1" in done(freezer, "register", "--inline")


def test_inline_sends_one_schema_that_stands_alone(freezer: Freezer) -> None:
    done(freezer, "release")
    with ConfluentRegistry() as server:
        freezer.settings["SCHEMA_REGISTRY_URL"] = server.url
        done(freezer, "register", "--inline")
        held = requests.get(f"{server.url}/subjects/doors-value/versions/1", timeout=5).json()
        assert "references" not in held
        assert same_schema(held["schema"], whole(MAKER))
        assert requests.get(f"{server.url}/subjects", timeout=5).json() == ["doors-value"]
        assert "in sync" in done(freezer, "status")


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ({"type": "array", "items": "P"}, {"type": "fixed", "name": "P", "size": 2}),
        (["null", "a.P"], {"type": "enum", "name": "P", "namespace": "a", "symbols": ["X"]}),
        (
            {
                "type": "record",
                "name": "R",
                "namespace": "b",
                "fields": [{"name": "p", "type": "P"}],
            },
            {"type": "record", "name": "b.P", "fields": [{"name": "q", "type": ["null", "P"]}]},
        ),
        (
            {
                "type": "record",
                "name": "b.R",
                "fields": [{"name": "p", "type": {"type": "map", "values": "a.P"}}],
            },
            {"type": "record", "name": "P", "namespace": "a", "fields": []},
        ),
    ],
)
def test_what_another_text_defines_is_written_out_once(text: Any, part: Any) -> None:
    name = part["name"]
    full = name if "." in name or "namespace" not in part else f"{part['namespace']}.{name}"
    parts = {full: Document(json.dumps(part), "part")}
    schema = parse(json.dumps(text), "text", others=parts)
    assert schema.uses == (full,)
    alone = parse(schema.whole, "whole")
    assert alone.canonical == schema.canonical
    assert full in alone.names


def harm_both(folder: Path) -> None:
    """Change a released type, and the lock with it, as one who knows how would."""
    (folder / "v1.avsc").write_text(hinge(MODEL))
    (folder / "lock").unlink()


def harm_lock(folder: Path) -> None:
    (folder / "lock").unlink()


def remove(folder: Path) -> None:
    shutil.rmtree(folder)


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (harm_both, "hinge/v1.avsc: break: lock has changed: it was released in HEAD"),
        (harm_lock, "the entry of v1 is gone: it was released in HEAD"),
        (remove, "is gone: 'common/hinge' has released versions in HEAD"),
    ],
)
def test_a_released_type_is_as_it_was_in_an_earlier_commit(
    freezer: Freezer, harm: Callable[[Path], None], said: str
) -> None:
    done(freezer, "release")
    git(freezer.folder, "init", "-q", "-b", "main")
    git(freezer.folder, "add", ".")
    git(freezer.folder, "commit", "-q", "-m", "v1")
    assert "no problems" in done(freezer, "check", "--against", "main")
    harm(freezer.folder / "schemas" / "common" / "hinge")
    assert said in " ".join(done(freezer, "check", "--against", "main", code=5).split())


def test_the_list_shows_shared_types(freezer: Freezer) -> None:
    done(freezer, "release")
    assert ["test.parts.Hinge", "v1", "released"] in [
        line.split()[:3] for line in done(freezer, "list").splitlines()
    ]
    (shared,) = json.loads(done(freezer, "list", "--output", "json"))["shared_types"]
    assert [each["released"] for each in shared["versions"]] == [True, False]


@pytest.mark.parametrize(
    ("uses", "said"),
    [
        ('"test.parts.Hinge" = 3', "there is no version 3 of it in schemas/common/hinge"),
        ('"test.parts.Hinge" = 0', "there is no version 0 of it in schemas/common/hinge"),
        ('"no.such.Type" = 1', "there is no such shared type"),
    ],
)
def test_what_uses_names_is_there_also_where_no_version_uses_it(
    freezer: Freezer, uses: str, said: str
) -> None:
    event = freezer.folder / "schemas" / "door"
    (event / "v1.avsc").write_text(door([ID]))
    done(freezer, "release")
    assert "no problems" in done(freezer, "check")
    (event / "event.toml").write_text(TOML.replace('"test.parts.Hinge" = 1', uses))
    shown = " ".join(done(freezer, "check", code=5).split())
    assert said in shown
    assert "event.toml:6" in shown
    assert uses.partition(" ")[0].strip('"') in shown


def test_a_type_that_a_version_lacks_is_said_once(freezer: Freezer) -> None:
    toml = freezer.folder / "schemas" / "door" / "event.toml"
    toml.write_text(TOML.replace('Hinge" = 1', 'Hinge" = 3'))
    found = json.loads(done(freezer, "check", "--output", "json", code=5))["findings"]
    (only,) = [each["why"] for each in found if "version" in each["why"]]
    assert only.endswith("schemas/common/hinge/v3.avsc does not exist")
