"""A real Kafka and registry for every test here, and what tests need made on them.

By default the local stack, started if it does not answer. `KAFKA_BOOTSTRAP` and
`SCHEMA_REGISTRY_URL` point at a cluster that runs already; its SASL_SSL listener is named by
`KAFKA_SASL_BOOTSTRAP`, `KAFKA_CA`, `KAFKA_ADMIN_USER`, `KAFKA_ADMIN_PASSWORD`,
`KAFKA_FREEZER_USER` and `KAFKA_FREEZER_PASSWORD` (a user without ACLs). Where there is no Kafka to
be had, tests fail with the reason; none is skipped.
"""

from __future__ import annotations

import os
import sys
import time
import uuid
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests

# The package exports these without saying so to type checkers.
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import (  # type: ignore[attr-defined]
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialAlteration,
    UserScramCredentialDeletion,
    UserScramCredentialUpsertion,
)
from confluent_kafka.cimpl import NewTopic

# infra is no part of the installed package, so it is found from here.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from freezer_events.config import Settings
from freezer_events.errors import EventError
from freezer_events.events import FreezerReading
from freezer_events.kafka.positions import POSITIONS_TOPIC
from freezer_events.registry.client import Registry
from freezer_infra.admin.admin_target import AdminTarget, connect
from freezer_infra.local import certificates
from freezer_infra.local.stack import Login, Stack, answers
from tests import stack as test_stack
from tests.support.acls import remove_acls
from tests.support.cli import Freezer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Future

_ADMIN_WITHIN_S = 15.0
_VISIBLE_WITHIN_S = 15.0
_POLL_S = 0.02


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let a test's time begin with the test: the stack before it may have to be built first."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(180, func_only=True))


@pytest.fixture(scope="session")
def stack() -> Stack:
    """Give the running Kafka and registry; the reason for none fails the test."""
    if "KAFKA_BOOTSTRAP" in os.environ:
        return _named_by_the_environment()
    try:
        return test_stack.up(_say)
    except EventError as error:
        pytest.fail(f"no Kafka for the container tests: {error}", pytrace=False)


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


def _named_by_the_environment() -> Stack:
    given = Stack(
        bootstrap=os.environ["KAFKA_BOOTSTRAP"],
        registry_url=os.environ.get("SCHEMA_REGISTRY_URL", "http://localhost:8081"),
        sasl_bootstrap=os.environ.get("KAFKA_SASL_BOOTSTRAP", ""),
        ca_path=os.environ.get("KAFKA_CA", ""),
        admin_user=os.environ.get("KAFKA_ADMIN_USER", ""),
        admin_password=os.environ.get("KAFKA_ADMIN_PASSWORD", ""),
        freezer_user=os.environ.get("KAFKA_FREEZER_USER", ""),
        freezer_password=os.environ.get("KAFKA_FREEZER_PASSWORD", ""),
    )
    if (reason := answers(given)) is not None:
        pytest.fail(f"the cluster that KAFKA_BOOTSTRAP names: {reason}", pytrace=False)
    return given


@pytest.fixture(scope="session")
def secured(stack: Stack) -> Stack:
    """Give the stack for a test that logs in over SASL_SSL."""
    if not stack.sasl_bootstrap:
        pytest.fail("set KAFKA_SASL_BOOTSTRAP and what goes with it (conftest.py)", pytrace=False)
    return stack


@pytest.fixture(scope="session")
def admin(stack: Stack) -> AdminClient:
    """Give an AdminClient on PLAINTEXT, where everything is allowed."""
    return AdminClient({**stack.plaintext(), "log_level": 0})


@pytest.fixture
def make_topic(admin: AdminClient) -> Iterator[Callable[..., str]]:
    """Give a function that creates a topic with a name of its own: `make_topic(partitions=3)`."""
    made: list[str] = []

    def make(partitions: int = 3) -> str:
        name = f"test-{uuid.uuid4().hex[:12]}"
        admin.create_topics([NewTopic(name, partitions, 1)])[name].result(_ADMIN_WITHIN_S)
        made.append(name)
        _wait_for(f"topic {name}", lambda: _has_leaders(admin, name, partitions))
        return name

    yield make
    if made:
        for done in admin.delete_topics(made).values():
            _there_or_gone(done)


