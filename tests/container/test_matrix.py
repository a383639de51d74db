"""Every command under every bad light: no traceback, the right code, a next step that works.

The commands are those of the tree, so a new one is in the matrix from its first day; what it needs
to run is in `ARGUMENTS`. `freezer local` is run where it finds no container engine.
"""

from __future__ import annotations

import json
import os
import pty
import re
import select
import shutil
import signal
import socket
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import pytest

from freezer_events.cli.tree import cli
from freezer_events.console.next_step import commands_in
from tests.support.cli import FREEZER, Freezer
from tests.support.readme import ROOT

if TYPE_CHECKING:
    Started = subprocess.Popen[bytes]
    from collections.abc import Callable, Iterator

    from freezer_infra.local.stack import Stack

WITHIN_S = 40  # every wait is bounded by 30 s or less
AT_ONCE = 6
VERSIONS = [f"schemas/freezer-reading/v{number}.avsc" for number in (1, 2)]
ARGUMENTS = {
    "completion": ["bash"],
    "consume": ["--until-end", "--from-beginning"],
    "demo": ["--interval", "0"],
    "produce": ["--count", "1", "--timeout", "3"],
    "schema compare": VERSIONS,
    "schema generate": ["--into", "events"],
    "schema new": ["door-event", "--field", "open: boolean"],
    "tally": ["shard0.json"],
}
OFFLINE = {
    "completion": 0, "config": 0, "demo": 0, "local down": 3, "local status": 1, "local up": 3,
    "profiles": 0,
    "schema check": 0, "schema compare": 0, "schema diff": 0, "schema generate": 0,
    "schema list": 0, "schema new": 0, "schema release": 0,
    "spool drain": 3, "spool drop": 3, "spool export": 3, "spool new-identity": 3,
    "spool retry": 3, "spool status": 3, "tally": 2,
}  # fmt: skip
ONLINE = {
    "consume", "doctor", "produce", "schema register", "schema status", "topics apply",
    "topics check", "topics import", "topics plan",
}  # fmt: skip
TOPICS = {name for name in ONLINE if name.startswith("topics")}
REGISTRY = ONLINE - TOPICS


def leaves(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[str]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from leaves(command, (*path, name))
        else:
            yield " ".join((*path, name))


COMMANDS = sorted(leaves(cli))


@dataclass(frozen=True)
class Ended:
    """How a run ended."""

    code: int
    text: str


@dataclass(frozen=True)
class Bench:
    """A folder for each run, and its environment."""

    root: Path
    settings: dict[str, str]

    def command(self, name: str) -> list[str]:
        return [FREEZER, *name.split(), *ARGUMENTS.get(name, [])]

    def place(self, name: str) -> dict[str, Any]:
        folder = self.root / name.replace(" ", "-")
        shutil.copytree(ROOT / "schemas", folder / "schemas")
        if (self.root / ".env").exists():
            shutil.copy(self.root / ".env", folder)
        run = Freezer(folder, self.settings)
        nothing = folder / "nothing"
        nothing.mkdir()
        aside = {"PATH": str(nothing), "XDG_STATE_HOME": str(nothing), "SHELL": "/bin/bash"}
        return {"cwd": folder, "env": run.environment | aside, "stdin": subprocess.DEVNULL}

    def ends(self, name: str, stdout: int | None = None, stderr: int | None = None) -> Ended:
        """Run a command; its streams are pipes unless given."""
        done = subprocess.run(
            self.command(name),
            stdout=subprocess.PIPE if stdout is None else stdout,
            stderr=subprocess.PIPE if stderr is None else stderr,
            timeout=WITHIN_S,
            check=False,
            **self.place(name),
        )
        return Ended(done.returncode, ((done.stdout or b"") + (done.stderr or b"")).decode())

    def ends_without(self, name: str, descriptor: int) -> Ended:
        """Run a command one of whose streams is closed from the start."""
        shell = ["/bin/sh", "-c", f'exec "$@" {descriptor}>&-', "sh"]
        done = subprocess.run(
            [*shell, *self.command(name)],
            capture_output=True,
            timeout=WITHIN_S,
            check=False,
            **self.place(name),
        )
        return Ended(done.returncode, (done.stdout + done.stderr).decode())

    def ends_on_a_terminal(self, name: str) -> Ended:
        ours, theirs = pty.openpty()
        try:
            ended = self.ends(name, theirs, theirs)
        finally:
            os.close(theirs)
        shown = b""
        try:
            while piece := os.read(ours, 1 << 16):
                shown += piece
        except OSError:  # how Linux says that the other side is closed
            pass
        os.close(ours)
        return Ended(ended.code, shown.decode())

    def ends_when_signalled(self, name: str, ready: Callable[[Started], bool]) -> Ended:
        """Run a command, and interrupt it as soon as it is ready for that."""
        with subprocess.Popen(
            self.command(name),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            **self.place(name),
        ) as process:
            while process.poll() is None and not ready(process):
                time.sleep(0.002)
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=10)
        return Ended(process.returncode, (out + err).decode())


def handles_signals(process: Started) -> bool:
    """Tell whether a process has got as far as to handle SIGTERM itself."""
    try:
        status = Path(f"/proc/{process.pid}/status").read_text()
        caught = re.search(r"SigCgt:\s*(\w+)", status)
    except OSError:
        return False
    return caught is not None and bool(int(caught[1], 16) >> (signal.SIGTERM - 1) & 1)


def has_spoken(process: Started) -> bool:
    """Tell whether a process has written something to its standard output."""
    assert process.stdout is not None
    return bool(select.select([process.stdout], [], [], 0)[0])


