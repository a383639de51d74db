"""What is wanted, as values: topics, and which service account may use them how."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal

from freezer_events.errors import UsageError
from freezer_events.kafka.positions import POSITIONS_TOPIC, TRANSACTIONS_PREFIX
from freezer_infra.planner.stage import ANYWHERE, Stage
from freezer_infra.planner.target import (
    GROUP,
    LITERAL,
    PREFIXED,
    SUBJECT,
    TOPIC,
    TRANSACTION,
    Client,
    Right,
    Topic,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freezer_infra.planner.schemas import Subject

Allow = Literal["produce", "consume"]
_WRITING: Final = ("WRITE", "DESCRIBE")
OPERATIONS: Final[Mapping[Allow, tuple[str, str]]] = {
    "produce": _WRITING,
    "consume": ("READ", "DESCRIBE"),
}


@dataclass(frozen=True, slots=True)
class Access:
    """One service account's right to use one topic.

    Attributes:
        account: the service account's name.
        allow: "produce" or "consume".
        topic: the topic's name.
        group: the consumer group; None for a producer.
        subject: the registry subject of the topic's events; None for a topic without an event.
        env_file: the file that is to get the account's key, where one is declared.
        prefix: what the names of the topics begin with, where it is about several; `topic` is one
            of them then.
        exactly_once: a producer's that delivers in transactions, from a spool.

    """

    account: str
    allow: Allow
    topic: str
    group: str | None = None
    subject: str | None = None
    env_file: str | None = None
    prefix: str | None = None
    exactly_once: bool = False

    def rights(self) -> frozenset[Right]:
        """Give the least that it takes: on literal names, unless a prefix is declared."""
        topic, pattern = (self.prefix, PREFIXED) if self.prefix else (self.topic, LITERAL)
        rights = {Right(operation, TOPIC, topic, pattern) for operation in OPERATIONS[self.allow]}
        if self.group is not None:
            rights.add(Right("READ", GROUP, self.group))
        if self.subject is not None:
            rights.add(Right("READ", SUBJECT, self.prefix or self.subject, pattern))
        if self.exactly_once:
            rights |= {Right(each, TOPIC, POSITIONS_TOPIC) for each in ("READ", *_WRITING)}
            rights |= {Right(each, TRANSACTION, TRANSACTIONS_PREFIX, PREFIXED) for each in _WRITING}
        return frozenset(rights)


@dataclass(frozen=True, slots=True)
class Desired:
    """All that is declared: topics in the order of their declaration, and access to them.

    Attributes:
        topics: the topics.
        access: who may use them.
        subjects: the schemas of their events, unless the declaration leaves them out.
        schemas_needed: whether the declaration asks for them, so that a plan without is an error.
        stage: the environment that this is for.
        notes: what of the declaration is left out, and why.

    """

    topics: tuple[Topic, ...]
    access: tuple[Access, ...] = ()
    subjects: tuple[Subject, ...] = ()
    stage: Stage = ANYWHERE
    schemas_needed: bool = False
    notes: tuple[str, ...] = ()

    def without_schemas(self, *notes: str) -> Desired:
        """Leave the schemas out, with a note that says why."""
        return replace(self, subjects=(), notes=(*self.notes, *notes))

    def rights(self) -> dict[str, frozenset[Right]]:
        """Give the rights of each service account, those of all its `[[access]]` together."""
        found: dict[str, frozenset[Right]] = {}
        for access in self.access:
            found[access.account] = found.get(access.account, frozenset()) | access.rights()
        return found

    def client(self, account: str | None = None) -> Client:
        """Give the service account whose key goes into `.env`.

        Args:
            account: its name; None for the first one that produces, else the first one.

        Raises:
            UsageError: there is none of that name, or none at all.

        """
        first = sorted(self.access, key=lambda access: access.allow != "produce")
        named = [access for access in first if account in {None, access.account}]
        if not named:
            there = ", ".join(dict.fromkeys(access.account for access in self.access)) or "none"
            raise UsageError(
                f"make a key for {account!r}" if account else "make a key",
                "infra/topics.toml has no such service account",
                f"service accounts there: {there}",
            )
        return Client(named[0].account, named[0].topic, named[0].subject)

    def key_files(self) -> dict[str, str]:
        """Give the account whose key is declared to go into each file."""
        return {access.env_file: access.account for access in self.access if access.env_file}
