"""How the command line behaves: options, streams, signals, errors, next steps, foreign text."""

from __future__ import annotations

import ast
import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import click
import pytest

from freezer_events.cli.tree import cli
from freezer_events.console.escape import as_json, escaped, one_line
from freezer_events.console.given import Given
from freezer_events.console.next_step import commands_in, next_step, set_given
from tests.support.cli import FREEZER, Freezer
from tests.support.http_faults import FaultyRegistry
from tests.support.readme import ROOT

if TYPE_CHECKING:
    from pathlib import Path

ROWS = "".join(json.dumps({"sensor_id": f"s{n}", "temperature": 1.0}) + "\n" for n in range(5))
DRY = ("produce", "--dry-run", "--from", "-")


@pytest.fixture
def freezer(tmp_path: Path) -> Freezer:
    return Freezer(tmp_path)


# Options


@pytest.mark.parametrize(
    "args",
    [
        ("produce", "--as", "a", "--as", "b"),
        ("config", "--topic=a", "--topic", "b"),
        ("schema", "list", "--schemas", "a", "--schemas", "b"),
        ("local", "down", "--yes", "--yes"),
        ("topics", "plan", "--cluster", "a", "--cluster", "b"),
    ],
    ids=" ".join,
)
def test_an_option_given_twice_is_refused_by_name(freezer: Freezer, args: tuple[str, ...]) -> None:
    done = freezer(*args)
    assert done.returncode == 2
    name = args[-1] if args[-1].startswith("--") else args[-2]
    assert f"{name} is given more than once" in done.stderr
    assert f"next: give {name} once" in done.stderr


def test_an_option_that_takes_several_values_may_be_given_again(freezer: Freezer) -> None:
    done = freezer("config", "-X", "linger.ms=1", "-X", "retries=3")
    assert done.returncode == 0


def test_a_count_limits_what_is_read_from_a_file(freezer: Freezer) -> None:
    assert "2 readings read, 0 rejected" in freezer(*DRY, "--count", "2", stdin=ROWS).stdout
    assert "5 readings read, 0 rejected" in freezer(*DRY, stdin=ROWS).stdout


@pytest.mark.parametrize(
    "args",
    [(*DRY, "--seed", "1"), (*DRY, "--sensors", "2"), ("produce", "--dry-run", "--on-bad", "skip")],
    ids=" ".join,
)
def test_options_that_contradict_are_refused(freezer: Freezer, args: tuple[str, ...]) -> None:
    done = freezer(*args, stdin=ROWS)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"next: leave out {args[-2]}" in done.stderr


# Errors


@pytest.mark.parametrize(
    ("args", "stream", "code"),
    [
        (("config", "--nope"), "stdout", "usage_error"),
        (("config", "--event", "nope"), "stdout", "usage_error"),
        (("doctor", "--schemas", "nope"), "stdout", "config_error"),
        (("schema", "diff", "v1", "v9"), "stdout", "usage_error"),
        (("topics", "plan", "--target", "mars"), "stdout", "usage_error"),
        (("produce",), "stderr", "config_error"),
        (("produce", "--count", "many"), "stderr", "usage_error"),
        (("consume",), "stderr", "config_error"),
    ],
    ids=str,
)
def test_a_failure_before_the_start_is_a_json_object_where_json_was_asked_for(
    freezer: Freezer, args: tuple[str, ...], stream: str, code: str
) -> None:
    done = freezer(*args, "--output", "json")
    found = json.loads(getattr(done, stream).splitlines()[-1])
    assert set(found) == {"code", "message", "next_step", "exit_code"}
    assert (found["code"], found["exit_code"]) == (code, done.returncode)
    assert found["message"]


def test_what_nobody_foresaw_is_a_line_and_exit_code_70(tmp_path: Path) -> None:
    """A module in the way makes an import fail, as a broken installation does."""
    (tmp_path / "tomllib.py").write_text("raise MemoryError('no room')\n")
    freezer = Freezer(tmp_path, {"PYTHONPATH": str(tmp_path)})
    done = freezer("schema", "list")
    assert done.returncode == 70
    assert done.stderr.splitlines()[0] == "unexpected: MemoryError: no room"
    assert "--debug" in done.stderr
    assert "Traceback" not in done.stderr
    shown = freezer("schema", "list", "--debug")
    assert shown.returncode == 70
    assert "Traceback" in shown.stderr


# Next steps

SHOWN = (
    "--env-file e --topic t --event order --schemas s",
    ("--env-file", "e", "--topic", "t", "--event", "order", "--schemas", "s"),
)