def check(expected: dict[str, set[int]], end: Callable[[str], Ended]) -> None:
    """Run commands side by side; every one must end as promised."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        ended = dict(zip(expected, pool.map(end, expected), strict=True))
    wrong = {
        name: (found.code, found.text)
        for name, found in ended.items()
        if found.code not in expected[name] or "Traceback" in found.text
    }
    assert not wrong
    for name, found in ended.items():
        for step in next_steps(found.text):
            assert parses(step), (name, step)


def next_steps(text: str) -> list[str]:
    """Return what follows "next:" and its further lines, in text and in JSON."""
    steps = [
        " ".join(found.split()) for found in re.findall(r"next: ((?:.+\n?)(?: {9,}.+\n?)*)", text)
    ]
    objects = (json.loads(line) for line in text.splitlines() if line.startswith('{"code"'))
    return [*steps, *(each["next_step"] or "" for each in objects)]


def parses(step: str) -> bool:
    """Tell whether click takes every command of ours that a next step names."""
    for named in commands_in(step, cli):
        try:
            named.command.make_context("freezer", list(named.words))
        except click.UsageError:
            return False
    return True


@pytest.fixture
def live(stack: Stack, freezer: Freezer, tmp_path: Path) -> Bench:
    """Give runs that find everything they need; topics go nowhere, for they would be made."""
    del stack
    bench = Bench(tmp_path, freezer.settings)
    before = Bench(tmp_path / "before", freezer.settings)
    assert [before.ends(name).code for name in ("schema register", "produce")] == [0, 0]
    return bench


@pytest.fixture
def closed_port() -> Iterator[int]:
    """Give a port of this machine at which nobody listens, and nobody else will."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


def works() -> dict[str, set[int]]:
    """Return the codes where everything is there."""
    return {name: {code} for name, code in (OFFLINE | dict.fromkeys(REGISTRY, 0)).items()}


def works_unheard() -> dict[str, set[int]]:
    """Return them where standard output is lost: 1 in place of 0."""
    return {name: {code or 1} for name, (code,) in works().items()}


def test_the_matrix_knows_every_command() -> None:
    assert set(COMMANDS) == ONLINE | set(OFFLINE)


def test_in_a_pipe(live: Bench) -> None:
    check(works(), live.ends)


def test_on_a_terminal(live: Bench) -> None:
    check(works(), live.ends_on_a_terminal)


def test_without_standard_output(live: Bench) -> None:
    check(works_unheard(), lambda name: live.ends_without(name, 1))


def test_without_standard_error(live: Bench) -> None:
    check(works(), lambda name: live.ends_without(name, 2))


def test_with_a_full_disk(live: Bench) -> None:
    with Path("/dev/full").open("wb") as full:
        check(works_unheard(), lambda name: live.ends(name, full.fileno()))


def test_interrupted_at_the_start(live: Bench) -> None:
    """A short command may have ended by then; -2 is the end between its last line and its exit."""
    expected = {name: codes | {130, -2} for name, codes in works().items()}
    check(expected, lambda name: live.ends_when_signalled(name, handles_signals))


def test_interrupted_once_it_has_begun_to_print(live: Bench) -> None:
    """What it had to say may be over by then, as above."""
    expected = {name: codes | {130, -2} for name, codes in works().items()}
    check(expected, lambda name: live.ends_when_signalled(name, has_spoken))


def test_interrupted_while_nobody_answers(tmp_path: Path) -> None:
    """Cluster and registry take connections and say nothing."""
    heard = threading.Event()
    with socket.create_server(("127.0.0.1", 0), backlog=64) as mute:
        kept = []

        def take() -> None:
            while True:
                try:
                    kept.append(mute.accept())
                except OSError:
                    return
                heard.set()

        threading.Thread(target=take, daemon=True).start()
        port = mute.getsockname()[1]
        settings = {
            "BOOTSTRAP_SERVERS": f"127.0.0.1:{port}",
            "SCHEMA_REGISTRY_URL": f"http://127.0.0.1:{port}",
        }
        bench = Bench(tmp_path, settings)
        for name in sorted(ONLINE):  # one after the other: a connection is then that one's
            heard.clear()
            check(
                {name: {130}},
                lambda each: bench.ends_when_signalled(each, lambda _: heard.is_set()),
            )
        mute.shutdown(socket.SHUT_RDWR)
    for each, _ in kept:
        each.close()


def test_without_settings(tmp_path: Path) -> None:
    check(failing(3), Bench(tmp_path, {}).ends)


def test_with_a_broken_env_file(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"BOOTSTRAP_SERVERS=\xff\xfe\n")
    check(failing(3) | {"config": {3}}, Bench(tmp_path, {}).ends)


def test_with_a_dead_cluster(tmp_path: Path, closed_port: int) -> None:
    dead = f"127.0.0.1:{closed_port}"
    settings = {"BOOTSTRAP_SERVERS": dead, "SCHEMA_REGISTRY_URL": f"http://{dead}"}
    check(failing(6), Bench(tmp_path, settings).ends)


def test_with_a_dead_registry(live: Bench, closed_port: int) -> None:
    settings = live.settings | {"SCHEMA_REGISTRY_URL": f"http://127.0.0.1:{closed_port}"}
    expected = {name: {6} for name in sorted(REGISTRY)}
    check(expected, Bench(live.root, settings).ends)


def failing(code: int) -> dict[str, set[int]]:
    """Return the codes where nobody can be reached."""
    return {name: {each} for name, each in OFFLINE.items()} | {
        name: {code} for name in sorted(ONLINE)
    }
