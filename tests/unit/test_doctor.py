"""`freezer doctor` without a broker: settings, registry faults, clocks, and the whole command."""

from __future__ import annotations

import json
import os
import threading
import time
from contextlib import contextmanager
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING

import pytest

from freezer_events import Settings
from freezer_events.cli.doctor import lines
from freezer_events.cli.options import find_event_type
from freezer_events.doctor import Check, Destination, Verdict, diagnose, exit_code
from freezer_events.doctor.clock import clock, judge
from freezer_events.doctor.settings_file import env_file
from freezer_events.doctor.subjects import registry, schema
from freezer_events.doctor.verdicts import Step, run
from freezer_events.errors import ConfigError
from freezer_events.schema.catalogue import Catalogue
from tests.support.cli import Freezer
from tests.support.http_faults import FaultyRegistry
from tests.support.tls_server import silent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

NAMES = [
    ".env", "dns", "tcp", "tls", "authentication", "brokers", "topic", "write",
    "registry", "schema", "clock",
]  # fmt: skip
COMPLETE = """\
BOOTSTRAP_SERVERS=localhost:9092
SASL_USERNAME=freezer
SASL_PASSWORD=a$ecret
SCHEMA_REGISTRY_URL=http://localhost:8081
"""


@pytest.fixture
def target() -> Destination:
    event_type = find_event_type("freezer-reading")
    return Destination(event_type, Catalogue.find().event("freezer-reading"), "freezer-temperatura")


@pytest.fixture
def write_env(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Settings]:
    """Give a function that writes a `.env` of this text and mode and reads the settings."""
    for key in os.environ.keys() - Freezer(tmp_path).environment.keys():
        monkeypatch.delenv(key)

    def write(text: str, mode: int = 0o600) -> Settings:
        path = tmp_path / ".env"
        path.write_text(text)
        path.chmod(mode)
        return Settings.load(path)

    return write


def one(check: Callable[[], Check]) -> Check:
    """Run one check as the doctor does."""
    (found,) = run([Step("it", check, timeout_s=30)], 60)
    return found


def with_registry(url: str) -> Settings:
    return Settings(bootstrap_servers="localhost:9092", schema_registry_url=url)


def test_a_complete_private_env_file_is_fine(write_env: Callable[..., Settings]) -> None:
    check = env_file(write_env(COMPLETE))
    assert check.verdict == "ok"
    assert "secrets private" in check.detail


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660])
def test_an_env_file_that_others_can_read_is_a_warning_with_the_command(
    write_env: Callable[..., Settings], mode: int
) -> None:
    check = env_file(write_env(COMPLETE, mode))
    assert check.verdict == "warn"
    assert check.fix.startswith("chmod 600 ")
    assert "a$ecret" not in check.detail + check.fix


def test_a_file_without_secrets_may_be_read_by_all(write_env: Callable[..., Settings]) -> None:
    open_file = "BOOTSTRAP_SERVERS=localhost:9092\nSCHEMA_REGISTRY_URL=http://localhost:8081\n"
    assert env_file(write_env(open_file, 0o644)).verdict == "ok"
    embedded = open_file.replace("http://", "http://key:secret@")
    assert env_file(write_env(embedded, 0o644)).verdict == "warn"


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("SCHEMA_REGISTRY_URL=http://r", "BOOTSTRAP_SERVERS is not set"),
        ("BOOTSTRAP_SERVERS=b:1", "SCHEMA_REGISTRY_URL is not set"),
        (
            "BOOTSTRAP_SERVERS=b:1\nSECURITY_PROTOCOL=SASL_SSL\nSCHEMA_REGISTRY_URL=http://r",
            "SASL_USERNAME is not set",
        ),
        (
            "BOOTSTRAP_SERVERS=pkc-1.eu.aws.confluent.cloud:9092\nSCHEMA_REGISTRY_URL=http://r",
            "SASL_USERNAME is not set",
        ),
        (
            "BOOTSTRAP_SERVERS=b:1\nSCHEMA_REGISTRY_URL=https://psrc-1.eu.aws.confluent.cloud",
            "SCHEMA_REGISTRY_API_KEY is not set",
        ),
        (
            "BOOTSTRAP_SERVERS=pkc-xxxxx.region.confluent.cloud:9092\nSCHEMA_REGISTRY_URL=http://r",
            "BOOTSTRAP_SERVERS still has the example's value",
        ),
    ],
)
def test_what_is_missing_is_named(write_env: Callable[..., Settings], text: str, key: str) -> None:
    with pytest.raises(ConfigError) as raised:
        env_file(write_env(text))
    assert key in raised.value.why
    assert key.split(maxsplit=1)[0] in raised.value.fix


