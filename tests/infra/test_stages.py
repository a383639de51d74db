"""One declaration for several environments, keys and schemas, as `freezer topics` shows it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from freezer_events.errors import ConfigError, UsageError
from freezer_events.registry.registered import Reference, Registered
from freezer_events.schema.catalogue import Catalogue
from freezer_events.schema.levels import Level
from freezer_infra.planner.apply import apply, verify
from freezer_infra.planner.declared import load
from freezer_infra.planner.desired import Access, Desired
from freezer_infra.planner.observed import observe
from freezer_infra.planner.plan import make as plan_of
from freezer_infra.planner.schemas import RegisterSchema, SetLevel, Subject
from freezer_infra.planner.target import Right, Topic
from tests.infra.memory_target import MemoryTarget
from tests.infra.standin.harness import CLUSTER, ENVIRONMENT, Standin, make
from tests.infra.test_desired import catalogue, toml
from tests.support.cloud import Cloud, checkout

if TYPE_CHECKING:
    from freezer_infra.planner.plan import Plan

ROOT = Path(__file__).resolve().parents[2]
STAGES = """
[events.freezer-reading]
replication = 1
configs."retention.ms" = 1000
configs."cleanup.policy" = "delete"

[[access]]
service_account = "freezer-producer"
allow = "produce"
event = "freezer-reading"

[stages.dev]

