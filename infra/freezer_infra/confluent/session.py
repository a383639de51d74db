"""Who the Confluent CLI is logged in as: a person's own login, or credentials of the environment.

A person's login is used and left as it was: nothing here ever runs `use`, and what would write into
its configuration runs on a copy. Credentials in the environment are used in a private home.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from freezer_events.config.file_lock import WAIT_S, held
from freezer_events.errors import AccessError, EventError, UnreachableError
from freezer_infra.confluent.confluent_cli import ConfluentCli, find
from freezer_infra.confluent.home import private_home

Say = Callable[[str], None]
_CREDENTIALS = ("CONFLUENT_CLOUD_EMAIL", "CONFLUENT_CLOUD_PASSWORD")


def environment() -> dict[str, str]:
    """Give the process's environment: the only place where it is read for the Confluent CLI."""
    return dict(os.environ)


@contextmanager
def only_cli(say: Say, wait_s: float = WAIT_S) -> Iterator[None]:
    """Be the only one to run the Confluent CLI: two runs at once damage its configuration.

    Raises:
        UnreachableError: another run still uses it after `wait_s` seconds.

    """
    refusal = UnreachableError(
        "use the Confluent CLI",
        f"another run of `freezer topics` has been using it for {wait_s:g} s",
        "wait until it has ended, then run the same command again",
    )
    waiting = "another run is using the Confluent CLI; waiting for it to end"
    with held("confluent", lambda: say(waiting), refusal, wait_s):
        yield


@contextmanager
def cloud_session(environ: Mapping[str, str], say: Say) -> Iterator[ConfluentCli]:
    """Give a CLI that is logged in to Confluent Cloud, alone on this machine until the end.

    Raises:
        EventError: no CLI, too old, not logged in, login expired or refused, service unreachable.

    """
    with only_cli(say):
        cli = find(environ)
        if not all(environ.get(name) for name in _CREDENTIALS):
            cli.rows("check the login at Confluent Cloud", "environment", "list")
            yield cli
            return
        with private_home() as home:
            own = cli.in_home(home)
            _log_in(own, environ, say)
            yield own


def _log_in(cli: ConfluentCli, environ: Mapping[str, str], say: Say) -> None:
    organization = environ.get("CONFLUENT_CLOUD_ORGANIZATION_ID", "")
    choice = ["--organization", organization] if organization else []
    cli.run("log in to Confluent Cloud", "login", "--no-browser", *choice)
    say(f"logged in to Confluent Cloud as {environ[_CREDENTIALS[0]]}, for this run only")


def log_in_at_terminal(environ: Mapping[str, str], say: Say) -> None:
    """Let a person log in: the CLI asks at this terminal, or opens a browser, and keeps the login.

    Raises:
        AccessError: the person did not log in.

    """
    with only_cli(say):
        cli = find(environ)
        code = subprocess.run([cli.executable, "login"], env=dict(environ), check=False).returncode
    if code != 0:
        raise AccessError(
            "log in to Confluent Cloud", "`confluent login` failed", "confluent login"
        )


@contextmanager
def platform_session(
    environ: Mapping[str, str], url: str, say: Say
) -> Iterator[tuple[ConfluentCli, tuple[str, ...]]]:
    """Give a CLI for the REST API of a Confluent Platform at `url`, and the flags that name it.

    A login to Confluent Platform is used where there is one. A login to Confluent Cloud makes the
    CLI reject `--url`; then, and without any login, it runs unauthenticated in an empty home.
    """
    named = ("--url", url)
    with only_cli(say):
        cli = find(environ)
        if _answers(cli, named):
            yield cli, named
            return
        with private_home() as home:
            yield cli.in_home(home), (*named, "--no-authentication")


def _answers(cli: ConfluentCli, named: tuple[str, ...]) -> bool:
    try:
        cli.rows("try the login at Confluent Platform", "kafka", "topic", "list", *named)
    except EventError:
        return False
    return True