def test_a_next_step_repeats_the_options_that_its_command_takes() -> None:
    typed, words = SHOWN
    set_given(Given.read(cli, "freezer", ["produce", *words, "-X", "a=b c", "--into", "i"]))
    try:
        assert next_step("register it: freezer schema register") == (
            "register it: freezer schema register --env-file e --topic t -X 'a=b c' --event order"
            " --schemas s --into i"
        )
        assert next_step("freezer schema check") == "freezer schema check --schemas s --into i"
        assert next_step("freezer schema release") == (
            "freezer schema release order --schemas s --into i"
        )
        assert next_step("freezer schema generate --into x  (to import)") == (
            "freezer schema generate --into x --schemas s  (to import)"
        )
        assert next_step("freezer topics apply (keys move)") == (
            f"freezer topics apply {typed} (keys move)"
        )
        assert next_step("freezer local down, then freezer local up, anew") == (
            "freezer local down, then freezer local up, anew"
        )
        assert next_step("freezer-reading; freezer reads them") == (
            "freezer-reading; freezer reads them"
        )
    finally:
        set_given(None)


def test_the_error_of_a_run_repeats_its_options(freezer: Freezer) -> None:
    for name in ("schemas", "empty"):
        (freezer.folder / name).mkdir()
    done = freezer("schema", "new", "order", "--field", "id: string", "--schemas", "schemas")
    assert "freezer schema release order --schemas schemas" in done.stderr
    done = freezer("schema", "diff", "order", "--schemas", "schemas")
    assert done.stderr.endswith("next: begin the next one: freezer schema new --schemas schemas\n")


