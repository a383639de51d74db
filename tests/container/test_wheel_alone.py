"""The wheel in an empty environment of each Python, a folder of schemas, and the real Kafka.

The way of somebody who never sees the checkout: an event of one's own, from its first field to
typed events read back.
"""

from __future__ import annotations

import json
import subprocess
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.support import wheel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from confluent_kafka.admin import AdminClient

    from freezer_infra.local.stack import Stack

pytestmark = pytest.mark.timeout(400, func_only=True)

VERSIONS = ("3.11", "3.12", "3.13")
WITHIN_S = 60
DOORS = [
    {"door_id": "cellar", "open": True},
    {"door_id": "cellar", "open": False},
    {"door_id": "attic", "open": True},
]
TYPED = """
import sys
from my_events import EVENTS, DoorEvent
assert EVENTS["door-event"].record is DoorEvent
print(*sys.version_info[:2], sep=".")
print(DoorEvent(door_id="cellar", open=True))
"""


@dataclass(frozen=True)
class Installed:
    """A folder of somebody's own, and the `freezer` that is installed for it."""

    freezer: Path
    folder: Path

    def __call__(self, *args: str) -> str:
        return self.run(self.freezer, *args)

    def run(self, *argv: str | Path) -> str:
        """Run a program there, see that it succeeds, and return what it printed."""
        done = subprocess.run(
            argv,
            cwd=self.folder,
            env={"PATH": "/usr/bin:/bin", "HOME": str(self.folder)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=WITHIN_S,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def environments(
    built_wheel: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Future[Path]]]:
    """Give, by version, the `freezer` of an environment that is being made beside the others."""
    pythons = {version: wheel.interpreter(version) for version in VERSIONS}
    with ThreadPoolExecutor(len(pythons)) as pool:
        yield {
            version: pool.submit(wheel.install, built_wheel, python, tmp_path_factory.mktemp("env"))
            for version, python in pythons.items()
            if python is not None
        }


@pytest.fixture
def topic(new_topic: Callable[[], str], forget_subject: Callable[[str], None]) -> str:
    """Give the name of a topic that is not there; it and its subject are deleted later."""
    name = new_topic()
    forget_subject(f"{name}-value")
    return name


@pytest.mark.parametrize("version", VERSIONS)
def test_an_event_of_ones_own_goes_the_whole_way(
    version: str,
    environments: dict[str, Future[Path]],
    stack: Stack,
    admin: AdminClient,
    topic: str,
    tmp_path: Path,
) -> None:
    if version not in environments:
        pytest.skip(f"no python{version} on PATH or among pyenv's versions: not tested with it")
    freezer = Installed(environments[version].result(), tmp_path)

    freezer(
        *("schema", "new", "door-event", "--key", "door_id"),
        *("--field", "open: boolean  # Whether it stood open."),
    )
    toml = tmp_path / "schemas" / "door-event" / "event.toml"
    toml.write_text(toml.read_text().replace('topic = "door-event"', f'topic = "{topic}"'))
    assert "door-event: released v1" in freezer("schema", "release")
    assert "no problems in the schemas" in freezer("schema", "check")
    freezer("schema", "generate", "--into", "my_events")
    assert "no problems" in freezer("schema", "check", "--into", "my_events")
    shown = freezer.run(freezer.freezer.with_name("python"), "-c", TYPED)
    assert shown == f"{version}\nDoorEvent(door_id='cellar', open=True)\n"

    (tmp_path / ".env").write_text(
        f"BOOTSTRAP_SERVERS={stack.bootstrap}\nSCHEMA_REGISTRY_URL={stack.registry_url}\n"
    )
    assert f"+ create topic {topic}" in freezer("topics", "plan")
    freezer("topics", "apply", "--yes")
    assert len(admin.list_topics(topic, timeout=WITHIN_S).topics[topic].partitions) == 3
    freezer("topics", "check")
    assert "producers write it" in freezer("schema", "register")
    freezer("schema", "status")
    freezer("doctor")

    (tmp_path / "doors.jsonl").write_text("".join(json.dumps(each) + "\n" for each in DOORS))
    assert "3 events read, 3 delivered" in freezer("produce", "--from", "doors.jsonl")
    assert "2 events read, 2 delivered" in freezer(
        "produce", "--into", "my_events", "--count", "2", "--interval", "0"
    )
    read = freezer("consume", "--from-beginning", "--until-end", "--output", "json").splitlines()
    events = [json.loads(line) for line in read]
    assert len(events) == 5
    for door in ("cellar", "attic"):
        sent = [each for each in DOORS if each["door_id"] == door]
        assert [each for each in events if each["door_id"] == door] == sent
