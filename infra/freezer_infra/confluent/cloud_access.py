"""Who may do what in Confluent Cloud: service accounts, ACLs, one registry role, API keys.

Everything is looked up before it is made, so a second run makes nothing. Making an API key is the
exception, there is no asking for a secret again, so that is only done when it is called for.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from freezer_events.errors import AccessError
from freezer_infra.confluent import faults
from freezer_infra.confluent.home import copied_home
from freezer_infra.confluent.shown import seen, until_shown
from freezer_infra.planner.target import PREFIXED, AlreadyThereError, Right

if TYPE_CHECKING:
    from collections.abc import Collection

    from freezer_infra.confluent.confluent_cli import ConfluentCli, Row

READER_ROLE = "DeveloperRead"
_ACL_FLAGS = {
    "TOPIC": "--topic",
    "GROUP": "--consumer-group",
    "TRANSACTIONAL_ID": "--transactional-id",
}


@dataclass(frozen=True)
class RegistryCluster:
    """The environment's Schema Registry: its id (`lsrc-…`) and address."""

    id: str
    url: str


@dataclass(frozen=True)
class Private:
    """Addresses of private networking; empty for the public ones.

    `kafka` is a REST endpoint, as `confluent kafka cluster endpoint list` shows them.
    """

    kafka: str = ""
    registry: str = ""


PUBLIC = Private()


@dataclass(frozen=True)
class ApiKey:
    """A new API key; the cloud shows its secret this once."""

    id: str
    secret: str = field(repr=False)