def texts() -> set[str]:
    """Return the strings of the product that name one of its commands, docstrings aside."""
    found = set()
    for path in [*(ROOT / "producer").rglob("*.py"), *(ROOT / "infra").rglob("*.py")]:
        tree = ast.parse(path.read_text())
        docs = {
            id(node.body[0].value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
            and node.body
            and isinstance(node.body[0], ast.Expr)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr):
                parts = (
                    part.value if isinstance(part, ast.Constant) else "X" for part in node.values
                )
                found.add("".join(map(str, parts)))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found |= set() if id(node) in docs else {node.value}
    return {text for text in found if any(commands_in(text, cli))}


@pytest.mark.parametrize("text", sorted(texts()))
def test_every_command_that_a_text_names_is_one_that_click_takes(text: str) -> None:
    words = "--env-file e --topic t -X a=b --event order --schemas s --into i"
    set_given(Given.read(cli, "freezer", ["produce", *words.split()]))
    try:
        step = next_step(text)
    finally:
        set_given(None)
    for named in commands_in(step, cli):
        with named.command.make_context("freezer", list(named.words)) as context:
            assert isinstance(context, click.Context)


# Streams


def test_a_run_whose_standard_error_is_gone_reads_every_row(freezer: Freezer) -> None:
    rows = freezer.folder / "rows.jsonl"
    rows.write_text(ROWS * 500)
    for redirection in ("2>&-", "2>/dev/full"):
        done = subprocess.run(
            ["/bin/sh", "-c", f'"$0" produce --dry-run --from rows.jsonl {redirection}', FREEZER],
            cwd=freezer.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0
        assert "2,500 readings read" in done.stdout


@pytest.mark.parametrize("redirection", [">&-", ">/dev/full"])
def test_a_tally_that_standard_output_cannot_take_is_told_on_standard_error(
    freezer: Freezer, redirection: str
) -> None:
    done = subprocess.run(
        ["/bin/sh", "-c", f'"$0" produce --dry-run --count 3 {redirection}', FREEZER],
        cwd=freezer.folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "3 readings read" in done.stderr
    assert "standard output was lost" in done.stderr


def test_an_error_that_standard_error_cannot_take_is_told_on_standard_output(
    freezer: Freezer,
) -> None:
    done = subprocess.run(
        ["/bin/sh", "-c", '"$0" config --event nope 2>/dev/full', FREEZER],
        cwd=freezer.folder,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "error: event 'nope'" in done.stdout


# Signals


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_signal_ends_the_wait_for_a_pipe_that_nobody_writes(
    freezer: Freezer, number: int, code: int
) -> None:
    os.mkfifo(freezer.folder / "pipe")
    with freezer.start("produce", "--dry-run", "--from", "pipe") as running:
        assert running.process.stderr is not None
        assert "no schemas/ here" in running.process.stderr.readline()
        running.signal(number)
        _, err = running.rest()
    assert running.code == code
    assert "Traceback" not in err


def test_a_signal_ends_a_run_whose_output_nobody_reads(freezer: Freezer) -> None:
    """The rejects fill the pipe of standard error; nothing is read from it."""
    rows = freezer.folder / "rows.jsonl"
    rows.write_text('{"sensor_id": 1}\n' * 5000)
    with freezer.start(*DRY[:2], "--from", "rows.jsonl", "--on-bad", "skip") as running:
        assert running.process.stderr is not None
        assert "no schemas/ here" in running.process.stderr.readline()
        running.signal(signal.SIGTERM)
        assert running.process.wait(15) == 143


SCRIPT = """
import sys, threading
import click
from freezer_events.console.command import run
from freezer_events.console.stop import Stop

@click.command()
def stubborn():
    with Stop():
        print("begun", flush=True)
        while True:
            threading.Event().wait(100)

sys.exit(run(stubborn, "stubborn", []))
"""


def test_a_second_signal_ends_what_does_not_heed_the_first() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPT], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=15)
    assert process.returncode == 143
    assert err == "ended by a second signal\n"


def test_a_signal_ends_the_wait_for_a_registry_that_hangs(freezer: Freezer) -> None:
    with FaultyRegistry(hang=True) as registry:
        run = freezer.having(SCHEMA_REGISTRY_URL=registry.url, BOOTSTRAP_SERVERS="localhost:1")
        with run.start("schema", "register", "--topic", "t") as running:
            while not registry.requests:
                assert running.process.poll() is None
            running.signal(signal.SIGINT)
            _, err = running.rest()
    assert running.code == 130
    assert err.splitlines()[-1] == "ended by SIGINT"


# Foreign text

EVIL = "a\x1b[2J\x9b2J\u202eb\x7f"


def test_what_a_terminal_would_act_upon_is_shown_instead() -> None:
    assert escaped(f"{EVIL}\tc\n") == "a\\x1b[2J\\x9b2J\\u202eb\\x7f\tc\n"
    assert one_line("a\nerror: b\tc\rd\udc80") == "a\\nerror: b\\tc\\rd\\udc80"
    assert escaped("18 °C, Ōsaka 👍") == "18 °C, Ōsaka 👍"


def test_json_holds_no_such_character_and_still_means_the_same() -> None:
    value = {"text": f"{EVIL}\U000e0041\n18 °C"}
    assert json.loads(as_json(value)) == value
    assert escaped(as_json(value)) == as_json(value)
    assert as_json("\udc80") == '"\\udc80"'


@pytest.mark.parametrize("output", ["text", "json"])
def test_no_command_shows_control_characters_of_what_it_was_given(
    freezer: Freezer, output: str
) -> None:
    name = "rows\x1b[2J.jsonl"
    (freezer.folder / name).write_text(json.dumps({"sensor_id": EVIL, "temperature": "warm"}))
    shown = ("--output", output)
    (freezer.folder / "s\x1b[2J").mkdir()
    for args in [
        (*DRY[:2], "--from", name, "--on-bad", "skip", *shown),
        (*DRY[:2], "--from", name, *shown),
        ("config", "--topic", EVIL.replace("\x9b", ""), *shown),
        ("config", "--event", EVIL, *shown),
        ("config", f"--{EVIL}", *shown),
        ("doctor", "--event", EVIL, *shown),
        ("schema", "check", "--schemas", "s\x1b[2J", *shown),
        ("schema", "compare", name, name, *shown),
    ]:
        done = freezer(*args)
        for text in (done.stdout, done.stderr):
            assert not set(text) & set(EVIL + "\x7f") - set("a[2Jb"), args


# Small promises


def test_wrote_is_said_once_and_after_writing(freezer: Freezer) -> None:
    (freezer.folder / "in the way").write_text("")
    done = freezer("schema", "generate", "--into", "in the way/events")
    assert done.returncode != 0
    assert "wrote" not in done.stdout
    done = freezer("schema", "generate", "--into", "events")
    lines = done.stdout.splitlines()
    written = [f"wrote events/{path.name}" for path in (freezer.folder / "events").glob("*.py")]
    assert sorted(lines) == sorted(written)


def test_completion_guesses_the_shell(freezer: Freezer) -> None:
    assert "compdef" in freezer.having(SHELL="/usr/bin/zsh")("completion").stdout
    done = freezer.having(SHELL="/bin/csh")("completion")
    assert (done.returncode, done.stderr.splitlines()[-1]) == (2, "  next: freezer completion bash")


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("freezer produce --event ", {"plain,freezer-reading"}),
        ("freezer schema release fr", {"plain,freezer-reading"}),
        ("freezer schema diff v", {"plain,v1", "plain,v2", "plain,v3"}),
        ("freezer produce --from ", {"file,"}),
    ],
)
def test_completion_knows_events_versions_and_files(
    freezer: Freezer, words: str, shown: set[str]
) -> None:
    asked = freezer.having(
        _FREEZER_COMPLETE="bash_complete",
        COMP_WORDS=words,
        COMP_CWORD=str(len(words.split(" ")) - 1),
    )
    assert set(asked().stdout.splitlines()) >= shown
