"""Every verb the stand-in knows, with exactly the flags the real one takes in each login state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import access, account, topics
from .flags import Arguments, kinds

if TYPE_CHECKING:
    from collections.abc import Callable

    from .context import Context

_CLUSTER = " kafka-endpoint:string cluster:string environment:string context:string"
_OUTPUT = " output:string"
_REST = (
    " url:string certificate-authority-path:string client-cert-path:string "
    "client-key-path:string no-authentication:bool prompt:bool"
)
_SCOPE = (
    " principal:string role:string environment:string current-environment:bool "
    "cloud-cluster:string kafka-cluster:string schema-registry-cluster:string "
    "ksql-cluster:string resource:string" + _OUTPUT
)
_ACL = (
    "service-account:string principal:string topic:string consumer-group:string "
    "transactional-id:string cluster-scope:bool prefix:bool"
)


@dataclass(frozen=True)
class Verb:
    """A command: its flags when logged in to the cloud and otherwise, and what runs it.

    `platform` is None for what only the cloud has: it takes the same flags, then asks for a login.
    """

    run: Callable[[Context, Arguments], None]
    use: str
    cloud: str
    platform: str | None = None
    words: tuple[int, int] = (0, 0)
    required: tuple[str, ...] = ()
    mutates: bool = False
    anyone: bool = False

    def flags(self, *, logged_in: bool) -> dict[str, str]:
        return kinds(self.cloud if logged_in or self.platform is None else self.platform)


ONE = (1, 1)
MANY = (1, 99)
VERBS: dict[str, Verb] = {
    "version": Verb(account.version, "version", "", anyone=True),
    "login": Verb(
        account.login,
        "login",
        "url:string organization:string no-browser:bool prompt:bool save:bool "
        "certificate-authority-path:string",
        anyone=True,
    ),
    "logout": Verb(account.logout, "logout", "", anyone=True),
    "environment list": Verb(account.environments, "environment list", _OUTPUT),
    "kafka cluster list": Verb(
        account.clusters, "kafka cluster list", "all:bool environment:string" + _OUTPUT
    ),
    "kafka cluster describe": Verb(
        account.cluster,
        "kafka cluster describe [id]",
        "endpoint:string environment:string context:string" + _OUTPUT,
        words=(0, 1),
    ),
    "schema-registry cluster describe": Verb(
        account.registry,
        "schema-registry cluster describe",
        "environment:string schema-registry-endpoint:string context:string" + _OUTPUT,
    ),
    "kafka topic list": Verb(
        topics.list_all, "kafka topic list", _CLUSTER + _OUTPUT, _REST + _OUTPUT
    ),
    "kafka topic describe": Verb(
        topics.describe,
        "kafka topic describe <topic>",
        _CLUSTER + _OUTPUT,
        _REST + _OUTPUT,
        words=ONE,
    ),
    "kafka topic configuration list": Verb(
        topics.configuration,
        "kafka topic configuration list <topic>",
        _CLUSTER + _OUTPUT,
        _REST + _OUTPUT,
        words=ONE,
    ),
    "kafka topic create": Verb(
        topics.create,
        "kafka topic create <topic>",
        "partitions:uint32 config:strings dry-run:bool if-not-exists:bool" + _CLUSTER,
        "partitions:uint32 replication-factor:uint32 config:strings if-not-exists:bool" + _REST,
        words=ONE,
        mutates=True,
    ),
    "kafka topic update": Verb(
        topics.update,
        "kafka topic update <topic>",
        "config:strings dry-run:bool" + _CLUSTER + _OUTPUT,
        "config:strings" + _REST + _OUTPUT,
        words=ONE,
        required=("config",),
        mutates=True,
    ),
    "kafka topic delete": Verb(
        topics.delete,
        "kafka topic delete <topic-1> [topic-2] ... [topic-n]",
        "force:bool" + _CLUSTER,
        "force:bool" + _REST,
        words=MANY,
        mutates=True,
    ),
    "kafka acl create": Verb(
        access.create_acls,
        "kafka acl create",
        "operations:strings allow:bool deny:bool " + _ACL + _CLUSTER + _OUTPUT,
        required=("operations",),
        mutates=True,
    ),
    "kafka acl list": Verb(
        access.list_acls, "kafka acl list", "all:bool " + _ACL + _CLUSTER + _OUTPUT
    ),
    "iam service-account create": Verb(
        access.create_account,
        "iam service-account create <name>",
        "description:string resource-owner:string context:string" + _OUTPUT,
        words=ONE,
        required=("description",),
        mutates=True,
    ),
    "iam service-account list": Verb(
        access.list_accounts,
        "iam service-account list",
        "display-name:strings context:string" + _OUTPUT,
    ),
    "api-key create": Verb(
        access.create_key,
        "api-key create",
        "resource:string description:string service-account:string cloud:string region:string "
        "use:bool context:string environment:string" + _OUTPUT,
        required=("resource",),
        mutates=True,
    ),
    "api-key list": Verb(
        access.list_keys,
        "api-key list",
        "resource:string current-user:bool environment:string service-account:string" + _OUTPUT,
    ),
    "api-key delete": Verb(
        access.delete_key,
        "api-key delete <api-key-1> [api-key-2] ... [api-key-n]",
        "force:bool",
        words=MANY,
        mutates=True,
    ),
    "iam rbac role-binding create": Verb(
        access.bind_role,
        "iam rbac role-binding create",
        "prefix:bool" + _SCOPE,
        required=("role", "principal"),
        mutates=True,
    ),
    "iam rbac role-binding list": Verb(
        access.list_roles,
        "iam rbac role-binding list",
        "current-user:bool inclusive:bool" + _SCOPE,
    ),
}


def split(argv: list[str]) -> tuple[str, list[str]]:
    """Find the longest verb at the start of the line; flags may not stand before it."""
    for length in range(min(4, len(argv)), 0, -1):
        name = " ".join(argv[:length])
        if name in VERBS:
            return name, argv[length:]
    return "", argv