@dataclass(frozen=True)
class CloudAccess:
    """The access verbs for one cluster of one environment."""

    cli: ConfluentCli
    cluster: str
    environment: str
    private: Private = PUBLIC

    @property
    def scope(self) -> tuple[str, ...]:
        """The flags that name the cluster in every call about it."""
        through = ("--kafka-endpoint", self.private.kafka) if self.private.kafka else ()
        return ("--cluster", self.cluster, "--environment", self.environment, *through)

    def bootstrap_servers(self) -> str:
        """Read the cluster's address, as clients want it: `host:9092`.

        A private endpoint has one host for the REST API and for clients.
        """
        if self.private.kafka:
            return f"{urlsplit(self.private.kafka).hostname}:9092"
        doing = f"read the address of cluster {self.cluster}"
        argv = ("kafka", "cluster", "describe", self.cluster, "--environment", self.environment)
        return _text(doing, self.cli.row(doing, *argv), "endpoint").rpartition("://")[2]

    def registry(self) -> RegistryCluster:
        """Read the environment's registry.

        Raises:
            ConfigError: the environment has none.

        """
        doing = f"read the Schema Registry of environment {self.environment}"
        argv = ("schema-registry", "cluster", "describe", "--environment", self.environment)
        url = self.private.registry
        through = ("--schema-registry-endpoint", url) if url else ()
        row = self.cli.row(doing, *argv, *through)
        cluster = _text(doing, row, "cluster")
        return RegistryCluster(cluster, url or _text(doing, row, "endpoint_url"))

    def account(self, name: str) -> str | None:
        """Give the id (`sa-…`) of the service account of that name, if there is one."""
        doing = "list the service accounts"
        for row in self.cli.rows(doing, "iam", "service-account", "list"):
            if row.get("name") == name:
                return _text(doing, row, "id")
        return None

    def make_account(self, name: str, description: str) -> str:
        """Give the id of the service account of that name, made if need be."""
        doing = f"create service account '{name}'"
        argv = ("iam", "service-account", "create", "--description", description, "--", name)
        try:
            return self.account(name) or _text(doing, self.cli.row(doing, *argv), "id")
        except (AlreadyThereError, faults.OutcomeUnknownError):
            found = self.account(name)
            if found is None:
                raise
            return found

    def acls(self, account: str) -> set[Right]:
        """Read the account's rights on topics and groups."""
        doing = f"list the ACLs of {account}"
        argv = ("kafka", "acl", "list", "--service-account", account, *self.scope)
        names = ("operation", "resource_type", "resource_name", "pattern_type")
        return {
            Right(*(str(row[name]) for name in names))
            for row in self.cli.rows(doing, *argv)
            if row.get("permission") == "ALLOW"
        }

    def allow(self, account: str, wanted: Collection[Right]) -> None:
        """Grant what is missing and read it back; rights that are there already stay."""
        missing = set(wanted) - self.acls(account)
        for thing in sorted(
            {(right.resource_type, right.name, right.pattern) for right in missing}
        ):
            same = (r for r in missing if (r.resource_type, r.name, r.pattern) == thing)
            self._allow(account, sorted(same))
        until_shown(f"grant access to {account}", lambda: set(wanted) <= self.acls(account))

    def _allow(self, account: str, rights: list[Right]) -> None:
        """Grant several operations on one thing."""
        thing, operations = rights[0], [right.operation.lower() for right in rights]
        doing = f"allow {account} to {' and '.join(operations)} {thing.name}"
        flag = f"{_ACL_FLAGS[thing.resource_type]}={thing.name}"  # one word: it may begin with `-`
        what = ("--operations", ",".join(operations), flag, *_prefix(thing))
        argv = ("--allow", "--service-account", account, *what, *self.scope)
        try:
            self.cli.rows(doing, "kafka", "acl", "create", *argv)
        except faults.OutcomeUnknownError:
            if not seen(lambda: set(rights) <= self.acls(account)):
                raise

    def may_read_subject(self, account: str, registry: RegistryCluster, subject: Right) -> bool:
        """Tell whether the account has the reader's role on that subject, or on all so begun.

        The CLI lists a role on a prefix by the pattern that it is bound to: its source,
        internal/iam/command_rbac_role_binding.go.
        """
        doing = f"list the roles of {account}"
        pattern = f"{subject.name}*" if subject.pattern == PREFIXED else subject.name
        argv = ("iam", "rbac", "role-binding", "list", *self._role(account, registry, pattern))
        return any(
            row.get("role") == READER_ROLE
            and row.get("name") == subject.name
            and row.get("pattern_type") == subject.pattern
            for row in self.cli.rows(doing, *argv)
        )

    def let_read_subject(self, account: str, registry: RegistryCluster, subject: Right) -> None:
        """Give the account the reader's role there: all that a producer needs of a registry."""
        if self.may_read_subject(account, registry, subject):
            return
        doing = f"let {account} read subject '{subject.name}'"
        role = (*self._role(account, registry, subject.name), *_prefix(subject))
        try:
            self.cli.row(doing, "iam", "rbac", "role-binding", "create", *role)
        except AlreadyThereError:
            return
        except faults.OutcomeUnknownError:
            if not seen(lambda: self.may_read_subject(account, registry, subject)):
                raise
            return
        until_shown(doing, lambda: self.may_read_subject(account, registry, subject))

    def _role(self, account: str, registry: RegistryCluster, subject: str) -> tuple[str, ...]:
        return (
            *("--principal", f"User:{account}", "--role", READER_ROLE),
            *("--environment", self.environment, "--schema-registry-cluster", registry.id),
            *("--resource", f"Subject:{subject}"),
        )

    def new_key(self, resource: str, account: str | None = None) -> ApiKey:
        """Make an API key for a cluster or registry, of a service account or of who is logged in.

        It runs on a copy of the CLI's home: the CLI would store the secret in its configuration.

        Raises:
            EventError: also when a key may have been made whose secret nobody has seen.

        """
        owner = ("--service-account", account) if account else ()
        doing = f"create an API key for {resource}"
        argv = ("api-key", "create", "--resource", resource, *owner)
        scope = ("--environment", self.environment, "--description", "made by freezer's infra")
        with copied_home(Path(self.cli.environ["HOME"])) as home:
            try:
                row = self.cli.in_home(home).row(doing, *argv, *scope)
            except faults.OutcomeUnknownError as error:
                look = f"confluent api-key list --resource {resource} {' '.join(owner)}".strip()
                fix = f"{look}   (delete a key made just now: its secret is lost); then run again"
                raise faults.OutcomeUnknownError(doing, error.why, fix) from error
        return ApiKey(_text(doing, row, "api_key"), _text(doing, row, "api_secret"))

    def delete_key(self, key: str, resource: str, witness: str = "") -> None:
        """Delete an API key; one that is gone already is no error.

        The CLI says "not found" also of a key that this login may not see (its source,
        internal/api-key/command_delete.go), so that is believed only of a list that shows others.

        Args:
            key: the id.
            resource: what it opens: `lkc-…`, `lsrc-…`.
            witness: the id of a key of the same account and resource that is certainly there.

        Raises:
            AccessError: it may be there, and this login cannot see it.

        """
        doing = f"delete API key {key}"
        with copied_home(Path(self.cli.environ["HOME"])) as home:
            try:
                self.cli.in_home(home).run(doing, "api-key", "delete", key, "--force")
            except faults.NotThereError as error:
                known = self.keys(resource)
                if key not in known and (not witness or witness in known):
                    return
                why = f"{error.why}, which the CLI also says of a key that this login may not see"
                fix = f"as somebody who may: confluent api-key delete {key} --force"
                raise AccessError(doing, why, fix) from error

    def keys(self, resource: str) -> set[str]:
        """Read the ids of a resource's API keys, those that this login may see."""
        doing = f"list the API keys of {resource}"
        argv = ("api-key", "list", "--resource", resource, "--environment", self.environment)
        return {_text(doing, row, "key") for row in self.cli.rows(doing, *argv)}


def _prefix(right: Right) -> tuple[str, ...]:
    return ("--prefix",) if right.pattern == PREFIXED else ()


def _text(doing: str, row: Row, field_name: str) -> str:
    value = row.get(field_name)
    if not isinstance(value, str) or not value:
        raise faults.lacks(doing, field_name)
    return value
