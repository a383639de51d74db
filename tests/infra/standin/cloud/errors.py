"""How the CLI fails: a message, suggestions, and sometimes the usage; always exit code 1."""

from __future__ import annotations


class CliError(Exception):
    """`Error: message`, then `Suggestions:` when there are any; both on standard error."""

    def __init__(self, message: str, *suggestions: str) -> None:
        super().__init__(message)
        self.message = message
        self.suggestions = suggestions


class UsageFailure(CliError):  # noqa: N818 - named as cobra names it
    """A wrong command line: the usage follows the error."""


class BrokerRefused(CliError):  # noqa: N818 - it says what happened
    """The cluster's REST API answered with an error."""

    def __init__(self, reason: str, code: int = 40002) -> None:
        super().__init__(f"REST request failed: {reason} ({code})")
        self.reason = reason


NOT_LOGGED_IN = CliError(
    "you must log in to Confluent Cloud with a username and password to use this command",
    "Log in with `confluent login`.",
    "If you need a Confluent Cloud account, sign up with `confluent cloud-signup`.",
)
EXPIRED = CliError(
    "expired token",
    "Your session has timed out, you need to log in again.",
    "To avoid session timeouts, non-SSO users can save their credentials with "
    "`confluent login --save`.",
)
NO_CLUSTER = CliError(
    "no Kafka cluster selected",
    "You must pass `--cluster` with the command or set an active Kafka cluster in your context "
    "with `confluent kafka cluster use`.",
)
NO_REST_URL = CliError(
    "Kafka REST URL not found",
    "Use the `--url` flag or set `CONFLUENT_REST_URL`.",
)


def unknown_topic(name: str) -> CliError:
    return CliError(f'unknown topic "{name}"')


def cluster_not_found(cluster: str) -> CliError:
    return CliError(
        f'Kafka cluster "{cluster}" not found or access forbidden',
        "Ensure the cluster ID you entered is valid.",
        "Ensure the cluster you are specifying belongs to the currently selected environment with "
        "`confluent kafka cluster list`, `confluent environment list`, and "
        "`confluent environment use`.",
    )