def test_only_what_a_missing_setting_is_for_waits_for_it(target: Destination) -> None:
    checks = list(diagnose(Settings(schema_registry_url="mock://doctor"), target))
    assert [check.name for check in checks] == NAMES
    verdicts = {check.name: check.verdict.value for check in checks}
    assert [verdicts[name] for name in NAMES[1:8]] == ["skip"] * 7
    assert verdicts["registry"] == "ok"
    assert verdicts["schema"] == "fail"  # nobody registered anything in this one
    assert exit_code(checks) == 3


def test_settings_that_cannot_be_read_are_the_first_failure(target: Destination) -> None:
    checks = list(diagnose(ConfigError("TOPIC", "is no name", "rename it"), target))
    assert [check.name for check in checks] == NAMES
    assert (checks[0].detail, checks[0].fix) == ("TOPIC: is no name", "rename it")
    assert {check.detail for check in checks[1:]} == {"waits for .env"}
    assert exit_code(checks) == 3


@pytest.mark.parametrize(
    ("status", "code", "words"), [(401, 4, "HTTP 401"), (403, 4, "HTTP 403"), (503, 6, "HTTP 503")]
)
def test_a_registry_that_refuses_is_explained(
    target: Destination, status: int, code: int, words: str
) -> None:
    with FaultyRegistry(status, {"error_code": status, "message": "no"}) as faulty:
        settings = with_registry(faulty.url)
        check = one(lambda: registry(settings, target.subject, target.event_type.schema))
    assert check.exit_code == code
    assert words in check.detail
    assert check.fix


def test_an_unknown_subject_is_an_answer_and_the_schema_is_what_is_missing(
    target: Destination,
) -> None:
    with FaultyRegistry(404, {"error_code": 40401, "message": "Subject not found"}) as faulty:
        settings = with_registry(faulty.url)
        answered = one(lambda: registry(settings, target.subject, target.event_type.schema))
        check = one(lambda: schema(settings, target.subject, target.event_type, target.spec))
    assert answered.verdict == "ok"
    assert check.exit_code == 5
    assert "freezer-temperatura-value has no versions" in check.detail
    assert check.fix == "freezer schema register"


def test_code_that_was_not_generated_again_is_found_without_asking(
    target: Destination, tmp_path: Path
) -> None:
    folder = tmp_path / "freezer-reading"
    folder.mkdir()
    for name in ("event.toml", f"v{target.spec.version}.avsc"):
        text = (target.spec.folder / name).read_text(encoding="utf-8")
        (folder / name).write_text(text.replace('"temperature"', '"celsius"'), encoding="utf-8")
    spec = Catalogue(tmp_path).event("freezer-reading")
    settings = with_registry("http://localhost:1")
    check = one(lambda: schema(settings, target.subject, target.event_type, spec))
    assert check.exit_code == 5
    assert check.fix == "freezer schema generate"


@pytest.mark.parametrize("ahead_s", [0, 29, -29])
def test_a_clock_within_half_a_minute_is_fine(ahead_s: float) -> None:
    assert judge(ahead_s).verdict == "ok"


