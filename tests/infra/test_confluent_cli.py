"""Running the Confluent CLI: found or not, too old, hanging, answering too little or too much."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from freezer_events.errors import AccessError, ConfigError, UnreachableError
from freezer_infra.confluent import faults
from freezer_infra.confluent.confluent_cli import find, version_of
from freezer_infra.confluent.home import copied_home, private_home
from freezer_infra.confluent.session import cloud_session, only_cli, platform_session
from tests.infra.standin.harness import EMAIL, PASSWORD, PLATFORM_URL, Standin, make

CREDENTIALS = {"CONFLUENT_CLOUD_EMAIL": EMAIL, "CONFLUENT_CLOUD_PASSWORD": PASSWORD}
LIST = ("environment", "list")


def silent(_line: str) -> None:
    """Say nothing."""


@pytest.fixture
def logged_out(tmp_path: Path) -> Standin:
    return make(tmp_path / "cloud")


@pytest.fixture
def standin(logged_out: Standin) -> Standin:
    logged_out.log_in()
    return logged_out


class TestFinding:
    def test_missing_says_how_to_install_it(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match="no `confluent` on PATH") as caught:
            find({"PATH": str(tmp_path)})
        assert "install" in caught.value.fix

    def test_the_named_one_wins_and_must_exist(self, standin: Standin, tmp_path: Path) -> None:
        environ = standin.environ()
        by_name = {**environ, "CONFLUENT_CLI": str(standin.executable)}
        assert find(by_name).executable == str(standin.executable)
        with pytest.raises(ConfigError, match="CONFLUENT_CLI names"):
            find({**environ, "CONFLUENT_CLI": str(tmp_path / "none")})

    def test_too_old_is_refused_with_the_minimum(self, standin: Standin) -> None:
        standin.fault("old-version")
        with pytest.raises(ConfigError, match=r"2\.33\.0 is too old; at least 4\.0\.0"):
            find(standin.environ())

    def test_something_else_of_that_name_is_refused(self, tmp_path: Path) -> None:
        other = tmp_path / "confluent"
        other.write_text("#!/bin/sh\necho hello\n")
        other.chmod(0o755)
        with pytest.raises(ConfigError, match="not the Confluent CLI"):
            find({"PATH": f"{tmp_path}:/bin"})

    @pytest.mark.parametrize(
        ("line", "version"),
        [
            ("Version:     v4.73.0", (4, 73, 0)),
            ("Version: 5.0.1-rc1", (5, 0, 1)),
            ("Go Version:  go1.26.1 (linux/amd64)", None),
        ],
    )
    def test_version_is_read(self, line: str, version: tuple[int, int, int] | None) -> None:
        assert version_of(f"confluent - Confluent CLI\n\n{line}\n") == version


class TestAnswers:
    def test_a_new_field_is_no_trouble(self, standin: Standin) -> None:
        standin.fault("extra-field")
        rows = find(standin.environ()).rows("list", *LIST)
        assert rows[0]["id"] == "env-123456"

    def test_warnings_on_standard_error_are_not_data(self, standin: Standin) -> None:
        standin.fault("warn-stderr")
        assert find(standin.environ()).rows("list", *LIST)

    def test_json_cut_short_is_named(self, standin: Standin) -> None:
        standin.fault("cut-json")
        with pytest.raises(UnreachableError, match="cut short"):
            find(standin.environ()).rows("list", *LIST)

    def test_nothing_where_json_was_asked_for_is_named(self, tmp_path: Path) -> None:
        script = tmp_path / "confluent"
        script.write_text('#!/bin/sh\n[ "$1" = version ] && echo "Version: v4.1.0"\nexit 0\n')
        script.chmod(0o755)
        with pytest.raises(UnreachableError, match="answered nothing"):
            find({"PATH": f"{tmp_path}:/bin"}).rows("list", *LIST)

    def test_standard_input_is_empty(self, standin: Standin) -> None:
        find(standin.environ()).rows("list", *LIST)
        assert {call["stdin"] for call in standin.calls()} == {"null"}


class TestUnknownCalls:
    """The real CLI helps and is content without a verb, and has fewer flags without a login."""

    @pytest.mark.parametrize("verb", ["kafka acl list", "kafka topic describe"])
    def test_an_old_cli_is_not_told_to_log_in(self, standin: Standin, verb: str) -> None:
        standin.fault(f"old@{verb}")
        argv = (*verb.split(), "--cluster", "lkc-123456")
        with pytest.raises(ConfigError, match="does not know the call") as caught:
            find(standin.environ()).rows("read", *argv)
        assert caught.value.fix.startswith("confluent update")
        assert f"confluent {verb} --cluster lkc-123456" in caught.value.fix

    def test_help_instead_of_an_answer_is_no_success(self, standin: Standin) -> None:
        standin.fault("old@api-key delete")
        with pytest.raises(ConfigError, match="it printed its help"):
            find(standin.environ()).run("delete", "api-key", "delete", "K")

    def test_without_a_login_it_is_told_to_log_in(self, logged_out: Standin) -> None:
        with pytest.raises(AccessError) as caught:
            find(logged_out.environ()).rows("list", "kafka", "acl", "list", "--cluster", "lkc-1")
        assert caught.value.fix.startswith("confluent login")

    def test_a_damaged_login_names_its_file(self, standin: Standin) -> None:
        config = standin.home / ".confluent" / "config.json"
        config.write_text(config.read_text().replace("token-of-", "t0ken-of-"))
        with pytest.raises(ConfigError, match=str(config)) as caught:
            find(standin.environ()).rows("list", *LIST)
        assert caught.value.fix.startswith("confluent logout")


class TestHanging:
    def test_a_call_that_hangs_is_cut_and_leaves_no_process(self, standin: Standin) -> None:
        standin.fault("hang@environment list")
        cli = find({**standin.environ(), "CONFLUENT_CLI_TIMEOUT_S": "2"})
        with pytest.raises(faults.OutcomeUnknownError, match="did not answer within 2 s"):
            cli.rows("list", *LIST)
        for mark in (standin.home / ".confluent").glob("running.*"):
            with pytest.raises(ProcessLookupError):
                os.kill(int(mark.suffix[1:]), 0)

    def test_its_children_are_cut_too(self, tmp_path: Path) -> None:
        script = tmp_path / "confluent"
        script.write_text(
            "#!/bin/sh\n"
            '[ "$1" = version ] && echo "Version: v4.1.0" && exit\n'
            f"sleep 600 & echo $! > {tmp_path}/child; wait\n"
        )
        script.chmod(0o755)
        cli = find({"PATH": f"{tmp_path}:/bin:/usr/bin", "CONFLUENT_CLI_TIMEOUT_S": "1"})
        with pytest.raises(faults.OutcomeUnknownError):
            cli.run("wait", "anything")
        child = int((tmp_path / "child").read_text())
        assert gone(child)

    @pytest.mark.parametrize("limit", ["soon", "nan", "inf", "0", "-1"])
    def test_the_limit_must_be_a_number(self, standin: Standin, limit: str) -> None:
        with pytest.raises(ConfigError, match=f"'{limit}' is no number"):
            find({**standin.environ(), "CONFLUENT_CLI_TIMEOUT_S": limit})


class TestLogin:
    def test_logged_out_says_confluent_login(self, logged_out: Standin) -> None:
        with (
            pytest.raises(AccessError) as caught,
            cloud_session(logged_out.environ(), silent),
        ):
            pass
        assert caught.value.fix.startswith("confluent login")

    def test_a_persons_login_is_used_and_left_as_it_was(self, standin: Standin) -> None:
        before = (standin.home / ".confluent" / "config.json").read_bytes()
        with cloud_session(standin.environ(), silent) as cli:
            assert cli.rows("list", *LIST)
        assert (standin.home / ".confluent" / "config.json").read_bytes() == before

    def test_credentials_log_in_within_a_private_home_that_is_removed(
        self, logged_out: Standin
    ) -> None:
        with cloud_session({**logged_out.environ(), **CREDENTIALS}, silent) as cli:
            home = Path(cli.environ["HOME"])
            assert home.stat().st_mode & 0o777 == 0o700
            assert cli.rows("list", *LIST)
        assert not home.exists()
        assert not (logged_out.home / ".confluent" / "config.json").exists()
        assert not any(PASSWORD in str(call["argv"]) for call in logged_out.calls())

    def test_wrong_credentials_are_refused_and_the_home_is_removed(
        self, logged_out: Standin
    ) -> None:
        wrong = {**CREDENTIALS, "CONFLUENT_CLOUD_PASSWORD": "no"}
        with (
            pytest.raises(AccessError, match="did not accept the login"),
            cloud_session({**logged_out.environ(), **wrong}, silent),
        ):
            pass
        assert not Path(logged_out.calls()[-1]["home"]).exists()

    def test_the_private_home_goes_with_a_signal_too(self, tmp_path: Path) -> None:
        code = (
            "import pathlib, sys, time\n"
            "from freezer_infra.confluent.home import private_home\n"
            "with private_home() as home:\n"
            f"    pathlib.Path({str(tmp_path / 'where')!r}).write_text(str(home))\n"
            "    time.sleep(60)\n"
        )
        process = subprocess.Popen([sys.executable, "-c", code])
        home = Path(awaited(tmp_path / "where"))
        assert home.exists()
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 143
        assert not home.exists()

    def test_a_copied_home_holds_the_login_and_is_removed(self, standin: Standin) -> None:
        (standin.home / ".confluent" / "plugins").mkdir()
        with copied_home(standin.home) as copy:
            cli = find(standin.environ()).in_home(copy)
            assert cli.rows("list", *LIST)
            assert not (copy / ".confluent" / "plugins").exists()
        assert not copy.exists()

    def test_private_homes_are_of_this_user_only(self) -> None:
        with private_home() as home:
            assert home.stat().st_mode & 0o777 == 0o700

    def test_a_cloud_login_does_not_stand_in_the_way_of_a_platform(self, standin: Standin) -> None:
        with platform_session(standin.environ(), PLATFORM_URL, silent) as (cli, named):
            assert cli.rows("list", "kafka", "topic", "list", *named) == []


class TestTwoAtOnce:
    def test_the_second_waits_for_the_first(self) -> None:
        heard: list[str] = []
        with (
            only_cli(silent),
            pytest.raises(UnreachableError, match="another run"),
            only_cli(heard.append, wait_s=0.3),
        ):
            pass
        assert heard == ["another run is using the Confluent CLI; waiting for it to end"]

    def test_it_is_free_again_afterwards(self) -> None:
        with only_cli(silent):
            pass
        with only_cli(silent, wait_s=0.3):
            pass

    def test_sessions_never_run_the_cli_at_the_same_time(self, standin: Standin) -> None:
        code = (
            "from freezer_infra.confluent.session import cloud_session, environment\n"
            "with cloud_session(environment(), print) as cli:\n"
            "    [cli.rows('list', 'environment', 'list') for _ in range(4)]\n"
        )
        running = [
            subprocess.Popen([sys.executable, "-c", code], env=with_path(standin)) for _ in range(3)
        ]
        assert [process.wait(timeout=60) for process in running] == [0, 0, 0]
        assert not any(call["together"] for call in standin.calls())


def with_path(standin: Standin) -> dict[str, str]:
    return standin.environ()


def awaited(path: Path) -> str:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if path.exists() and path.read_text():
            return path.read_text()
        time.sleep(0.02)
    pytest.fail(f"{path} was never written")


def gone(pid: int) -> bool:
    """Wait for a killed process to be reaped; a zombie is gone for us."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        status = Path(f"/proc/{pid}/status")
        if not status.exists() or "\nState:\tZ" in status.read_text():
            return True
        time.sleep(0.02)
    return False
