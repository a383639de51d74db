"""From a login at Confluent Cloud to a green `freezer doctor`: `infra/bootstrap`, `make cloud`.

Steps: log in; find or choose environment and cluster; `infra apply` (topics, access, `.env`);
register the schemas, with the person's own rights; `freezer doctor`. Each can be repeated: run it
again after a failure, and what is done is found done.
"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from freezer_events.config import Settings
from freezer_events.console.command import run
from freezer_events.errors import AccessError
from freezer_infra.confluent.choose import Ask, Chosen, choose
from freezer_infra.confluent.cloud_access import CloudAccess
from freezer_infra.confluent.home import signals_unwind
from freezer_infra.confluent.session import cloud_session, environment, log_in_at_terminal
from freezer_infra.keys.accepted import Patience, until_registry_accepts
from freezer_infra.keys.env_file import EnvFile

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_STEPS = 5
_OWN_KEY = ("SCHEMA_REGISTRY_API_KEY", "SCHEMA_REGISTRY_API_SECRET")


@dataclass(frozen=True)
class Bootstrap:
    """One run: what was asked for and the environment of the process."""

    environ: Mapping[str, str]
    env_file: Path
    yes: bool
    ask: Ask | None

    def run(self, wanted_environment: str, wanted_cluster: str) -> int:
        """Do the steps in order; give 0, or the exit code of the first that failed."""
        _title(1, "log in to Confluent Cloud")
        self._log_in()
        _title(2, "find environment and cluster")
        place = self._place(wanted_environment, wanted_cluster)
        _say(f"environment {place.environment}, cluster {place.cluster}")
        _title(3, "make topics and access, complete .env")
        if code := self._apply(place):
            return code
        _title(4, "register the schemas")
        if code := self._register(place):
            return code
        _title(5, "check everything")
        return self._freezer("doctor")

    def _log_in(self) -> None:
        try:
            with cloud_session(self.environ, _say):
                return
        except AccessError:
            if self.ask is None:
                raise
        log_in_at_terminal(self.environ, _say)

    def _place(self, wanted_environment: str, wanted_cluster: str) -> Chosen:
        with cloud_session(self.environ, _say) as cli:
            return choose(cli, wanted_environment, wanted_cluster, self.ask)

    def _apply(self, place: Chosen) -> int:
        where = ("--cluster", place.cluster, "--environment", place.environment)
        agreed = ("--yes",) if self.yes else ()
        argv = ("freezer_events.cli", "topics", "apply", "--target", "cloud", *where, *agreed)
        # The schemas are the next step's, with a key that lives for it.
        return self._run([*argv, "--write-env", str(self.env_file), "--without-schemas"]).returncode

    def _register(self, place: Chosen) -> int:
        """Register with a registry key of who is logged in; the producer's key can only read.

        Where the process's environment holds such a key it is used. Else the producer's is tried,
        which is enough where all is registered, and then one is made that lives for this step.
        """
        if all(self.environ.get(name) for name in _OWN_KEY):
            return self._freezer("schema", "register")
        if self._is_registered():
            return 0
        with cloud_session(self.environ, _say) as cli:
            access = CloudAccess(cli, place.cluster, place.environment)
            registry = access.registry().id
            key = access.new_key(registry)
            try:
                own = dict(zip(_OWN_KEY, (key.id, key.secret), strict=True))
                held = EnvFile(self.env_file).read()
                settings = Settings.load(self.env_file, options={**held, **own})
                until_registry_accepts(settings, None, Patience(_say))
                return self._freezer("schema", "register", **own)
            finally:
                access.delete_key(key.id, registry)

    def _is_registered(self) -> bool:
        tried = self._run(self._of_freezer("schema", "register"), captured=True)
        if tried.returncode == 0:
            click.echo(tried.stdout, nl=False)
        return tried.returncode == 0

    def _freezer(self, *argv: str, **more: str) -> int:
        return self._run(self._of_freezer(*argv), more).returncode

    def _of_freezer(self, *argv: str) -> list[str]:
        return ["freezer_events.cli", *argv, "--env-file", str(self.env_file)]

    def _run(
        self, argv: Sequence[str], more: Mapping[str, str] | None = None, *, captured: bool = False
    ) -> subprocess.CompletedProcess[str]:
        """Run a part of this project; it talks to the terminal itself and bounds its own calls."""
        environ = {**self.environ, **(more or {})}
        return subprocess.run(
            [sys.executable, "-m", *argv],
            env=environ,
            check=False,
            text=True,
            capture_output=captured,
        )


def _title(number: int, what: str) -> None:
    _say(f"[{number}/{_STEPS}] {what}")


def _say(line: str) -> None:
    click.echo(line, err=True)


def _ask(question: str, choices: Sequence[str]) -> int:
    _say(question)
    for number, choice in enumerate(choices, 1):
        _say(f"  {number}  {choice}")
    chosen: int = click.prompt("Number", type=click.IntRange(1, len(choices)), err=True)
    return chosen - 1


@click.command("bootstrap")
@click.option("--environment", "where", default="", envvar="CONFLUENT_ENVIRONMENT", help="env-…")
@click.option("--cluster", default="", envvar="CONFLUENT_CLUSTER", help="lkc-…")
@click.option("--write-env", default=".env", help="The file that gets the keys.", show_default=True)
@click.option("--yes", is_flag=True, help="Apply the plan without asking.")
def command(*, where: str, cluster: str, write_env: str, yes: bool) -> int:
    """Go from a Confluent Cloud account to a cluster that takes events."""
    ask = _ask if sys.stdin.isatty() else None
    return Bootstrap(environment(), Path(write_env), yes, ask).run(where, cluster)


def main() -> None:
    """Run the command on its own; errors become one message and an exit code."""
    with signals_unwind():
        code = run(command, "infra/bootstrap", sys.argv[1:])
    sys.exit(code)


if __name__ == "__main__":
    main()
