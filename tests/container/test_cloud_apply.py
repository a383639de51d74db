"""`freezer topics plan|apply|check --target cloud`, as a user runs it."""

from __future__ import annotations

import json
import os
import re
import signal
import stat
import sys
import time
from typing import TYPE_CHECKING

import pytest
from confluent_kafka.cimpl import NewTopic
from dotenv import dotenv_values

from tests.support import cloud as clouds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from confluent_kafka.admin import AdminClient

    from freezer_infra.local.stack import Stack
    from tests.support.cloud import Cloud

WITHIN_S = 15.0
MINE = "# mine\r\nexport CLIENT_ID='me' # why\r\n\r\nKAFKA_LATER=1\r\n"


@pytest.fixture
def cloud(
    secured: Stack, admin: AdminClient, new_topic: Callable[[], str], tmp_path: Path
) -> Iterator[Cloud]:
    with clouds.opened(secured, admin, new_topic(), tmp_path) as opened:
        yield opened


def topic_of(cloud: Cloud) -> str:
    return cloud.settings["TOPIC"]


def test_plan_shows_and_changes_nothing(cloud: Cloud) -> None:
    planned = cloud.infra("plan")
    assert planned.returncode == 0, planned.stderr
    assert "Plan for lkc-123456 in env-123456:" in planned.stdout
    assert re.search(rf"\+ create topic {topic_of(cloud)}\n +partitions +3\n", planned.stdout)
    assert f"      describe, write topic {topic_of(cloud)}\n" in planned.stdout
    assert f"      read subject {topic_of(cloud)}-value\n" in planned.stdout
    assert max(map(len, planned.stdout.splitlines())) <= 80
    assert cloud.changes() == []


def test_apply_then_ten_readings_then_nothing_to_do(cloud: Cloud, admin: AdminClient) -> None:
    cloud.env_file.write_bytes(MINE.encode())
    assert cloud.infra("check").returncode == 1
    applied = cloud.infra("apply", "--yes", "--write-env", ".env")
    assert applied.returncode == 0, applied.stderr
    assert f"done: create topic {topic_of(cloud)}\n" in applied.stderr
    assert applied.stderr.endswith("read back: everything is as declared\n")
    assert len(admin.list_topics(timeout=WITHIN_S).topics[topic_of(cloud)].partitions) == 3

    assert cloud.env_file.read_bytes().startswith(MINE.encode())
    assert stat.S_IMODE(cloud.env_file.stat().st_mode) == 0o600
    before, changes = cloud.env_file.read_bytes(), cloud.changes()
    # What a second apply does, also where the CLI has learnt new words and warns of its age.
    cloud.standin.fault("extra-field,warn-stderr")
    again = cloud.infra("apply", "--write-env", ".env")
    assert again.returncode == 0, again.stderr
    assert "Nothing to do: everything is as declared." in again.stdout
    assert cloud.infra("check", "--write-env", ".env").returncode == 0
    assert cloud.changes() == changes
    assert cloud.env_file.read_bytes() == before

    said = applied.stdout + applied.stderr + again.stdout + again.stderr
    argv = json.dumps([call["argv"] for call in cloud.standin.calls()])
    secrets = cloud.secrets()
    assert len(secrets) == 2
    assert not [secret for secret in secrets if secret in said or secret in argv]
    assert sorted(secrets) == sorted(
        (cloud.held()["SASL_PASSWORD"], cloud.held()["SCHEMA_REGISTRY_API_SECRET"])
    )


def test_each_producer_has_a_key_in_a_file_of_its_own(cloud: Cloud) -> None:
    declared = cloud.folder / "infra" / "topics.toml"
    accounts = ("freezer-producer", "freezer-reader")
    text = declared.read_text()
    for name in accounts:
        line = f'\nservice_account = "{name}"\n'
        text = text.replace(line, f'{line}env_file = ".env.{name}"\n')
    declared.write_text(text)
    assert "write the key" not in cloud.infra("plan").stdout
    applied = cloud.infra("apply", "--yes", "--write-keys")
    assert applied.returncode == 0, applied.stderr
    held = [dotenv_values(cloud.folder / f".env.{name}") for name in accounts]
    owners = {
        account["name"]: account["id"] for account in cloud.standin.state()["service_accounts"]
    }
    keys = cloud.standin.state()["api_keys"]
    for name, file in zip(accounts, held, strict=True):
        assert keys[file["SASL_USERNAME"]]["owner"] == owners[name]
    assert cloud.infra("check", "--write-keys").returncode == 0
    rotated = cloud.infra("apply", "--yes", "--rotate-key", "freezer-reader")
    assert "write the new key for lkc-123456 to .env.freezer-reader" in rotated.stdout
    assert rotated.returncode == 0, rotated.stderr


