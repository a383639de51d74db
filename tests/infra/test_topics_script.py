"""`infra/topics`, the script beside the code: the tutorial's topic through the Confluent CLI."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from tests.infra.standin.harness import CLUSTER, ENVIRONMENT, make
from tests.support.cloud import checkout

if TYPE_CHECKING:
    from pathlib import Path

TOPIC = "freezer-temperatura"


def test_apply_makes_the_tutorials_topic_with_three_partitions(tmp_path: Path) -> None:
    cloud = make(tmp_path / "cloud")
    cloud.log_in()
    cluster = {"CONFLUENT_CLUSTER": CLUSTER, "CONFLUENT_ENVIRONMENT": ENVIRONMENT}
    script = checkout(tmp_path / "checkout") / "infra" / "topics"

    def topics(*args: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [script, *args],
            cwd=tmp_path,  # whatever folder it is called from
            env=cloud.environ() | cluster,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    assert topics("check").returncode == 1
    applied = topics("apply", "--yes")
    assert applied.returncode == 0, applied.stderr
    assert cloud.state()["topics"][TOPIC]["partitions"] == 3
    (made,) = (
        call["argv"] for call in cloud.calls() if call["argv"][:3] == ["kafka", "topic", "create"]
    )
    assert made[made.index("--partitions") + 1] == "3"
    assert made[made.index("--cluster") + 1] == CLUSTER
    assert made[-1] == TOPIC
    assert topics("check").returncode == 0
