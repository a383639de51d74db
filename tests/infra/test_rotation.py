"""A rotated key: each change on its own, never without a key that works, never an orphan."""

from __future__ import annotations

import stat
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from freezer_events.errors import AccessError, ConfigError, UnreachableError
from freezer_infra.confluent.cli_topics import Topics
from freezer_infra.confluent.cloud_access import CloudAccess
from freezer_infra.confluent.cloud_target import CloudTarget
from freezer_infra.confluent.confluent_cli import find
from freezer_infra.confluent.credentials import Credentials, Slot
from freezer_infra.keys.accepted import Patience
from freezer_infra.keys.env_file import EnvFile
from freezer_infra.keys.leftover import Leftovers, Unfinished
from freezer_infra.planner.apply import apply
from freezer_infra.planner.desired import Desired
from freezer_infra.planner.observed import observe
from freezer_infra.planner.plan import make as plan_of
from freezer_infra.planner.target import Client, KeyChange
from tests.infra.standin.harness import CLUSTER, ENVIRONMENT, REGISTRY, Standin, make

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from freezer_events.config import Settings

CLIENT = Client("p", "t", None)


@dataclass
class Rotation:
    """A producer with a key, about to get another; `asked` is who is asked whether a key works."""

    standin: Standin
    file: EnvFile
    asked: Callable[[], None] = lambda: None
    made: dict[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.access = CloudAccess(find(self.standin.environ()), CLUSTER, ENVIRONMENT)
        self.account = self.access.make_account("p", "d")
        self.credentials = Credentials(
            self.access, self.account, self.file, Patience(lambda _line: None)
        )
        self.slot = Slot(
            CLUSTER,
            ("BOOTSTRAP_SERVERS", "localhost:9094"),
            "SASL_USERNAME",
            "SASL_PASSWORD",
            self._ask,
        )

    def _ask(self, _settings: Settings, _patience: Patience) -> None:
        self.asked()

    def target(self) -> CloudTarget:
        """Give the target as the next run has it."""
        return CloudTarget("c", Topics(self.access.cli, self.access.scope), self.access, print)

    def there(self) -> set[str]:
        return set(self.standin.state()["api_keys"])

    def held(self) -> str:
        return self.file.read()["SASL_USERNAME"]


@pytest.fixture
def rotation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Rotation:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    standin = make(tmp_path / "cloud")
    standin.log_in()
    made = Rotation(standin, EnvFile(tmp_path / ".env"))
    made.credentials.provide(made.slot)
    assert Leftovers().all() == ()
    return made


def test_the_old_key_is_there_and_in_the_file_until_the_new_one_works(rotation: Rotation) -> None:
    old = rotation.held()
    seen: list[tuple[bool, str]] = []
    rotation.asked = lambda: seen.append((old in rotation.there(), rotation.held()))
    for change in (rotation.credentials.make, rotation.credentials.attempt):
        change(rotation.slot)
    assert seen == [(True, old)]
    rotation.credentials.write(rotation.slot)
    assert old in rotation.there()
    assert rotation.held() in rotation.there() - {old}


def test_a_new_key_that_does_not_work_goes_and_the_old_one_stays(rotation: Rotation) -> None:
    before = rotation.file.path.read_bytes()

    def refuse() -> None:
        raise UnreachableError("try the key", "it does not work")

    rotation.asked = refuse
    rotation.credentials.make(rotation.slot)
    with pytest.raises(UnreachableError, match="does not work"):
        rotation.credentials.attempt(rotation.slot)
    assert rotation.file.path.read_bytes() == before
    assert rotation.there() == {rotation.held()}
    assert Leftovers().all() == ()


def test_a_new_key_that_cannot_be_written_goes_and_the_old_one_stays(rotation: Rotation) -> None:
    rotation.credentials.make(rotation.slot)
    rotation.credentials.attempt(rotation.slot)
    rotation.file.path.chmod(0o400)
    with pytest.raises(ConfigError, match="read-only"):
        rotation.credentials.write(rotation.slot)
    assert rotation.there() == {rotation.held()}
    assert Leftovers().all() == ()


@pytest.mark.parametrize("changes", [1, 2, 3])
def test_a_run_that_was_killed_after_any_change_is_finished_by_the_next(
    rotation: Rotation, changes: int
) -> None:
    credentials = rotation.credentials
    for change in (credentials.make, credentials.attempt, credentials.write)[:changes]:
        change(rotation.slot)
    (key,), notes = rotation.target().leftovers()
    assert notes == ()
    assert key.key != rotation.held()
    rotation.target().delete_key(key)
    assert rotation.there() == {rotation.held()}
    assert Leftovers().all() == ()


def test_a_deletion_that_failed_is_on_a_list_that_the_next_plan_shows_and_finishes(
    rotation: Rotation,
) -> None:
    old = rotation.held()
    for change in ("make", "attempt", "write"):
        getattr(rotation.credentials, change)(rotation.slot)
    rotation.standin.fault("no-permission@api-key delete")
    target = rotation.target()
    lines: list[str] = []
    plan = plan_of(Desired(()), observe(target, Desired(())))
    assert [step.title for step in plan.steps] == [f"delete the old key {old} of {CLUSTER}"]
    with pytest.raises(AccessError):
        apply(target, plan, {}, lines.append)
    assert lines[0].startswith("failed: delete the old key")

    kept = Leftovers().path
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    secrets = [key["secret"] for key in rotation.standin.state()["api_keys"].values()]
    assert not [secret for secret in secrets if secret in kept.read_text()]

    rotation.standin.fault()
    apply(target, plan_of(Desired(()), observe(target, Desired(()))), {}, lines.append)
    assert rotation.there() == {rotation.held()}
    assert not plan_of(Desired(()), observe(target, Desired(()))).is_drift


def test_not_found_is_believed_only_of_a_list_that_shows_others(rotation: Rotation) -> None:
    old = rotation.held()
    for change in ("make", "attempt", "write"):
        getattr(rotation.credentials, change)(rotation.slot)
    rotation.standin.fault("unseen")
    (key,), _ = rotation.target().leftovers()
    with pytest.raises(AccessError, match="may not see") as caught:
        rotation.target().delete_key(key)
    assert caught.value.fix.endswith(f"confluent api-key delete {old} --force")
    assert rotation.target().leftovers()[0] == (key,)

    rotation.standin.fault()
    rotation.access.delete_key(old, CLUSTER)  # somebody else was faster
    rotation.target().delete_key(key)
    assert Leftovers().all() == ()


def test_a_key_that_may_not_be_looked_at_is_not_gone(rotation: Rotation) -> None:
    rotation.standin.fault("unseen@api-key delete")
    with pytest.raises(AccessError, match="may not see"):
        rotation.access.delete_key(rotation.held(), CLUSTER)


def test_a_key_whose_rotation_is_all_but_done_is_not_rotated_again(rotation: Rotation) -> None:
    registry = {"SCHEMA_REGISTRY_API_KEY": "R", "SCHEMA_REGISTRY_API_SECRET": "s"}
    rotation.file.write(registry)
    changes = rotation.target().rotation(CLIENT, rotation.file)
    old = rotation.held()
    assert changes[:4] == (
        KeyChange("make", CLUSTER),
        KeyChange("try", CLUSTER),
        KeyChange("write", CLUSTER),
        KeyChange("delete", CLUSTER, old),
    )
    for change in ("make", "attempt", "write"):
        getattr(rotation.credentials, change)(rotation.slot)
    left = rotation.target().rotation(CLIENT, rotation.file)
    assert {change.resource for change in left} == {REGISTRY}


def test_a_key_that_was_perhaps_made_is_to_be_looked_for(rotation: Rotation) -> None:
    rotation.standin.fault("late-busy@api-key create")
    with pytest.raises(UnreachableError) as caught:
        rotation.credentials.make(rotation.slot)
    assert f"confluent api-key list --resource {CLUSTER}" in caught.value.fix


@pytest.mark.parametrize(
    ("old", "held", "useless"),
    [("O", "N", "O"), ("O", "O", "N"), ("", None, "N"), ("", "N", ""), ("O", "X", None)],
)
def test_what_the_file_holds_says_which_key_nobody_needs(
    old: str, held: str | None, useless: str | None
) -> None:
    assert Unfinished("env-1", CLUSTER, old, "N", "/x/.env").useless(held) == useless


def test_a_file_that_holds_neither_key_is_told_and_nothing_is_deleted(rotation: Rotation) -> None:
    rotation.credentials.make(rotation.slot)
    there = rotation.there()
    rotation.file.write({"SASL_USERNAME": "SOMEBODY"})
    keys, (note,) = rotation.target().leftovers()
    assert keys == ()
    assert "holds neither key" in note
    assert rotation.there() == there


def test_a_damaged_list_is_named(rotation: Rotation) -> None:
    Leftovers().path.write_text('[{"key": "?"}]')
    with pytest.raises(ConfigError, match="no list of unfinished keys"):
        rotation.target().leftovers()
