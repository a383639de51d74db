"""How the Confluent CLI fails, as errors that say what to type next. Pure: text in, error out.

Every failure of the CLI is exit code 1 and a line `Error: …` on standard error, so the text is all
there is to tell them apart. The texts are those of Confluent CLI 4.x.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from freezer_events.errors import AccessError, ConfigError, EventError, UnreachableError
from freezer_infra.planner.target import AlreadyThereError


class NotThereError(EventError):
    """What was asked about does not exist."""


class OutcomeUnknownError(UnreachableError):
    """The CLI failed in a way that says nothing about whether the change was made: read it back."""


@dataclass(frozen=True)
class Failure:
    """One failed run.

    Attributes:
        doing: what it was for.
        code: its exit code; negative: the signal that ended it.
        error: its standard error.
        command: what to type to see it again.
        login: the file in which the CLI keeps its login.
        logged_in: whether somebody is logged in to the cloud; None where nobody has looked.

    """

    doing: str
    code: int
    error: str
    command: str = ""
    login: str = "~/.confluent/config.json"
    logged_in: bool | None = None

    @property
    def is_unknown_call(self) -> bool:
        """Tell whether the CLI does not know the call: an old one, or one without a login.

        Its flags depend on the login; for an unknown verb it prints its help and ends with 0.
        """
        return bool(re.search(_UNKNOWN, self.error))

    @property
    def message(self) -> str:
        """The CLI's own sentence: the `Error:` line without its usage and suggestions."""
        lines = [line for line in self.error.splitlines() if line.startswith("Error: ")]
        return lines[0].removeprefix("Error: ").rstrip(". ") if lines else self.error.strip()[:300]

    @property
    def suggestion(self) -> str:
        """The CLI's own advice, on one line; empty where it gives none."""
        _, found, after = self.error.partition("Suggestions:\n")
        return (
            " ".join(line.strip() for line in after.splitlines() if line.strip()) if found else ""
        )


Make = Callable[[Failure, str, str], EventError]
_UNKNOWN = r"unknown flag|unknown shorthand flag|unknown command|\A(?!Error: )\s*\S[^\n]*\n+Usage:"


@dataclass(frozen=True)
class _Rule:
    pattern: str
    make: Make
    why: str
    fix: str


def _of(kind: type[EventError]) -> Make:
    return lambda failure, why, fix: kind(failure.doing, why, fix)


_AGAIN = "run the same command again: what is done already is left alone"
_ROLES = (
    "ask an administrator of the organization for the role CloudClusterAdmin on this cluster; "
    "`confluent iam rbac role-binding list --current-user --inclusive` shows what you have"
)
# The first rule that matches wins: "not found or access forbidden" is about a wrong id.
_RULES = (
    _Rule(
        r"you must log in|^not logged in|no credentials found|Kafka REST URL not found"
        r"|No session token found",
        _of(AccessError),
        "the Confluent CLI is not logged in",
        "confluent login   (or set CONFLUENT_CLOUD_EMAIL and CONFLUENT_CLOUD_PASSWORD)",
    ),
    _Rule(
        r"expired token|session has timed out|corrupted auth token|\b401\b|(^|: )Unauthorized$",
        _of(AccessError),
        "the Confluent CLI's login has expired or is not accepted: {message}",
        "confluent login",
    ),
    _Rule(
        r"incorrect email, password",
        _of(AccessError),
        "Confluent Cloud did not accept the login; the CLI says the same when the service is busy "
        "or down",
        "see https://status.confluent.cloud, then check CONFLUENT_CLOUD_EMAIL and "
        "CONFLUENT_CLOUD_PASSWORD; an account that signs in with SSO needs `confluent login` by a "
        "person",
    ),
    _Rule(
        r"unable to read configuration file|corrupted CLI config|config\.json is corrupted"
        r"|cipher: message authentication failed",
        _of(ConfigError),
        "the Confluent CLI's login in {login} is damaged, as after two runs at once: {message}",
        "confluent logout, then confluent login   (if that fails too, move {login} away first)",
    ),
    _Rule(
        r"giving up after \d+ attempt|Too Many Requests|rate limit",
        _of(OutcomeUnknownError),
        "the service failed or was too busy each time the CLI tried: {message}",
        "wait a minute, see https://status.confluent.cloud, then " + _AGAIN,
    ),
    _Rule(
        r"no Kafka cluster selected|missing required prefix",
        _of(ConfigError),
        "{message}",
        "confluent kafka cluster list --all   (then pass --cluster lkc-… or set CONFLUENT_CLUSTER)",
    ),
    _Rule(
        r'Kafka cluster "[^"]*" (is )?(not found|still provisioning)|resource "[^"]*" not found',
        _of(ConfigError),
        "{message}",
        "confluent kafka cluster list --all   (the cluster must be in the environment named)",
    ),
    _Rule(
        r"Schema Registry not enabled",
        _of(ConfigError),
        "the environment has no Schema Registry yet",
        "open the environment once at https://confluent.cloud, choose Stream Governance, and "
        "run the same command again",
    ),
    _Rule(r"already exists|already in use", _of(AlreadyThereError), "{message}", ""),
    _Rule(
        r"unknown topic|does not exist|API key \"[^\"]*\" not found|does not host this topic",
        _of(NotThereError),
        "{message}",
        "",
    ),
    _Rule(
        r"retry failed due to timeout",
        _of(OutcomeUnknownError),
        "the Confluent CLI gave up waiting, which it also does when the change was made",
        _AGAIN,
    ),
    _Rule(
        r"\b403\b|[Ff]orbidden|[Aa]uthorization failed|is unauthorized to|not authorized",
        _of(AccessError),
        "this login may not do that: {message}",
        _ROLES,
    ),
    _Rule(
        r"dial tcp|no such host|connection refused|connection reset|i/o timeout|deadline exceeded"
        r"|TLS handshake|network is unreachable|unable to establish|: EOF|x509"
        r"|\b50[234]\b|internal server error",
        _of(OutcomeUnknownError),
        "the service could not be reached: {message}",
        "check the network, a proxy (HTTPS_PROXY) and https://status.confluent.cloud, then "
        + _AGAIN,
    ),
    _Rule(
        r"partitions will exceed",
        _of(EventError),
        "{message}",
        "ask for fewer partitions in event.toml, or expand the cluster",
    ),
)