@pytest.fixture
def new_topic(admin: AdminClient) -> Iterator[Callable[[], str]]:
    """Give a function that names topics that are not there; if made later, they are deleted."""
    names: list[str] = []

    def name() -> str:
        names.append(f"test-{uuid.uuid4().hex[:12]}")
        return names[-1]

    yield name
    made = [name for name in names if name in admin.list_topics(timeout=_ADMIN_WITHIN_S).topics]
    if made:
        for done in admin.delete_topics(made).values():
            done.result(_ADMIN_WITHIN_S)


@pytest.fixture
def name(new_topic: Callable[[], str]) -> str:
    """Give the name of one topic that is not there."""
    return new_topic()


@pytest.fixture
def target(stack: Stack) -> AdminTarget:
    """Give the local stack as provisioning sees it, through the Admin API."""
    return connect(Settings(bootstrap_servers=stack.bootstrap), stack, print)


@pytest.fixture
def account(secured: Stack, admin: AdminClient) -> Iterator[str]:
    """Give the name of a user that is not there; it and its ACLs are deleted later."""
    assert secured.sasl_bootstrap
    user = f"test-{uuid.uuid4().hex[:12]}"
    yield user
    gone: list[UserScramCredentialAlteration] = [
        UserScramCredentialDeletion(user, ScramMechanism.SCRAM_SHA_512)
    ]
    admin.alter_user_scram_credentials(gone)[user].exception(
        _ADMIN_WITHIN_S
    )  # it may never have been
    remove_acls(admin, [user])


@pytest.fixture
def topic(make_topic: Callable[..., str]) -> str:
    """Give the name of a new topic with three partitions."""
    return make_topic()


@pytest.fixture
def forget_subject(stack: Stack) -> Iterator[Callable[[str], None]]:
    """Give a function that names a subject; what is registered under it is deleted later."""
    names: list[str] = []
    yield names.append
    for name in names:
        _forget(stack, name)


@pytest.fixture
def subject(forget_subject: Callable[[str], None]) -> str:
    """Give the name of a subject that nobody uses; what is registered under it is deleted."""
    name = f"test-{uuid.uuid4().hex[:12]}-value"
    forget_subject(name)
    return name


@pytest.fixture
def freezer(stack: Stack, topic: str, tmp_path: Path) -> Iterator[Freezer]:
    """Give `freezer` for a new topic whose schema is registered."""
    run = Freezer(
        tmp_path,
        {
            "BOOTSTRAP_SERVERS": stack.bootstrap,
            "SCHEMA_REGISTRY_URL": stack.registry_url,
            "TOPIC": topic,
        },
    )
    settings = Settings(schema_registry_url=stack.registry_url)
    with Registry.connect(settings) as registry:
        registry.register(f"{topic}-value", FreezerReading.__event__.schema)
    yield run
    _forget(stack, f"{topic}-value")


@pytest.fixture
def secure(freezer: Freezer, secured: Stack) -> Callable[..., Freezer]:
    """Give a function that makes `freezer` log in: `secure(login)`, `secure(login, mechanism)`."""

    def make(login: Login, mechanism: str = "PLAIN") -> Freezer:
        return freezer.having(
            BOOTSTRAP_SERVERS=secured.sasl_bootstrap,
            SASL_USERNAME=login.user,
            SASL_PASSWORD=login.password,
            SASL_MECHANISM=mechanism,
            SSL_CA_LOCATION=secured.ca_path,
        )

    return make


