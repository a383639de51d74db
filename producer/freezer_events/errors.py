"""All errors that users can meet, as one tree; each class has one exit code.

    EventError                   1   not everything was delivered or applied
    ├── NotDelivered             1   some events are not on the topic
    ├── UsageError               2   the command line asks for something impossible
    ├── ConfigError              3   a setting is missing or malformed
    ├── AccessError              4   authentication or authorization
    ├── SchemaError              5   a schema is wrong, missing or incompatible
    │   └── InvalidEvent         5   a value does not fit its event
    └── UnreachableError         6   broker, registry or CLI out of reach; trying again may help

A message has four parts: what was being done, to what, why it failed, what to do next. The first
two are `doing`, the others `why` and `fix`. Secrets never enter any of them.
"""

from __future__ import annotations

from typing import ClassVar


class EventError(Exception):
    """Base class of every error that this package raises deliberately.

    Args:
        doing: what was being done and to what, as a verb phrase ("produce to topic 'x'").
        why: the cause, as one sentence without a final full stop.
        fix: what to do next, ideally a command to type; empty if there is no good advice.

    """

    exit_code: ClassVar[int] = 1

    def __init__(self, doing: str, why: str, fix: str = "") -> None:
        super().__init__(doing, why, fix)
        self.doing = doing
        self.why = why
        self.fix = fix

    def __str__(self) -> str:
        """Give the cause line, then the next step on a line of its own."""
        head = f"{self.doing}: {self.why}" if self.doing else self.why
        return f"{head}\n  next: {self.fix}" if self.fix else head


class NotDelivered(EventError):  # noqa: N818 - it names the state, as a user says it
    """Some of the events that were sent may not be on the topic."""

    exit_code = 1


class UsageError(EventError):
    """The command line or call asks for something impossible."""

    exit_code = 2


class ConfigError(EventError):
    """A setting is missing, malformed or contradicts another."""

    exit_code = 3


class AccessError(EventError):
    """The cluster or the registry refused the login, or denied permission."""

    exit_code = 4


class SchemaError(EventError):
    """A schema is not valid, not registered, or not compatible."""

    exit_code = 5


class InvalidEvent(SchemaError):  # noqa: N818 - it names the thing
    """A value does not fit its event: `doing` says where it is, `why` names field and value.

    Attributes:
        rule: the name of the schema's rule that the value breaks; empty where it is another reason.

    """

    exit_code = 5
    rule: str = ""


class UnreachableError(EventError):
    """A broker, a registry or a CLI did not answer in time."""

    exit_code = 6