def explain(failure: Failure) -> EventError:
    """Turn a failed run into an error of the right class, with the next command to type."""
    if failure.code < 0:
        why = f"the Confluent CLI was ended by signal {-failure.code} before it answered"
        return OutcomeUnknownError(failure.doing, why, _AGAIN)
    if failure.is_unknown_call:
        return _unknown_call(failure)
    for rule in _RULES:
        if re.search(rule.pattern, failure.message, re.MULTILINE):
            told = {"message": failure.message, "login": failure.login}
            return rule.make(failure, rule.why.format(**told), rule.fix.format(**told))
    why = failure.message or f"the Confluent CLI ended with code {failure.code} and said nothing"
    by_hand = f"by hand: {failure.command}" if failure.command else ""
    return EventError(failure.doing, why, "   ".join(filter(None, [failure.suggestion, by_hand])))


def _unknown_call(failure: Failure) -> EventError:
    """Tell an old CLI from one without a login, which has fewer flags."""
    login = "confluent login   (or set CONFLUENT_CLOUD_EMAIL and CONFLUENT_CLOUD_PASSWORD)"
    if failure.logged_in is False:
        why = "the Confluent CLI is not logged in to Confluent Cloud"
        return AccessError(failure.doing, why, login)
    said = failure.message if "Error: " in failure.error else "it printed its help"
    why = f"this version of the Confluent CLI does not know the call: {said}"
    if failure.logged_in is None:
        why += "; or it is not logged in, which takes flags away"
        return ConfigError(failure.doing, why, f"confluent update, or {login}")
    by_hand = f"   by hand: {failure.command}" if failure.command else ""
    return ConfigError(failure.doing, why, "confluent update" + by_hand)


def timed_out(doing: str, after_s: float) -> EventError:
    """Give the error of a call that was cut because it did not answer."""
    why = f"the Confluent CLI did not answer within {after_s:g} s and was stopped"
    return OutcomeUnknownError(
        doing, why, "check the network; https://status.confluent.cloud; then " + _AGAIN
    )


def cut_short(doing: str, output: str, command: str = "") -> EventError:
    """Give the error of an answer that is no complete JSON."""
    by_hand = f"   by hand: {command}" if command else ""
    if not output.strip():
        why = "the Confluent CLI answered nothing where JSON was asked for"
    else:
        why = f"the Confluent CLI's JSON is cut short or damaged after {len(output)} characters"
    return OutcomeUnknownError(doing, why, _AGAIN + by_hand)


def lacks(doing: str, field: str) -> EventError:
    """Give the error of an answer without a field that is needed."""
    why = f"the Confluent CLI's answer has no usable '{field}'"
    return EventError(doing, why, "confluent update   (4.x is understood here)")
