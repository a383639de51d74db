"""The `confluent` executable: found, checked, run one call at a time, its JSON read.

Rules: standard input is empty, only standard output is parsed, every call has a time limit after
which its whole process group is killed, and no argument ever carries a secret (arguments are
visible to every user of the machine).
"""

from __future__ import annotations

import json
import math
import os
import re
import shlex
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from freezer_events.errors import ConfigError
from freezer_infra.confluent import faults

if TYPE_CHECKING:
    from pathlib import Path

MINIMUM = (4, 0, 0)
TIMEOUT_S = 60.0
_INSTALL = "https://docs.confluent.io/confluent-cli/current/install.html"

Row = Mapping[str, object]


@dataclass(frozen=True)
class ConfluentCli:
    """One executable and the environment it runs in; `environ["HOME"]` is where its login lives."""

    executable: str
    environ: Mapping[str, str]
    timeout_s: float = TIMEOUT_S

    def in_home(self, home: Path) -> ConfluentCli:
        """Give the same CLI with another home, so another login."""
        return replace(self, environ={**self.environ, "HOME": str(home)})

    def run(self, doing: str, *argv: str) -> str:
        """Run one call and give its standard output.

        Raises:
            EventError: of the class that fits the failure; see `faults`.

        """
        code, output, error = self._call(doing, argv)
        failure = faults.Failure(doing, code, error, _typed(argv), self._login)
        helped = not output.strip() and failure.is_unknown_call  # an unknown verb ends with 0
        if code == 0 and not helped:
            return output
        if failure.is_unknown_call:
            failure = replace(failure, logged_in=self._is_logged_in())
        raise faults.explain(failure)

    @property
    def _login(self) -> str:
        return f"{self.environ.get('HOME', '~')}/.confluent/config.json"

    def _is_logged_in(self) -> bool:
        """Ask something harmless that needs a login to the cloud and takes no flag but one."""
        code, _, _ = self._call("check the login", ("environment", "list", "--output", "json"))
        return code == 0

    def rows(self, doing: str, *argv: str) -> list[Row]:
        """Run a call that answers a JSON array of objects; unknown fields are left in them."""
        answer = self._json(doing, argv)
        if not isinstance(answer, list) or not all(isinstance(row, dict) for row in answer):
            raise faults.cut_short(doing, str(answer), _typed(argv))
        return answer

    def row(self, doing: str, *argv: str) -> Row:
        """Run a call that answers one JSON object."""
        answer = self._json(doing, argv)
        if not isinstance(answer, dict):
            raise faults.cut_short(doing, str(answer), _typed(argv))
        return answer

    def _json(self, doing: str, argv: Sequence[str]) -> object:
        end = argv.index("--") if "--" in argv else len(argv)  # no flag is read after `--`
        output = self.run(doing, *argv[:end], "--output", "json", *argv[end:])
        try:
            return json.loads(output)
        except ValueError as error:
            raise faults.cut_short(doing, output, _typed(argv)) from error

    def _call(self, doing: str, argv: Sequence[str]) -> tuple[int, str, str]:
        process = subprocess.Popen(
            [self.executable, *argv],
            env=dict(self.environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        )
        with process:
            try:
                output, error = process.communicate(timeout=self.timeout_s)
            except subprocess.TimeoutExpired as late:
                _kill(process)
                raise faults.timed_out(doing, self.timeout_s) from late
            except BaseException:
                _kill(process)
                raise
        return process.returncode, output, error


def _typed(argv: Sequence[str]) -> str:
    """Give the call as a person would type it; no argument is ever a secret."""
    return shlex.join(["confluent", *argv])


def _kill(process: subprocess.Popen[str]) -> None:
    """End the call and everything it started; it has a group of its own."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    process.wait()


def find(environ: Mapping[str, str]) -> ConfluentCli:
    """Find the CLI: the path in `CONFLUENT_CLI`, else `confluent` on PATH; not too old.

    Raises:
        ConfigError: it is not there, cannot be run, or is older than 4.0.0.

    """
    named = environ.get("CONFLUENT_CLI", "")
    executable = shutil.which(named or "confluent", path=environ.get("PATH"))
    if executable is None:
        where = f"CONFLUENT_CLI names '{named}', which" if named else "`confluent` on PATH"
        why = f"{where} is not an executable file" if named else f"there is no {where}"
        raise ConfigError("find the Confluent CLI", why, f"install it: {_INSTALL}")
    cli = ConfluentCli(executable, environ, _timeout(environ))
    _check_version(cli)
    return cli


def _timeout(environ: Mapping[str, str]) -> float:
    """Read the limit of one call in seconds; a slow line may need more than the default."""
    text = environ.get("CONFLUENT_CLI_TIMEOUT_S", "")
    try:
        found = float(text) if text else TIMEOUT_S
    except ValueError:
        found = math.nan
    if not 0 < found < math.inf:  # no number compares with nan
        raise ConfigError("CONFLUENT_CLI_TIMEOUT_S", f"{text!r} is no number of seconds", "try: 60")
    return found


def _check_version(cli: ConfluentCli) -> None:
    doing = f"read the version of {cli.executable}"
    try:
        output = cli.run(doing, "version")
    except OSError as error:
        raise ConfigError(doing, str(error), f"install it again: {_INSTALL}") from error
    found = version_of(output)
    minimum = ".".join(map(str, MINIMUM))
    if found is None:
        why = "it does not say `Version: v…`, so it is not the Confluent CLI"
        raise ConfigError(doing, why, f"install it: {_INSTALL}")
    if found < MINIMUM:
        why = f"version {'.'.join(map(str, found))} is too old; at least {minimum} is needed"
        raise ConfigError(doing, why, "confluent update --major")


def version_of(output: str) -> tuple[int, int, int] | None:
    """Read `Version:     v4.73.0` out of what `confluent version` prints."""
    found = re.search(r"^Version:\s+v?(\d+)\.(\d+)\.(\d+)", output, re.MULTILINE)
    return (int(found[1]), int(found[2]), int(found[3])) if found else None
