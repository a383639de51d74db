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


class NotModelled(Exception):  # noqa: N818 - it says what happened
    """The real CLI knows the call, the stand-in does not: the test must not rely on it."""


NOT_LOGGED_IN = CliError(
    "you must log in to Confluent Cloud with a username and password to use this command",
    "Log in with `confluent login`.",
    "If you need a Confluent Cloud account, sign up with `confluent cloud-signup`.",
)
NO_CLUSTER = CliError(
    "no Kafka cluster selected",
    "You must pass `--cluster` with the command or set an active Kafka cluster in your context "
    "with `confluent kafka cluster use`.",
)
NO_REST_URL = CliError(
    "Kafka REST URL not found", "Use the `--url` flag or set `CONFLUENT_REST_URL`."
)
LIMIT = "Adding the requested number of partitions will exceed 9000 total partitions."


def refused(reason: str) -> CliError:
    """Give the error of the cluster's REST API; there is no code in its text."""
    return CliError(f"REST request failed: {reason}")


def no_topic(name: str, *, on_platform: bool) -> CliError:
    gone = "This server does not host this topic-partition."
    return refused(gone) if on_platform else CliError(f'unknown topic "{name}"')


def cluster_not_found(cluster: str) -> CliError:
    if not cluster.startswith("lkc-"):
        return CliError(f'Kafka cluster "{cluster}" is missing required prefix "lkc-"')
    return CliError(
        f'Kafka cluster "{cluster}" not found or access forbidden',
        "Ensure the cluster ID you entered is valid.",
    )