def test_a_rotated_key_takes_over_and_the_old_one_goes(cloud: Cloud) -> None:
    assert cloud.infra("apply", "--yes", "--write-env", ".env").returncode == 0
    old = cloud.held()
    rotating = ("apply", "--yes", "--rotate-key", "freezer-producer")
    # A key that takes its time: until it works the file keeps the old one.
    cloud.standin.fault("slow-key:1")
    rotated = cloud.infra(*rotating)
    assert rotated.returncode == 0, rotated.stderr
    done = [line.partition(": ")[2] for line in rotated.stderr.splitlines() if "done: " in line]
    assert [title.split()[0] for title in done] == 2 * ["make", "try", "write", "delete"]
    assert f"delete the old key {old['SASL_USERNAME']} of lkc-123456" in done
    assert "waiting until the cluster knows the API key" in rotated.stderr
    new = cloud.held()
    for name in ("SASL_USERNAME", "SCHEMA_REGISTRY_API_KEY"):
        assert new[name] != old[name]
    assert set(cloud.standin.state()["api_keys"]) == {
        new["SASL_USERNAME"],
        new["SCHEMA_REGISTRY_API_KEY"],
    }
    unknown = cloud.infra("apply", "--yes", "--rotate-key", "nobody")
    assert unknown.returncode == 2
    assert "freezer-producer, freezer-reader" in unknown.stderr


def test_a_rotation_whose_old_key_cannot_be_deleted_says_so_and_is_finished_later(
    cloud: Cloud,
) -> None:
    assert cloud.infra("apply", "--yes", "--write-env", ".env").returncode == 0
    old = cloud.held()
    cloud.standin.fault("unseen@api-key delete")
    rotated = cloud.infra("apply", "--yes", "--rotate-key", "freezer-producer")
    assert rotated.returncode == 4, rotated.stderr
    deletion = f"delete the old key {old['SASL_USERNAME']} of lkc-123456"
    assert f"failed: {deletion}" in rotated.stderr
    assert "3 of 8 steps are done" in rotated.stderr
    assert cloud.held()["SASL_USERNAME"] != old["SASL_USERNAME"]
    cloud.standin.fault()
    assert cloud.infra("check").returncode == 1
    assert f"  ~ {deletion}\n" in cloud.infra("plan").stdout
    finished = cloud.infra("apply", "--yes")
    assert finished.returncode == 0, finished.stderr
    assert old["SASL_USERNAME"] not in cloud.standin.state()["api_keys"]
    assert cloud.infra("check").returncode == 0


def test_a_busy_cloud_may_have_made_the_key(cloud: Cloud) -> None:
    cloud.standin.fault("late-busy@api-key create")
    failed = cloud.infra("apply", "--yes", "--write-env", ".env")
    assert failed.returncode == 6, failed.stderr
    assert "perhaps done: write the key of freezer-producer to .env" in failed.stderr
    assert "confluent api-key list --resource lkc-123456" in failed.stderr


@pytest.mark.parametrize("killed_after", [1, 3])
def test_a_cli_killed_half_way_is_told_and_a_second_run_completes(
    cloud: Cloud, killed_after: int
) -> None:
    cloud.standin.fault(f"kill-after:{killed_after}")
    killed = cloud.infra("apply", "--yes", "--write-env", ".env")
    assert killed.returncode == 6
    steps = re.findall(r"^(?:done|perhaps done|not done): .*", killed.stderr, re.MULTILINE)
    assert [step.partition(":")[0] for step in steps].count("perhaps done") == 1
    assert f"done: create topic {topic_of(cloud)}" in steps
    assert "not done: write the key of freezer-producer to .env" in steps
    assert "it is safe to apply again: that does the rest" in killed.stderr
    assert "ended by signal 9" in killed.stderr
    cloud.standin.fault()
    completed = cloud.infra("apply", "--yes", "--write-env", ".env")
    assert completed.returncode == 0, completed.stderr
    assert f"= {topic_of(cloud)} is as declared" in completed.stdout
    assert len(cloud.secrets()) == 2


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_being_stopped_half_way_tells_what_is_done_and_leaves_no_cli_running(
    cloud: Cloud, number: signal.Signals, code: int
) -> None:
    cloud.standin.fault("hang@kafka acl create")
    run = cloud.start(sys.executable, "-m", "freezer_events.cli", "topics", "apply", "--yes")
    assert run.stderr
    said = ""
    while "done: create service account" not in said:
        said += run.stderr.readline()
    while "kafka acl create" not in cloud.standin.verbs():
        time.sleep(0.05)  # the test's own limit ends this
    run.send_signal(number)
    said += run.communicate(timeout=clouds.WITHIN_S)[1]
    assert run.returncode == code, said
    assert "done: create service account freezer-producer\n" in said
    assert "perhaps done: allow freezer-producer" in said
    assert "not done: create service account freezer-reader" in said
    assert "Traceback" not in said
    for mark in (cloud.standin.home / ".confluent").glob("running.*"):
        with pytest.raises(ProcessLookupError):
            os.kill(int(mark.suffix[1:]), 0)


def test_a_key_is_not_made_twice_when_the_registrys_failed(cloud: Cloud) -> None:
    cloud.standin.fault("no-permission@schema-registry cluster describe")
    refused = cloud.infra("apply", "--yes", "--write-env", ".env")
    assert refused.returncode == 4, refused.stderr
    assert cloud.changes() == []