@pytest.fixture
def grant(admin: AdminClient) -> Iterator[Callable[..., None]]:
    """Give a function that lets a user write to one topic: `grant("freezer", topic)`.

    It takes the operations to allow as further arguments: `grant(user, topic, AclOperation.READ)`.
    """
    made: list[AclBindingFilter] = []

    def allow(user: str, topic: str, *operations: AclOperation) -> None:
        for operation in operations or (AclOperation.WRITE, AclOperation.DESCRIBE):
            what = (
                ResourceType.TOPIC,
                topic,
                ResourcePatternType.LITERAL,
                f"User:{user}",
                "*",
                operation,
                AclPermissionType.ALLOW,
            )
            binding, same = AclBinding(*what), AclBindingFilter(*what)
            admin.create_acls([binding])[binding].result(_ADMIN_WITHIN_S)
            made.append(same)
            _wait_for(f"{binding}", partial(_has_acl, admin, same))

    yield allow
    if made:
        for done in admin.delete_acls(made).values():
            done.result(_ADMIN_WITHIN_S)


@pytest.fixture
def make_scram_user(admin: AdminClient) -> Iterator[Callable[[], Login]]:
    """Give a function that makes a user who logs in with SCRAM-SHA-512 and has no ACL."""
    made: list[str] = []

    def make() -> Login:
        login = Login(f"test-{uuid.uuid4().hex[:12]}", certificates.password())
        new = UserScramCredentialUpsertion(
            login.user,
            ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 4096),
            login.password.encode(),
        )
        admin.alter_user_scram_credentials([new])[login.user].result(_ADMIN_WITHIN_S)
        made.append(login.user)
        _wait_for(f"user {login.user}", lambda: _has_user(admin, login.user))
        return login

    yield make
    gone: list[UserScramCredentialAlteration] = [
        UserScramCredentialDeletion(user, ScramMechanism.SCRAM_SHA_512) for user in made
    ]
    if gone:
        for done in admin.alter_user_scram_credentials(gone).values():
            done.result(_ADMIN_WITHIN_S)


def _forget(stack: Stack, subject: str) -> None:
    with requests.Session() as session:
        session.trust_env = False
        for query in ("", "?permanent=true"):
            url = f"{stack.registry_url}/subjects/{subject}{query}"
            session.delete(url, timeout=_ADMIN_WITHIN_S)


def _there_or_gone(deleted: Future[None]) -> None:
    """Wait for the deletion of a topic that a test may have deleted itself."""
    try:
        deleted.result(_ADMIN_WITHIN_S)
    except KafkaException as error:
        if error.args[0].code() != KafkaError.UNKNOWN_TOPIC_OR_PART:
            raise


def _wait_for(what: str, there: Callable[[], bool]) -> None:
    # The controller answers before every broker has heard of it.
    deadline = time.monotonic() + _VISIBLE_WITHIN_S
    while not there():
        assert time.monotonic() < deadline, f"{what} was made but the broker does not show it"
        time.sleep(_POLL_S)


def _has_leaders(admin: AdminClient, name: str, partitions: int) -> bool:
    found = admin.list_topics(name, timeout=_ADMIN_WITHIN_S).topics[name].partitions
    return len(found) == partitions and all(p.leader >= 0 for p in found.values())


def _has_acl(admin: AdminClient, binding: AclBindingFilter) -> bool:
    return bool(admin.describe_acls(binding).result(_ADMIN_WITHIN_S))


def _has_user(admin: AdminClient, user: str) -> bool:
    described = admin.describe_user_scram_credentials([user])
    assert isinstance(described, dict)  # it is a single future only when no user is named
    return described[user].exception(_ADMIN_WITHIN_S) is None


@pytest.fixture(scope="session")
def positions(admin: AdminClient) -> None:
    """Make sure that there is the topic of positions; it belongs to the stack, and stays."""
    new = NewTopic(POSITIONS_TOPIC, 1, 1, config={"cleanup.policy": "compact"})
    error = admin.create_topics([new])[POSITIONS_TOPIC].exception(30)
    if isinstance(error, KafkaException):
        assert error.args[0].code() == KafkaError.TOPIC_ALREADY_EXISTS
