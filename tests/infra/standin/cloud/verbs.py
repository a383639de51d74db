"""The one table: each verb, the flags the real one takes in each state of the login, the answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import access, account, topics
from .flags import kinds

if TYPE_CHECKING:
    from collections.abc import Callable

    from .call import Answer, Call

_CLUSTER = " kafka-endpoint cluster environment context"
_OUT = " output"
_REST = (
    " url certificate-authority-path client-cert-path client-key-path no-authentication:bool "
    "*prompt:bool"
)
_ACL = "principal topic consumer-group *transactional-id *cluster-scope:bool prefix:bool"
_CLOUD_ROLE = (
    "principal role environment *current-environment:bool *cloud-cluster *flink-region "
    "*kafka-cluster schema-registry-cluster *ksql-cluster resource" + _OUT
)
_PLATFORM_ROLE = (
    "principal role kafka-cluster schema-registry-cluster ksql-cluster connect-cluster "
    "cluster-name context resource" + _OUT
)
ONE, MANY = (1, 1), (1, 99)


@dataclass(frozen=True)
class Verb:
    """A command.

    `cloud` are its flags with a login to the cloud, `platform` those without; None where they are
    the same and it asks for a login. `*` marks those that nothing here acts on. `changes` is the
    kind of thing it changes. `needs` are the flags that it cannot do without.
    """

    answer: Callable[[Call], Answer]
    cloud: str = ""
    platform: str | None = None
    words: tuple[int, int] = (0, 0)
    needs: tuple[str, ...] = ()
    changes: str = ""
    anyone: bool = False

    def flags(self, *, logged_in: bool) -> dict[str, str]:
        return kinds(self.cloud if logged_in or self.platform is None else self.platform)


VERBS: dict[str, Verb] = {
    "version": Verb(account.version, anyone=True),
    "login": Verb(
        account.login,
        "*url organization no-browser:bool *prompt:bool *save:bool *certificate-authority-path",
        anyone=True,
    ),
    "logout": Verb(account.logout, anyone=True),
    "environment list": Verb(account.environments, "context" + _OUT),
    "kafka cluster list": Verb(
        account.clusters, "*all:bool environment context" + _OUT, "context" + _OUT
    ),
    "kafka cluster describe": Verb(
        account.cluster, "kafka-endpoint environment context" + _OUT, words=(0, 1)
    ),
    "schema-registry cluster describe": Verb(
        account.registry, "environment schema-registry-endpoint context" + _OUT
    ),
    "kafka broker list": Verb(topics.brokers, "context" + _OUT, _REST + _OUT),
    "kafka topic list": Verb(topics.list_all, _CLUSTER + _OUT, _REST + _OUT),
    "kafka topic describe": Verb(topics.describe, _CLUSTER + _OUT, _REST + _OUT, ONE),
    "kafka topic configuration list": Verb(topics.configs, _CLUSTER + _OUT, _REST + _OUT, ONE),
    "kafka topic create": Verb(
        topics.create,
        "partitions:uint32 config:strings *dry-run:bool *if-not-exists:bool" + _CLUSTER,
        "partitions:uint32 replication-factor:uint32 config:strings *if-not-exists:bool" + _REST,
        ONE,
        changes="topic",
    ),
    "kafka topic update": Verb(
        topics.update,
        "config:strings *dry-run:bool" + _CLUSTER + _OUT,
        "config:strings" + _REST + _OUT,
        ONE,
        needs=("config",),
        changes="topic",
    ),
    "kafka topic delete": Verb(
        topics.delete, "force:bool" + _CLUSTER, "force:bool" + _REST, MANY, changes="topic"
    ),
    "kafka acl create": Verb(
        access.create_acls,
        f"operations:strings allow:bool deny:bool service-account {_ACL}{_CLUSTER}{_OUT}",
        f"operation allow:bool deny:bool host {_ACL}{_REST}{_OUT}",
        needs=("operations",),
        changes="acl",
    ),
    "kafka acl list": Verb(
        access.list_acls,
        f"*all:bool service-account {_ACL}{_CLUSTER}{_OUT}",
        f"host {_ACL}{_REST}{_OUT}",
    ),
    "iam service-account create": Verb(
        access.create_account,
        "description *resource-owner context" + _OUT,
        words=ONE,
        needs=("description",),
        changes="account",
    ),
    "iam service-account list": Verb(access.list_accounts, "*display-name:strings context" + _OUT),
    "api-key create": Verb(
        access.create_key,
        "resource description service-account *cloud *region *use:bool context environment" + _OUT,
        needs=("resource",),
        changes="key",
    ),
    "api-key list": Verb(
        access.list_keys, "resource *current-user:bool environment service-account" + _OUT
    ),
    "api-key delete": Verb(access.delete_keys, "force:bool", words=MANY, changes="key"),
    "iam rbac role-binding create": Verb(
        access.bind_role,
        "prefix:bool " + _CLOUD_ROLE,
        "prefix:bool " + _PLATFORM_ROLE,
        needs=("role", "principal"),
        changes="role",
    ),
    "iam rbac role-binding list": Verb(
        access.list_roles,
        "*current-user:bool *inclusive:bool " + _CLOUD_ROLE,
        "inclusive:bool " + _PLATFORM_ROLE,
    ),
}


def split(argv: list[str]) -> tuple[str, list[str]]:
    """Find the longest verb at the start of the line; flags may not stand before it."""
    for length in range(min(4, len(argv)), 0, -1):
        name = " ".join(argv[:length])
        if name in VERBS:
            return name, argv[length:]
    return "", argv