[stages.prod]
cluster = "lkc-9"
environment = "env-9"
replication = 3
configs."min.insync.replicas" = 2
service_accounts.freezer-producer = "freezer-producer-prod"
[stages.prod.events.freezer-reading]
partitions = 12
configs."retention.ms" = 2000
"""


class TestStages:
    """`[stages.NAME]` and `--stage`."""

    def test_a_stage_overrides_and_leaves_the_rest(self, tmp_path: Path) -> None:
        prod = load(toml(tmp_path, STAGES), catalogue(tmp_path), stage="prod")
        configs = {"retention.ms": "2000", "cleanup.policy": "delete", "min.insync.replicas": "2"}
        assert prod.topics == (Topic("freezer-temperatura", 12, configs, 3),)
        assert prod.access[0].account == "freezer-producer-prod"
        assert (prod.stage.cluster, prod.stage.environment) == ("lkc-9", "env-9")

    @pytest.mark.parametrize("stage", ["dev", None])
    def test_without_a_word_nothing_is_different(self, tmp_path: Path, stage: str | None) -> None:
        there = load(toml(tmp_path, STAGES), catalogue(tmp_path), stage=stage)
        configs = {"retention.ms": "1000", "cleanup.policy": "delete"}
        assert there.topics == (Topic("freezer-temperatura", 3, configs, 1),)
        assert there.access[0].account == "freezer-producer"

    def test_an_unknown_stage_is_told_those_there_are(self, tmp_path: Path) -> None:
        with pytest.raises(UsageError) as caught:
            load(toml(tmp_path, STAGES), catalogue(tmp_path), stage="live")
        assert caught.value.fix == "stages there: dev, prod"

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("[stages.a]\nclusters = 1", "[stages.a] clusters: no such key"),
            ("[stages.a.events.x]\npartitions = 1", "[stages.a.events] x: no such key"),
            ("[stages.a.topics.t]\npartitions = 1", "[stages.a.topics] t: no such key"),
            ('[stages.a.service_accounts]\np = "q"', "[stages.a.service_accounts] p: no such key"),
            ("[stages.a.events.freezer-reading]\npartitions = 0", "partitions: 0 is less than 1"),
        ],
    )
    def test_a_mistake_is_found_whichever_stage_is_meant(
        self, tmp_path: Path, text: str, said: str
    ) -> None:
        with pytest.raises(ConfigError) as caught:
            load(toml(tmp_path, text), catalogue(tmp_path))
        assert said in str(caught.value)


class TestAccess:
    """Keys of several accounts, and names that begin alike."""

    def test_each_account_has_a_file(self, tmp_path: Path) -> None:
        text = "".join(
            f'[[access]]\nservice_account = "{name}"\nallow = "produce"\n'
            f'event = "freezer-reading"\nenv_file = ".env.{name}"\n'
            for name in ("a", "b")
        )
        found = load(toml(tmp_path, text), catalogue(tmp_path))
        assert found.key_files() == {".env.a": "a", ".env.b": "b"}
        with pytest.raises(ConfigError, match="gets the key of 'a' already"):
            load(toml(tmp_path, text.replace(".env.b", ".env.a")), catalogue(tmp_path))

    def test_a_prefix_is_a_right_on_all_that_begin_with_it(self, tmp_path: Path) -> None:
        text = '[[access]]\nservice_account = "p"\nallow = "produce"\ntopic_prefix = "freezer-"\n'
        (access,) = load(toml(tmp_path, text), catalogue(tmp_path)).access
        subject = "freezer-temperatura-value"
        expected = Access("p", "produce", "freezer-temperatura", subject=subject, prefix="freezer-")
        assert access == expected
        assert access.rights() == {
            Right("WRITE", "TOPIC", "freezer-", "PREFIXED"),
            Right("DESCRIBE", "TOPIC", "freezer-", "PREFIXED"),
            Right("READ", "SUBJECT", "freezer-", "PREFIXED"),
        }
        with pytest.raises(ConfigError, match="no declared topic begins with 'door-'"):
            load(toml(tmp_path, text.replace('freezer-"', 'door-"')), catalogue(tmp_path))


V1 = '{"type": "record", "name": "R", "fields": [{"name": "a", "type": "int"}]}'
V2 = V1.replace("}]}", '}, {"name": "b", "type": "int", "default": 0}]}')
BREAK = V1.replace("int", "string")
SUBJECT = Subject("t-value", "t", Level.FULL, {1: V1, 2: V2})


@dataclass
class MemoryStore:
    """A registry in memory that keeps the contract of `schemas.SubjectStore`."""

    levels: dict[str, str] = field(default_factory=dict)
    held: list[Registered] = field(default_factory=list)
    references: dict[tuple[str, int], tuple[Reference, ...]] = field(default_factory=dict)

    def level(self, subject: str) -> str | None:
        return self.levels.get(subject)

    def versions(self, subject: str) -> list[Registered]:
        return [each for each in self.held if each.subject == subject]

    def set_level(self, subject: str, level: Level) -> None:
        self.levels[subject] = str(level)

    def register(
        self, subject: str, text: str, references: tuple[Reference, ...] = ()
    ) -> Registered:
        number = len(self.versions(subject)) + 1
        self.references[subject, number] = references
        self.held.append(Registered(subject, number, len(self.held) + 1, text))
        return self.held[-1]


class TestSchemas:
    """Subject, level and versions in the plan."""

    @pytest.fixture
    def registry(self) -> MemoryStore:
        return MemoryStore()

    def plan(self, registry: MemoryStore, subject: Subject) -> Plan:
        desired = Desired((), (), (subject,))
        return plan_of(desired, observe(MemoryTarget(), desired, (), registry))

    def test_the_level_comes_before_what_it_is_to_judge(self, registry: MemoryStore) -> None:
        plan = self.plan(registry, SUBJECT)
        assert plan.steps == (
            RegisterSchema("t-value", 1, V1),
            SetLevel("t-value", Level.FULL, None),
            RegisterSchema("t-value", 2, V2),
        )
        said: list[str] = []
        apply(MemoryTarget(), plan, {}, said.append, registry)
        assert said[0].startswith("done: register v1 in subject t-value: version 1, schema id ")
        verify(MemoryTarget(), Desired((), (), (SUBJECT,)), (), registry, within_s=0)
        assert not self.plan(registry, SUBJECT).is_drift

    def test_a_shared_type_is_registered_under_its_own_name_and_referred_to(
        self, registry: MemoryStore
    ) -> None:
        event = Catalogue(ROOT / "schemas").event("freezer-reading")
        (subject,) = (
            each
            for each in load(None, Catalogue(ROOT / "schemas")).subjects
            if each.topic == event.topic
        )
        apply(MemoryTarget(), self.plan(registry, subject), {}, print, registry)
        (device,) = registry.versions("freezer.events.Device")
        name = "freezer.events.Device"
        used = (Reference(name, name, device.version),)
        assert registry.references[subject.name, max(subject.versions)] == used
        assert registry.references[subject.name, 1] == ()

    def test_a_level_that_somebody_changed_is_drift(self, registry: MemoryStore) -> None:
        apply(MemoryTarget(), self.plan(registry, SUBJECT), {}, print, registry)
        registry.set_level("t-value", Level.NONE)
        assert self.plan(registry, SUBJECT).steps == (SetLevel("t-value", Level.FULL, "NONE"),)

    def test_a_version_that_breaks_is_refused_before_anything(self, registry: MemoryStore) -> None:
        registry.register("t-value", V1)
        plan = self.plan(registry, Subject("t-value", "t", Level.FULL, {1: BREAK}))
        (refusal,) = plan.refusals
        assert refusal.why == "v1 breaks what subject t-value holds under FULL"
        assert plan.steps == ()

    def test_what_is_only_in_the_registry_is_told_and_left(self, registry: MemoryStore) -> None:
        apply(MemoryTarget(), self.plan(registry, SUBJECT), {}, print, registry)
        plan = self.plan(registry, Subject("t-value", "t", Level.FULL, {1: V1}))
        assert plan.notes == ("t-value: the registry has version 2, and it is not here",)
        assert not plan.is_drift


class TestCommands:
    """`freezer topics`, on the stand-in."""

    @pytest.fixture
    def cloud(self, tmp_path: Path) -> Cloud:
        standin: Standin = make(tmp_path / "cloud")
        standin.log_in()
        where = {"CONFLUENT_CLUSTER": CLUSTER, "CONFLUENT_ENVIRONMENT": ENVIRONMENT}
        state = {"XDG_STATE_HOME": str(tmp_path / "state")}
        return Cloud(standin, checkout(tmp_path / "checkout"), where | state)

    def declare(self, cloud: Cloud, text: str) -> None:
        (cloud.folder / "infra" / "topics.toml").write_text(text)

    def test_a_plan_names_its_stage_in_its_first_line(self, cloud: Cloud) -> None:
        here = STAGES.replace("lkc-9", CLUSTER).replace("env-9", ENVIRONMENT)
        self.declare(cloud, here)
        nowhere = cloud.having(CONFLUENT_CLUSTER="", CONFLUENT_ENVIRONMENT="")
        planned = nowhere.infra("plan", "--stage", "prod")
        assert planned.returncode == 0, planned.stderr
        first = planned.stdout.splitlines()[0]
        assert first == f"Plan for {CLUSTER} in {ENVIRONMENT}, stage prod:"
        told = json.loads(nowhere.infra("plan", "--stage", "prod", "--output", "json").stdout)
        assert (told["version"], told["stage"]) == (1, "prod")
        assert told["target"] == f"{CLUSTER} in {ENVIRONMENT}"

    def test_a_stage_and_the_environment_must_not_contradict(self, cloud: Cloud) -> None:
        self.declare(cloud, STAGES)
        refused = cloud.infra("plan", "--stage", "prod")
        assert refused.returncode == 2, refused.stderr
        assert "its cluster is lkc-9" in refused.stderr
        assert cloud.standin.calls() == cloud.standin.calls()[:1]  # the login of this test

    def test_schemas_need_a_key_of_ones_own(self, cloud: Cloud) -> None:
        self.declare(cloud, "schemas = true\n")
        (cloud.folder / ".env").write_text(
            "SCHEMA_REGISTRY_URL=https://x\nSCHEMA_REGISTRY_API_KEY=producers\n"
            "SCHEMA_REGISTRY_API_SECRET=s\n"
        )
        refused = cloud.infra("plan")
        assert refused.returncode == 3, refused.stderr
        assert "the one in .env is the producer's" in " ".join(refused.stderr.split())
        assert cloud.infra("plan", "--without-schemas").returncode == 0

    def test_what_is_imported_needs_no_change(self, cloud: Cloud) -> None:
        scope = ("--cluster", CLUSTER, "--environment", ENVIRONMENT)
        create = ("kafka", "topic", "create")
        for argv in (
            ("freezer-temperatura", "--partitions", "3", "--config", "retention.ms=5000"),
            ("doors.open", "--partitions", "2", "--config", "cleanup.policy=compact"),
        ):
            assert cloud.standin.run(*create, *argv, *scope).returncode == 0
        there = cloud.folder / "infra" / "topics.toml"
        refused = cloud.infra("import")
        assert refused.returncode == 2, refused.stderr
        there.unlink()
        imported = cloud.infra("import")
        assert imported.returncode == 0, imported.stderr
        text = there.read_text()
        assert '[events.freezer-reading]\nconfigs."retention.ms" = "5000"\n' in text
        expected = '[topics."doors.open"]\npartitions = 2\nconfigs."cleanup.policy" = "compact"\n'
        assert expected in text
        checked = cloud.infra("check")
        assert checked.returncode == 0, checked.stdout
        assert "not declared" not in checked.stdout