@pytest.mark.parametrize(("ahead_s", "words"), [(31, "31 s ahead"), (-90, "90 s behind")])
def test_a_clock_that_is_off_is_a_warning(ahead_s: float, words: str) -> None:
    check = judge(ahead_s)
    assert check.verdict == "warn"
    assert words in check.detail


def test_a_clock_so_far_ahead_that_brokers_refuse_is_a_failure() -> None:
    with pytest.raises(ConfigError, match="more than an hour ahead"):
        judge(3700)
    assert judge(-7200).verdict == "warn"  # brokers take what is old


@contextmanager
def dated(date: str | None) -> Iterator[str]:
    """Serve answers that carry this date."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response_only(401)
            if date:
                self.send_header("Date", date)
            self.send_header("Content-Length", "0")
            self.end_headers()

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_the_clock_is_compared_with_the_registrys_whatever_its_status() -> None:
    with dated(formatdate(time.time() - 600, usegmt=True)) as url:
        check = clock(with_registry(url))
    assert check.verdict == "warn"
    assert "ahead of the registry" in check.detail


@pytest.mark.parametrize("date", [None, "yesterday"])
def test_an_answer_without_a_date_gives_no_verdict(date: str | None) -> None:
    with dated(date) as url:
        assert clock(with_registry(url)).verdict == "skip"


def test_lines_fit_a_terminal_and_are_aligned() -> None:
    check = Check("topic", Verdict.FAIL, "word " * 40, "freezer topics apply " * 5, 3)
    shown = lines(check)
    assert max(map(len, shown)) <= 80
    assert shown[0].startswith("fail  topic           word")
    assert all(line.startswith(" " * 22) for line in shown[1:])
    assert shown[1].split()[0] == "word"
    assert any("next: freezer topics apply" in line for line in shown)


def test_a_malformed_env_file_is_explained_and_exits_3(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("BOOTSTRAP_SERVERS=nonsense\nSASL_PASSWORD=s3cret\n")
    done = Freezer(tmp_path)("doctor")
    assert done.returncode == 3, done.stderr
    assert done.stdout.splitlines()[0].startswith("fail  .env            BOOTSTRAP_SERVERS: ")
    assert done.stdout.count("waits for .env") == 10
    assert "s3cret" not in done.stdout + done.stderr
    assert "not ready: .env comes first" in done.stderr


def test_servers_that_hang_cost_no_more_than_was_given(tmp_path: Path) -> None:
    with silent() as broker, FaultyRegistry(hang=True) as faulty:
        run_it = Freezer(
            tmp_path,
            {"BOOTSTRAP_SERVERS": broker, "SCHEMA_REGISTRY_URL": faulty.url},
            timeout_s=20,
        )
        done = run_it("doctor", "--timeout", "3", "--output", "json")
    assert done.returncode == 6, done.stderr
    found = json.loads(done.stdout)
    assert found["exit_code"] == 6
    assert not found["ready"]
    verdicts = {check["name"]: check["verdict"] for check in found["checks"]}
    assert list(verdicts) == NAMES
    assert (verdicts["tcp"], verdicts["authentication"], verdicts["registry"]) == (
        "ok",
        "fail",
        "fail",
    )
    assert {verdicts[name] for name in ("brokers", "topic", "write", "schema", "clock")} == {"skip"}
    assert done.stderr == ""


def test_a_property_that_does_not_exist_is_a_setting_to_mend(tmp_path: Path) -> None:
    with silent() as broker:
        settings = {"BOOTSTRAP_SERVERS": broker, "SCHEMA_REGISTRY_URL": "mock://doctor"}
        done = Freezer(tmp_path, settings)("doctor", "-X", "no.such=1", "--output", "json")
    assert done.returncode == 3, done.stderr
    (failed,) = [c for c in json.loads(done.stdout)["checks"] if c["name"] == "authentication"]
    assert "no.such" in failed["detail"]
    assert "-X" in failed["fix"]