def test_two_applies_at_once_make_one_of_everything(cloud: Cloud) -> None:
    argv = (
        sys.executable,
        "-m",
        "freezer_events.cli",
        "topics",
        "apply",
        "--yes",
        "--write-env",
        ".env",
    )
    runs = [cloud.start(*argv) for _ in range(2)]
    ended = [run.communicate(timeout=clouds.WITHIN_S) for run in runs]
    assert [run.returncode for run in runs] == [0, 0], ended
    assert sum("Nothing to do" in stdout for stdout, _ in ended) == 1
    assert sum("another run is using the Confluent CLI" in stderr for _, stderr in ended) == 1
    assert len(cloud.secrets()) == 2
    assert not any(call["together"] for call in cloud.standin.calls())


@pytest.mark.parametrize(
    ("partitions", "code", "said"),
    [(3, 0, "and it is as declared"), (2, 1, "differently: has 2 partitions, 3 are declared")],
)
def test_a_topic_made_by_somebody_while_the_question_stood(
    cloud: Cloud, admin: AdminClient, partitions: int, code: int, said: str
) -> None:
    (cloud.folder / "topics.toml").write_text("")
    ours, theirs = os.openpty()
    asked = cloud.start(
        sys.executable,
        "-m",
        "freezer_events.cli",
        "topics",
        "apply",
        "--topics",
        "topics.toml",
        stdin=theirs,
    )
    assert asked.stderr
    text = ""
    while "[y/N]" not in text:
        text += asked.stderr.read(1)
    new = NewTopic(topic_of(cloud), partitions, 1)
    admin.create_topics([new])[topic_of(cloud)].result(WITHIN_S)
    os.write(ours, b"y\n")
    _, stderr = asked.communicate(timeout=clouds.WITHIN_S)
    os.close(ours)
    os.close(theirs)
    assert asked.returncode == code, stderr
    assert said in " ".join(stderr.split())
    found = admin.list_topics(timeout=WITHIN_S).topics[topic_of(cloud)]
    assert len(found.partitions) == partitions


def test_wrong_partitions_stop_everything_until_allowed(cloud: Cloud, admin: AdminClient) -> None:
    topic = topic_of(cloud)
    admin.create_topics([NewTopic(topic, 2, 1)])[topic].result(WITHIN_S)
    refused = cloud.infra("apply", "--yes", "--write-env", ".env")
    assert refused.returncode == 1
    assert f"nothing was changed: topic {topic} has 2 partitions, 3 are declared" in refused.stderr
    assert cloud.changes() == []
    assert not cloud.env_file.exists()
    cloud.standin.fault("timeout-lie")
    raised = cloud.infra("apply", "--yes", "--allow-partition-increase")
    assert raised.returncode == 0, raised.stderr
    assert f"done: raise topic {topic} from 2 to 3 partitions" in raised.stderr


@pytest.mark.parametrize(
    ("fault", "code", "said"),
    [
        ("cut-json@kafka topic list", 6, "JSON is cut short"),
        ("network", 6, "could not be reached"),
        ("expired", 4, "login has expired"),
    ],
)
def test_trouble_before_the_first_change_changes_nothing(
    cloud: Cloud, fault: str, code: int, said: str
) -> None:
    cloud.standin.fault(fault)
    failed = cloud.infra("apply", "--yes", "--write-env", ".env")
    assert failed.returncode == code, failed.stderr
    assert said in failed.stderr
    assert "  next: " in failed.stderr
    assert "Traceback" not in failed.stderr
    assert cloud.changes() == []


def test_who_and_where_must_be_known(cloud: Cloud) -> None:
    nowhere = cloud.having(CONFLUENT_CLUSTER="").infra("plan", "--target", "cloud")
    assert (nowhere.returncode, "no cluster is named" in nowhere.stderr) == (2, True)
    no_cli = cloud.having(PATH="/bin").infra("plan")
    assert (no_cli.returncode, "install it: https://" in no_cli.stderr) == (3, True)
    cloud.standin.run("logout")
    stranger = cloud.infra("plan")
    assert (stranger.returncode, "next: confluent login" in stranger.stderr) == (4, True)


def test_a_file_that_cannot_take_a_key_stops_before_the_first_change(cloud: Cloud) -> None:
    real = cloud.folder / "real"
    real.write_text("TOPIC=\n")
    real.chmod(0o400)
    (cloud.folder / "link").symlink_to(real)
    elsewhere = cloud.folder / "elsewhere"
    elsewhere.write_text("BOOTSTRAP_SERVERS=other:9092\nSASL_USERNAME=k\nSASL_PASSWORD=s\n")
    for name, said in (
        ("real", "is read-only"),
        ("link", "symbolic link"),
        ("elsewhere", "it holds a key for BOOTSTRAP_SERVERS=other:9092"),
    ):
        refused = cloud.infra("apply", "--yes", "--write-env", name)
        assert (refused.returncode, said in refused.stderr) == (3, True), refused.stderr
    assert cloud.changes() == []
